"""A run as it stands: the state that the events add up to, for the displays that need one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ackgpu.engine.events import (
    Event,
    Outcome,
    PartMoved,
    RunFinished,
    RunStarted,
    StepAsked,
    StepDone,
    StepEvent,
    StepFailed,
    StepNotStarted,
    StepWaiting,
    StopRequested,
    Tick,
)
from ackgpu.engine.step import StepInfo

Standing = Literal["waiting", "running", "done", "failed", "not started"]


@dataclass(frozen=True)
class StepState:
    """How one step stands. ``began`` and ``seconds`` are cloud seconds, ``began`` since the run's.

    ``detail`` is what the cloud says of it, what it is, or why it failed. ``parts``: the newest
    event of each of its parts, in the order in which they were first told of.
    """

    info: StepInfo
    standing: Standing = "waiting"
    id: str = ""
    detail: str = ""
    outcome: Outcome | Literal[""] = ""
    began: float | None = None
    seconds: float = 0.0
    parts: tuple[PartMoved, ...] = ()


class RunProgress:
    """Follows a run. Steps keep the order in which the run announced them.

    One thread applies events, another may read at any moment: a step's state is replaced whole,
    and no step comes or goes after the start. A lock would be worse, as a signal handler may have
    to draw while it is held.
    """

    def __init__(self) -> None:
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.stopping = False
        self._steps: dict[str, StepState] = {}

    @property
    def steps(self) -> tuple[StepState, ...]:
        """Every step, in its place."""
        return tuple(self._steps.values())

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.standing == "done" for step in self._steps.values())

    def waits_for(self, step: StepState) -> tuple[str, ...]:
        """The steps that ``step`` waits for: its needs, or for a deletion what needs it."""
        if self.started and self.started.verb == "delete":
            name = step.info.name
            nearest = [other for other in self.steps if name in other.info.needs]
        else:
            nearest = [self._steps[need] for need in step.info.needs if need in self._steps]
        return tuple(other.info.name for other in nearest if other.standing != "done")

    def apply(self, event: Event) -> None:
        """Take one event in; one of an unknown step is ignored."""
        match event:
            case RunStarted():
                self.started, self.finished, self.stopping = event, None, False
                # A new dictionary, as one that another thread walks over must not change its size.
                self._steps = {info.name: StepState(info) for info in event.steps}
            case RunFinished():
                self.finished = event
            case StopRequested():
                self.stopping = True
            case Tick():
                for name, detail, seconds in event.waiting:
                    self._under_way(name, detail, event.at - seconds)
            case PartMoved(step=name) if name in self._steps:
                step = self._steps[name]
                parts = {part.part: part for part in step.parts} | {event.part: event}
                self._steps[name] = replace(step, parts=tuple(parts.values()))
            case StepEvent(step=name) if name in self._steps:
                self._steps[name] = _after(self._steps[name], event)

    def _under_way(self, name: str, detail: str, began: float) -> None:
        step = self._steps.get(name)
        if step and step.standing in {"waiting", "running"}:
            # A tick has no words before the first look.
            detail = detail or step.detail
            self._steps[name] = replace(step, standing="running", detail=detail, began=began)


def _after(step: StepState, event: StepEvent) -> StepState:
    began = event.at if step.began is None else step.began
    match event:
        case StepAsked():
            return replace(step, standing="running", detail=event.doing.capitalize(), began=began)
        case StepWaiting():
            found = event.id or step.id
            return replace(step, standing="running", id=found, detail=event.detail, began=began)
        case StepDone():
            return replace(
                step,
                standing="done",
                id=event.id or step.id,
                detail=event.detail,
                outcome=event.outcome,
                seconds=event.seconds,
            )
        case StepFailed():
            return replace(
                step,
                standing="failed",
                id=event.id or step.id,
                detail=event.message,
                seconds=event.at - began,
            )
        case StepNotStarted():
            return replace(step, standing="not started", detail=event.reason)
        case _:
            return step
