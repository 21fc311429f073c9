"""Running the CUDA sample's step on display, and leaving nothing behind."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ackgpu.app import App
from ackgpu.commands.running import on_display
from ackgpu.engine.apply import Apply
from ackgpu.engine.events import Event, Listener, StepOutput, Verb, Warned
from ackgpu.engine.run import Run
from ackgpu.engine.step import Step
from ackgpu.render.verdicts import SampleRow
from ackgpu.steps.cuda_sample import CudaSampleStep
from ackgpu.steps.manifests import OWNER, OWNER_LABEL
from ackgpu.steps.sample_trial import SampleOutcome


@dataclass
class Heard:
    """What programs print in other threads, until the engine's thread shows it.

    Events are told to renderers from one thread alone.
    """

    pieces: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    rest: str = ""

    def hear(self, piece: str) -> None:
        """Take a piece of output."""
        self.pieces.put(piece)

    def lines(self, *, ended: bool = False) -> str:
        """The whole lines so far, without those taken before; ``ended``: the last one too."""
        while True:
            try:
                self.rest += self.pieces.get_nowait()
            except queue.Empty:
                break
        whole, newline, rest = self.rest.rpartition("\n")
        if ended and rest:
            whole, newline, rest = self.rest, "", ""
        self.rest = rest
        return whole + newline


@dataclass(frozen=True)
class Sampling:
    """How a sample's run is shown: as what, of what, and whether its output is heard."""

    verb: Verb
    subject: str
    headline: str
    heard: Heard = field(default_factory=Heard)


def carry_out(app: App, step: CudaSampleStep, how: Sampling) -> Exception | None:
    """Run the step to its end, and clean up whatever happens. The step holds the outcomes.

    Returns what ended the run before every trial was over.
    """
    go_on = (
        f"What ackgpu made may still be there: kubectl delete deployment -l {OWNER_LABEL}={OWNER}"
    )
    with on_display(
        app,
        app.reading(),
        verb=how.verb,
        subject=how.subject,
        headline=how.headline,
        steps=[step],
        go_on=go_on,
    ) as shown:
        try:
            told = replace(shown.run, listen=_with_output(shown.run, step, how.heard))
            outcome = Apply([step], told).run()
        finally:
            put_away(shown.run, [step])
        shown.finish(outcome)
    return None if step.finished else outcome.error


def put_away(run: Run, steps: Sequence[Step[Any]]) -> None:
    """Delete what samples still have in the cluster, and warn of what could not be deleted."""
    for step in steps:
        for left in step.clean_up() if isinstance(step, CudaSampleStep) else ():
            run.emit(Warned, message=left)


def sample_row(outcome: SampleOutcome) -> SampleRow:
    """What the trial saw, for people and machines."""
    return SampleRow(
        gpu=outcome.gpu,
        memory="" if outcome.memory_mib is None else f"{outcome.memory_mib} MiB",
        driver=outcome.driver,
        cuda=outcome.cuda,
        toolkit=outcome.toolkit,
        license=outcome.license,
        program=outcome.program,
        output=outcome.output,
    )


def _with_output(run: Run, step: CudaSampleStep, heard: Heard) -> Listener:
    def listen(event: Event) -> None:
        text = heard.lines(ended=type(event).__name__ in {"StepDone", "StepFailed"})
        if text:
            run.emit(StepOutput, step=step.name, text=text)
        run.listen(event)

    return listen
