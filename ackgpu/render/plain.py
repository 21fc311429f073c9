"""Progress without a terminal: one line a change, and a heartbeat. Instants are UTC."""

from __future__ import annotations

from datetime import datetime

from ackgpu.engine.display import Renderer
from ackgpu.engine.events import (
    Event,
    PartMoved,
    RunFinished,
    RunStarted,
    StepAsked,
    StepDone,
    StepFailed,
    StepNotStarted,
    StepOutput,
    StepWaiting,
    StopRequested,
    Tick,
    Warned,
)
from ackgpu.render.layout import Block, Pen, line, point
from ackgpu.render.words import about, duration
from ackgpu.streams import Streams

HEARTBEAT_SECONDS = 55
"""Real seconds of silence after which a line is due. A minute is promised, and ticks are apart."""


class PlainLines(Renderer):
    """Writes to stderr, a line as it happens. Repeats of what was said are left out.

    ``label``: what each line begins with, of one of several runs at once.
    """

    def __init__(self, streams: Streams, label: str = "") -> None:
        self._label = f"{label}: " if label else ""
        self._pen = Pen.of(streams, streams.err)
        self._said_at: datetime | None = None
        self._said: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Write what ``event`` changes."""
        text = self._heartbeat(event) if isinstance(event, Tick) else self._change(event)
        if not text:
            return
        self._said_at = event.wall
        self._pen.print(_stamped(event.wall, f"{self._label}{text}"))

    def _change(self, event: Event) -> str:
        text = _sentence(event)
        if isinstance(event, RunStarted):
            self._said.clear()
        if not isinstance(event, StepWaiting):
            return text
        if self._said.get(event.step) == event.detail:
            return ""
        self._said[event.step] = event.detail
        return text

    def _heartbeat(self, tick: Tick) -> str:
        self._said_at = self._said_at or tick.wall
        if (tick.wall - self._said_at).total_seconds() < HEARTBEAT_SECONDS:
            return ""
        waiting = [" ".join(filter(None, [*step[:2], about(step[2])])) for step in tick.waiting]
        return f"waiting: {', '.join(waiting)}" if waiting else "waiting"


class Silent(Renderer):
    """--quiet: says nothing but the warnings."""

    def __init__(self, streams: Streams, label: str = "") -> None:
        self._label = f"{label}: " if label else ""
        self._pen = Pen.of(streams, streams.err)

    def __call__(self, event: Event) -> None:
        """Write a warning."""
        if isinstance(event, Warned):
            self._pen.print([line(("! ", "yellow"), f"{self._label}{event.message}")])


def _stamped(wall: datetime, text: str) -> list[Block]:
    first, *others = text.splitlines()
    stamp = f"{wall:%Y-%m-%dT%H:%M:%SZ} "
    return [point(stamp, first), *(point(" " * len(stamp), other) for other in others)]


def _sentence(event: Event) -> str:  # noqa: C901 -- one line for each kind of event
    text = ""
    match event:
        case RunStarted():
            text = f"{event.verb} {event.subject} · {event.headline}".rstrip(" ·")
        case StepAsked():
            text = f"{event.step} {event.doing}"
        case StepWaiting():
            text = _joined(f"{event.step} {event.id}", event.detail)
        case StepOutput():
            text = event.text
        case PartMoved():
            ended = {"done": " passed", "failed": " failed"}.get(event.standing, "")
            text = _joined(f"{event.step} {event.part}{ended}", event.detail)
        case StepDone():
            took = f" ({duration(event.seconds)})" if event.seconds >= 1 else ""
            text = _joined(f"{event.step} {event.outcome} {event.id}", event.detail) + took
        case StepFailed():
            text = _joined(f"{event.step} failed {event.id}", event.message)
        case StepNotStarted():
            text = f"{event.step} {event.reason}"
        case Warned():
            text = f"warning: {event.message}"
        case StopRequested():
            text = f"{event.signal}: stopping once the calls under way are finished and recorded"
        case RunFinished():
            word = "finished" if event.ok else "ended"
            text = f"{word} after {duration(event.seconds)}, {event.done} of {event.total} done"
    return text


def _joined(subject: str, detail: str) -> str:
    return f"{subject.rstrip()}: {detail}" if detail else subject.rstrip()
