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
from ackgpu.render.layout import draw_on, line, point
from ackgpu.render.words import about, duration
from ackgpu.streams import Streams

HEARTBEAT_SECONDS = 55
"""Real seconds of silence after which a line is due. A minute is promised, and ticks are apart."""


class PlainLines(Renderer):
    """Writes to stderr, a line as it happens. Repeats of what was said are left out.

    ``label``: what each line begins with, of one of several runs at once.
    """

    def __init__(self, streams: Streams, label: str = "") -> None:
        self._label, self._streams = f"{label}: " if label else "", streams
        self._said_at: datetime | None = None
        self._said: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Write what ``event`` changes."""
        text = self._heartbeat(event) if isinstance(event, Tick) else self._change(event)
        if not text:
            return
        self._said_at = event.wall
        stamp = f"{event.wall:%Y-%m-%dT%H:%M:%SZ} "
        first, *others = f"{self._label}{text}".splitlines()
        lines = [point(stamp, first), *(point(" " * len(stamp), other) for other in others)]
        draw_on(self._streams, self._streams.err, lines)

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
    """Quiet: says nothing but the warnings."""

    def __init__(self, streams: Streams, label: str = "") -> None:
        self._label, self._streams = f"{label}: " if label else "", streams

    def __call__(self, event: Event) -> None:
        """Write a warning."""
        if isinstance(event, Warned):
            told = line(("! ", "yellow"), f"{self._label}{event.message}")
            draw_on(self._streams, self._streams.err, [told])


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
