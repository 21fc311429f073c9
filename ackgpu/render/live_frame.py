"""One frame of the live display: a pure function of the run, the time and the terminal's size.

Steps stand in the order of the run and never change places. Where the terminal is too narrow the
detail is cut first, then the id goes, then the detail. Where it is too low, finished steps are
folded into one line, then those that wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from ackgpu.engine.events import PartMoved
from ackgpu.render.layout import BUSY, DONE, FAILED, IDLE, Block, Pen, Span, line, point
from ackgpu.render.progress import RunProgress, Standing, StepState
from ackgpu.render.words import count, duration, short_id

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
STYLES: dict[Standing, str] = {"done": "green", "failed": "red", "running": "cyan"}
FOLDED: dict[Standing, str] = {"done": DONE, "waiting": IDLE, "not started": IDLE}
NAME_LIMIT = 24
ID_WIDTH = 12
ELAPSED_WIDTH = 10
MIN_DETAIL = 16
INDENT = "  "
KEEPS_GOING = "Ctrl-C stops at a safe point, nothing is lost"
STOPPING = "stopping once the calls under way are recorded · Ctrl-C again stops at once"


@dataclass(frozen=True)
class View:
    """What a frame is drawn for. ``now``: cloud seconds since the run began.

    ``lines`` is the terminal's height, None for the last frame, which is left on the screen whole.
    ``turn`` picks the spinner's picture.
    """

    now: float
    lines: int | None
    turn: int = 0

    @property
    def last(self) -> bool:
        """Whether this frame stays."""
        return self.lines is None


def draw_frame(progress: RunProgress, view: View, pen: Pen) -> list[Text]:
    """The frame's lines, none wider than the terminal, all together lower than it."""
    if progress.started is None:
        return []
    top = pen.layout(_header(progress))
    # What follows the last frame, such as the result, stands apart from it.
    bottom = pen.layout([line(), _footer(progress, view), *([line()] if view.last else [])])
    layout = _Columns(progress, pen)
    drawn = [(step.standing, layout.draw(step, view)) for step in progress.steps]
    lines = [*top, *[text for _, texts in drawn for text in texts], *bottom]
    if view.lines is not None and len(lines) >= view.lines:
        room = view.lines - 1 - len(bottom)
        top = top if len(top) <= room // 2 else []
        lines = [*top, *_folded(drawn, max(1, room - len(top)), pen), *bottom][-view.lines + 1 :]
    for text in lines:
        text.truncate(pen.width, overflow="crop")
    return lines


def _header(progress: RunProgress) -> list[Block]:
    started = progress.started
    assert started is not None  # noqa: S101 -- draw_frame has looked
    first, *others = started.headline.splitlines() or [""]
    title = Span(f"ackgpu {started.verb} {started.subject}", "bold")
    blocks: list[Block] = [line(title, f" · {first}" if first else "")]
    return [*blocks, *(line(other) for other in others), line()]


def _footer(progress: RunProgress, view: View) -> Block:
    done = f"{progress.done} of {len(progress.steps)} done"
    seconds = progress.finished.seconds if progress.finished else view.now
    if view.last:
        return line(Span(f"{duration(seconds)} · {done}", "dim"))
    advice = STOPPING if progress.stopping else KEEPS_GOING
    return line(Span(f"{duration(seconds)} · {done} · {advice}", "dim"))


class _Columns:
    """The widths of a frame's columns, the same for every step, and how a step fills them."""

    def __init__(self, progress: RunProgress, pen: Pen) -> None:
        self._progress = progress
        self._pen = pen
        self._symbol = max(len(pen.words(symbol)) for symbol in (BUSY, DONE, FAILED, IDLE))
        names = [pen.text(step.info.name).cell_len for step in progress.steps]
        self._name = min(max(names, default=0), NAME_LIMIT)
        # Symbol and elapsed are separated by one blank and two, names and ids by two each.
        fixed = len(INDENT) + self._symbol + 1 + self._name + ELAPSED_WIDTH + 2
        room = pen.width - fixed
        self._id = ID_WIDTH if room >= ID_WIDTH + 2 + MIN_DETAIL else 0
        self._detail = max(0, room - (self._id + 2 if self._id else 0) - 2)

    def draw(self, step: StepState, view: View) -> list[Text]:
        """The step's line, and the reason below it where it failed."""
        shows_id = step.standing in {"running", "done", "failed"} and step.id
        cells: list[str | Text] = [
            INDENT,
            self._pen.column(self._symbol_for(step.standing, view), self._symbol),
            " ",
            self._pen.column(self._pen.text(step.info.name), self._name),
        ]
        if self._id:
            identifier = short_id(step.id) if shows_id else ""
            cells += ["  ", self._pen.column(self._pen.text(identifier), self._id)]
        if self._detail:
            cells += ["  ", self._pen.column(self._pen.text(self._words(step, view)), self._detail)]
        elapsed = self._pen.text(_elapsed(step, view))
        cells += ["  ", self._pen.column(elapsed, ELAPSED_WIDTH, right=True)]
        text = Text.assemble(
            *cells, style="dim" if step.standing in {"waiting", "not started"} else ""
        )
        text.rstrip()
        return [text, *(self._part(part, view) for part in step.parts), *self._reason(step)]

    def _part(self, part: PartMoved, view: View) -> Text:
        """A part of a step, such as a node: its line under the step's."""
        indent = " " * (len(INDENT) + self._symbol + 1)
        detail = f"  {part.detail}" if part.detail else ""
        mark = self._pen.column(self._symbol_for(part.standing, view), self._symbol)
        return Text.assemble(indent, mark, " ", self._pen.text(f"{part.part}{detail}"))

    def _symbol_for(self, standing: Standing, view: View) -> Text:
        busy = SPINNER[view.turn % len(SPINNER)] if self._pen.unicode else BUSY
        if view.last:
            busy = IDLE
        symbol = {"running": busy, "done": DONE, "failed": FAILED}.get(standing, IDLE)
        return self._pen.text(Span(symbol, STYLES.get(standing, "")))

    def _words(self, step: StepState, view: View) -> str:
        match step.standing:
            case "failed":
                return "failed"
            case "not started":
                return step.detail or "not started"
            case "waiting":
                return "not started" if view.last else self._prospect(step)
            case "running":
                return f"left as it stands: {step.detail}" if view.last else step.detail
            case "done":
                return self._achieved(step)

    def _prospect(self, step: StepState) -> str:
        names = self._progress.waits_for(step)
        return f"after {', '.join(names)}" if names else step.info.title

    def _achieved(self, step: StepState) -> str:
        shown = step.detail or ("" if self._id else short_id(step.id))
        if step.outcome in {"created", "changed", "checked", "deleted"}:
            return shown
        return f"{step.outcome}: {shown}" if shown else step.outcome

    def _reason(self, step: StepState) -> list[Text]:
        if step.standing != "failed":
            return []
        indent = " " * (len(INDENT) + self._symbol + 1)
        return self._pen.layout([point(indent, text) for text in step.detail.splitlines()])


def _elapsed(step: StepState, view: View) -> str:
    if step.standing in {"done", "failed"}:
        return duration(step.seconds)
    if step.standing == "running" and step.began is not None:
        return duration(view.now - step.began)
    return ""


def _folded(drawn: list[tuple[Standing, list[Text]]], room: int, pen: Pen) -> list[Text]:
    """At most ``room`` lines: done steps are counted first, then waiting ones; failed stay last."""
    notes: list[Text] = []
    kept = drawn
    for standing, mark in FOLDED.items():
        gone = [pair for pair in kept if pair[0] == standing]
        if _height(kept) + len(notes) > room and gone:
            kept = [pair for pair in kept if pair[0] != standing]
            text = f"{INDENT}{mark} {count(len(gone), 'step')} {standing}"
            notes.append(pen.text(Span(text, "dim")))
    room = max(1, room - len(notes))
    if _height(kept) > room:
        kept = sorted(kept, key=lambda pair: pair[0] != "failed")
    return [*notes, *[text for _, texts in kept for text in texts][:room]]


def _height(drawn: list[tuple[Standing, list[Text]]]) -> int:
    return sum(len(texts) for _, texts in drawn)
