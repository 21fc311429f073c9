"""The display that redraws itself on a terminal's stderr, and is left there at the end."""

from __future__ import annotations

import io
from typing import TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from ackgpu.clock import Clock
from ackgpu.engine.events import Event, RunFinished, RunStarted, StepOutput, Warned
from ackgpu.render.frame import View, draw_frame
from ackgpu.render.pen import Line, Pen, line
from ackgpu.render.progress import Progress
from ackgpu.render.renderer import Renderer
from ackgpu.streams import Streams

FRAMES_PER_SECOND = 10


class ErrorStream(io.TextIOBase):
    """stderr as Rich writes to it: through :meth:`Streams.write`, which survives its loss."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of stderr itself."""
        return self._streams.err.encoding

    def write(self, text: str) -> int:
        """Write to stderr."""
        self._streams.write(self._streams.err, text)
        return len(text)

    def isatty(self) -> bool:
        """A live display is only made for a terminal."""
        return True


class LiveDisplay(Renderer):
    """Follows the events and draws a frame ten times a second, until closed.

    Frames are drawn in a thread of their own. The only lock is Rich's, which its holder may take
    again: closing works in a signal handler, whatever it interrupted.
    """

    def __init__(self, streams: Streams, clock: Clock) -> None:
        self._streams = streams
        self._clock = clock
        self._progress = Progress()
        self._zero = clock.now()
        self._turn = 0
        self._console = _console(streams)
        self._live: Live | None = None

    def __call__(self, event: Event) -> None:
        """Take ``event`` in; the next frame shows it."""
        self._progress.apply(event)
        match event:
            case RunStarted():
                self._begin(event)
            case Warned():
                self._say(line(("! ", "yellow"), event.message))
            case StepOutput():
                self._say(*(line((text, "dim")) for text in event.text.splitlines()))
            case RunFinished():
                self.close()

    def close(self) -> None:
        """Draw the last frame, give the cursor back and stop redrawing."""
        if self._live:
            self._live.stop()

    def _begin(self, event: RunStarted) -> None:
        # A run may follow another (a rollback after a create): each leaves its own last frame.
        self.close()
        self._zero = self._clock.now() - event.at
        self._live = Live(
            console=self._console,
            get_renderable=lambda: self,
            refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the frame of this moment."""
        del options
        self._turn += 1
        running = self._live is not None and self._live.is_started
        lines = console.height if running else None
        view = View(self._clock.now() - self._zero, lines, self._turn)
        yield from _whole_lines(draw_frame(self._progress, view, self._pen(console)))

    def _pen(self, console: Console) -> Pen:
        # The last column stays free: a terminal that is made narrower wraps fewer lines.
        unicode = self._streams.unicode(self._streams.err)
        colors = self._streams.colors(self._streams.err)
        return Pen(width=console.width - 1, colors=colors, unicode=unicode)

    def _say(self, *lines: Line) -> None:
        for text in self._pen(self._console).layout(lines):
            self._console.print(text, soft_wrap=True)


def _whole_lines(lines: list[Text]) -> RenderResult:
    for text in lines:
        text.no_wrap = True
        text.overflow = "crop"
        yield text


def _console(streams: Streams) -> Console:
    """Rich's console over stderr; its size is asked again for each frame."""
    colors = streams.colors(streams.err)
    width, height = streams.size or (None, None)
    return Console(
        file=cast("TextIO", ErrorStream(streams)),
        force_terminal=True,
        force_interactive=True,
        color_system="standard" if colors else None,
        no_color=not colors,
        width=width,
        height=height,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
