"""The display that redraws itself on a terminal's stderr, and is left there at the end."""

from __future__ import annotations

import io
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from ackgpu.clock import Clock
from ackgpu.engine.display import Renderer
from ackgpu.engine.events import Event, RunFinished, RunStarted, StepOutput, Warned
from ackgpu.render.layout import Line, Pen, line, plain_console
from ackgpu.render.live_frame import View, draw_frame
from ackgpu.render.progress import RunProgress
from ackgpu.streams import Streams

FRAMES_PER_SECOND = 10


class DrawnStream(io.TextIOBase):
    """A stream as Rich writes to it: through :meth:`Streams.draw`, which survives its loss."""

    def __init__(self, streams: Streams, stream: TextIO) -> None:
        self._streams = streams
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream itself."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write to the stream."""
        self._streams.draw(self._stream, text)
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
        self._progress = RunProgress()
        self._zero = clock.now()
        self._turn = 0
        self._console = console_over(streams, streams.err)
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
        yield from whole_lines(draw_frame(self._progress, view, self._pen(console)))

    def _pen(self, console: Console) -> Pen:
        return pen_on(console, self._streams, self._streams.err)

    def _say(self, *lines: Line) -> None:
        for text in self._pen(self._console).layout(lines):
            self._console.print(text, soft_wrap=True)


def whole_lines(lines: list[Text]) -> RenderResult:
    """The lines as they are: cut at the terminal's edge, never wrapped."""
    for text in lines:
        text.no_wrap = True
        text.overflow = "crop"
        yield text


def console_over(streams: Streams, stream: TextIO) -> Console:
    """Rich's console over a terminal; its size is asked again for each frame."""
    width, height = streams.size or (None, None)
    return plain_console(
        file=DrawnStream(streams, stream),
        force_terminal=True,
        force_interactive=True,
        colors=streams.colors(stream),
        width=width,
        height=height,
    )


def pen_on(console: Console, streams: Streams, stream: TextIO) -> Pen:
    """The pen for what is drawn anew; of a terminal made narrower it wraps fewer lines.

    For that the last column stays free.
    """
    colors, unicode = streams.colors(stream), streams.unicode(stream)
    return Pen(width=console.width - 1, colors=colors, unicode=unicode)
