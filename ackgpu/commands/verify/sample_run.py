"""Running the CUDA sample's step on display, and leaving nothing behind."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ackgpu.cloud.api import KubeApi
from ackgpu.engine.apply import Apply
from ackgpu.engine.events import Event, Listener, PartMoved, StepDone, StepFailed, StepOutput
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Resource, Step
from ackgpu.errors import AckGpuError, LeftoversError, TimedOut
from ackgpu.render.results import shown_as
from ackgpu.render.verdicts import NetworkRow, SampleRow
from ackgpu.render.words import count
from ackgpu.session import Headline, Session
from ackgpu.steps.manifests import NAMESPACE, OWNER, OWNER_LABEL
from ackgpu.steps.network_probe import NetworkStep
from ackgpu.steps.pod_trial import Leftover, TrialStatus, TrialTarget
from ackgpu.steps.pod_trials import PARTS_TOLD, PodTrialsStep
from ackgpu.steps.sample_images import SampleImages, pinned
from ackgpu.steps.sample_trial import SampleOutcome

E = TypeVar("E", bound=Exception)
GO_ON = f"What ackgpu made may still be there: kubectl delete deployment -l {OWNER_LABEL}={OWNER}"


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
class Carried:
    """What a sample's run came to. ``error`` ended it before every trial was over."""

    error: Exception | None = None
    left: tuple[Leftover, ...] = ()

    def __add__(self, other: Carried) -> Carried:
        """Two runs as one."""
        return Carried(self.error or other.error, (*self.left, *other.left))

    def raise_error(self) -> None:
        """Raise the error, if there is one, with what could not be deleted."""
        if self.error is not None:
            raise with_leftovers(self.error, self.left)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be deleted."""
        return tuple(str(each) for each in self.left)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The same, as results show resources."""
        return tuple(_resource(each) for each in self.left)


def carry_out(
    session: Session, step: PodTrialsStep[Any], headline: Headline, heard: Heard | None = None
) -> Carried:
    """Run the step to its end, and clean up whatever happens. The step holds the outcomes.

    ``heard``: where its programs' output goes, to be shown as it comes.
    """
    output = heard or Heard()
    left: tuple[Leftover, ...] = ()

    def work(shown: Run) -> Outcome:
        nonlocal left
        try:
            step.told_by_part = True
            return Apply([step], replace(shown, listen=_with_output(shown, step, output))).run()
        finally:
            left = put_away([step])

    headline = replace(headline, go_on=GO_ON)
    outcome = session.show(session.reading(), headline, [step], work)
    # Trials that all ended have their outcomes; a timeout that came with the last one says nothing.
    return Carried(None if step.finished else outcome.error, left)


def put_away(steps: Sequence[Step[Any]]) -> tuple[Leftover, ...]:
    """Delete what samples still have in the cluster; what could not be deleted."""
    samples = [step for step in steps if isinstance(step, PodTrialsStep)]
    return tuple(each for step in samples for each in step.clean_up())


def with_leftovers(error: E, left: Sequence[Leftover]) -> E:
    """The error, which also says what could not be deleted."""
    if isinstance(error, AckGpuError):
        error.details = (*error.details, *map(str, left))
    return error


def left_behind(left: Sequence[Leftover]) -> LeftoversError | None:
    """The error of a run that left something in the cluster; None if it did not."""
    if not left:
        return None
    names = " ".join(each.name for each in left)
    whose = "their pods run on, those of samples with their GPUs" if left[1:] else "its pod runs on"
    return LeftoversError(
        f"{count(len(left), 'Deployment')} of ackgpu's could not be deleted, and {whose}:"
        f" {names.replace(' ', ', ')}.",
        resolution="As a user who may delete Deployments: `kubectl -n"
        f" {NAMESPACE} delete deployment {names}`.",
    )


def _resource(each: Leftover) -> Resource:
    return Resource(
        product="Kubernetes",
        type="Deployment",
        id=f"{NAMESPACE}/{each.name}",
        name=each.name,
        region="",
        state="left",
        owned=True,
        billable=False,
    )


def sample_row(outcome: SampleOutcome) -> SampleRow:
    """What the trial saw, for people and machines."""
    memory = "" if outcome.memory_mib is None else f"{outcome.memory_mib} MiB"
    digest = pinned(outcome.image, outcome.image_id)
    return shown_as(SampleRow, outcome, memory=memory, image_digest=digest)


def _with_output(run: Run, step: PodTrialsStep[Any], heard: Heard) -> Listener:
    moved = _Moved(run, step)

    def listen(event: Event) -> None:
        moved.tell()
        text = heard.lines(ended=isinstance(event, StepDone | StepFailed))
        if text:
            run.emit(StepOutput, step=step.name, text=text)
        run.listen(event)

    return listen


class _Moved:
    """Tells of each node's trial when it stands otherwise than at the last event.

    Of one trial the step itself says all. Of many only those that failed are told of, and the
    others counted by the step: thousands of lines tell nobody anything.
    """

    def __init__(self, run: Run, step: PodTrialsStep[Any]) -> None:
        self._run = run
        self._step = step
        self._before: dict[str, TrialStatus] = {}

    def tell(self) -> None:
        """Emit what moved."""
        parts = self._step.parts
        if len(parts) <= 1:
            return
        for part in parts:
            told = len(parts) <= PARTS_TOLD or part.standing == "failed"
            if told and self._before.get(part.node) != part:
                self._before[part.node] = part
                self._run.emit(
                    PartMoved,
                    step=self._step.name,
                    part=part.node,
                    standing=part.standing,
                    detail=part.detail,
                )


def try_network(  # noqa: PLR0913 -- a run and what it needs
    session: Session,
    api: KubeApi,
    targets: Sequence[TrialTarget],
    *,
    shown: Headline,
    timeout: float,
    images: SampleImages,
) -> tuple[tuple[NetworkRow, ...], Carried]:
    """Try the network from a pod on each target, of which there are one or two."""
    step = NetworkStep(reach=lambda _: api, targets=lambda _: targets, timeout=timeout)
    step.images = images
    carried = carry_out(session, step, shown)
    if not isinstance(carried.error, TimedOut):
        carried.raise_error()
    probes = (probe for outcome in step.outcomes for probe in outcome.probes)
    return tuple(shown_as(NetworkRow, probe) for probe in probes), carried
