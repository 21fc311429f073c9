"""The display of a command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.clock import Clock
from ackgpu.engine.display import Display, Renderer
from ackgpu.printable import printable
from ackgpu.settings import Settings
from ackgpu.streams import Streams


@dataclass(frozen=True)
class Terminal(Display):
    """Shows on stderr, in the form that the settings name."""

    streams: Streams
    settings: Settings

    def of_run(self, clock: Clock, label: str) -> Renderer:
        """As :func:`~ackgpu.render.choose.listener` chooses."""
        from ackgpu.render.choose import listener

        settings = self.settings
        return listener(
            self.streams,
            settings.output,
            quiet=settings.quiet,
            clock=clock,
            verbose=settings.verbose,
            label=label,
        )

    def warn(self, message: str) -> None:
        """A line that begins with an exclamation mark."""
        from ackgpu.render.output import warn

        warn(self.streams, message)

    def preview(self, part: Any) -> None:
        """The table of ``part``."""
        from ackgpu.render.layout import Pen
        from ackgpu.render.tables import draw

        Pen.of(self.streams, self.streams.err).print(draw(part))

    def wrote(self, path: Path) -> None:
        """The path, unless --quiet was given."""
        if not self.settings.quiet:
            self.streams.write(self.streams.err, f"wrote {printable(str(path))}\n")
