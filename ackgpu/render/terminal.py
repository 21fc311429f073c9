"""The display of a command line, and the one place that chooses how a run is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.clock import Clock
from ackgpu.engine.display import Display, Renderer
from ackgpu.output_forms import EVENT_STREAM, Output
from ackgpu.printable import printable
from ackgpu.streams import Streams


@dataclass(frozen=True)
class Terminal(Display):
    """Shows on stderr, in the form that the flags name."""

    streams: Streams
    output: Output = "table"
    quiet: bool = False
    verbose: bool = False

    def of_run(self, clock: Clock, label: str = "") -> Renderer:
        """The renderer of a run's events. Runs with a ``label`` share the terminal line by line.

        ========  ==========================================================================
        jsonl     ``-o jsonl``: events as JSON lines on stdout, nothing on stderr
        silent    quiet: warnings alone
        live      stderr is a terminal that can move its cursor, CI is unset, not verbose
        plain     anything else: a line a change, and a heartbeat
        ========  ==========================================================================
        """
        if self.output == EVENT_STREAM:
            from ackgpu.render.jsonl import JsonLines

            return JsonLines(self.streams, label)
        if self.quiet:
            from ackgpu.render.plain import Silent

            return Silent(self.streams, label)
        if self.streams.can_animate and not self.verbose and not label:
            from ackgpu.render.live import LiveDisplay

            return LiveDisplay(self.streams, clock)
        from ackgpu.render.plain import PlainLines

        return PlainLines(self.streams, label)

    def warn(self, message: str) -> None:
        """A line that begins with an exclamation mark."""
        from ackgpu.render.output import warn

        warn(self.streams, message)

    def preview(self, part: Any) -> None:
        """The table of ``part``."""
        from ackgpu.render.layout import draw_on
        from ackgpu.render.tables import draw

        draw_on(self.streams, self.streams.err, draw(part))

    def wrote(self, path: Path) -> None:
        """The path, unless it is to be quiet."""
        if not self.quiet:
            self.streams.write(self.streams.err, f"wrote {printable(str(path))}\n")
