"""What each renderer shows of the samples. Run as a script, it rewrites fixtures/transcripts/."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import render_samples as samples

from ackgpu.engine.events import Listener
from ackgpu.output_forms import Output
from ackgpu.render.jsonl import JsonLines
from ackgpu.render.layout import Pen
from ackgpu.render.live_frame import View, draw_frame
from ackgpu.render.output import fail, present
from ackgpu.render.plain import PlainLines
from ackgpu.render.progress import RunProgress
from ackgpu.streams import Streams

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "transcripts"
Chapter = Callable[[samples.Story], None]

BEGINS: tuple[Chapter, ...] = (samples.create_begins, partial(samples.ticks, times=7))
ENDS: tuple[Chapter, ...] = (*BEGINS, samples.create_ends)
FAILS: tuple[Chapter, ...] = (*BEGINS, samples.create_fails)
STOPS: tuple[Chapter, ...] = (*BEGINS, samples.create_is_stopped)


def told(chapters: tuple[Chapter, ...], *listeners: Listener) -> samples.Story:
    """A story told to its end."""
    story = samples.Story(*listeners)
    for chapter in chapters:
        chapter(story)
    return story


def frame(
    chapters: tuple[Chapter, ...], *, width: int = 80, lines: int | None = 24, unicode: bool = True
) -> str:
    """A frame of the live display without colours."""
    progress = RunProgress()
    now = told(chapters, progress.apply).clock.now()
    pen = Pen(width=width, colors=False, unicode=unicode)
    return "".join(f"{text.plain}\n" for text in draw_frame(progress, View(now, lines, 3), pen))


def plain(chapters: tuple[Chapter, ...], encoding: str = "utf-8") -> str:
    """The lines of a pipeline's log."""
    streams = Streams.for_tests(encoding=encoding)
    told(chapters, PlainLines(streams))
    return streams.written()[1]


def json_lines() -> str:
    """Events and result of a create on stdout."""
    streams = Streams.for_tests()
    told(ENDS, JsonLines(streams))
    present(streams, "jsonl", samples.RESULTS["create"])
    return streams.written()[0]


def shown(
    name: str, output: Output = "table", *, terminal: bool = True, encoding: str = "utf-8"
) -> str:
    """A result on an 80-column terminal, or on a pipe: stdout, then stderr."""
    streams = Streams.for_tests(terminal=terminal, encoding=encoding, color="never")
    present(streams, output, samples.RESULTS[name])
    return "".join(streams.written())


def failure(encoding: str = "utf-8") -> str:
    """The error screen."""
    streams = Streams.for_tests(terminal=True, encoding=encoding, color="never")
    fail(streams, "table", "create", samples.NO_STOCK, log_path="~/.local/state/ackgpu/demo.log")
    return streams.written()[1]


TRANSCRIPTS: dict[str, Callable[[], str]] = {
    "live-midway": partial(frame, BEGINS),
    "live-midway-words": partial(frame, BEGINS, unicode=False),
    "live-midway-narrow": partial(frame, BEGINS, width=48),
    "live-midway-wide": partial(frame, BEGINS, width=120),
    "live-midway-low": partial(frame, BEGINS, lines=12),
    "live-stopping": partial(frame, STOPS),
    "live-done": partial(frame, ENDS, lines=None),
    "live-failed": partial(frame, FAILS, lines=None),
    "plain-done": partial(plain, ENDS),
    "plain-failed": partial(plain, FAILS),
    "plain-failed-words": partial(plain, FAILS, "ascii"),
    "jsonl-done": json_lines,
    "error": failure,
    "error-words": partial(failure, "ascii"),
    "list-pipe": partial(shown, "list", terminal=False),
    "list-json": partial(shown, "list", "json"),
    "list-yaml": partial(shown, "list", "yaml"),
    "check-quota-words": partial(shown, "check-quota", encoding="ascii"),
    **{f"table-{name}": partial(shown, name) for name in samples.RESULTS},
}


def main() -> None:
    """Write every transcript anew; look at the difference before committing it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in TRANSCRIPTS.items():
        (FOLDER / f"{name}.txt").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
