"""One command line on its way: what was given, and what it is carried out with."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ackgpu import __version__
from ackgpu.app import App
from ackgpu.clock import SystemClock
from ackgpu.errors import UsageError
from ackgpu.settings import Flags, Output, Settings, asked_output
from ackgpu.streams import Streams


@dataclass
class Invocation:
    """Filled in while the command line is parsed; ``app`` exists once the flags are known."""

    env: Mapping[str, str]
    home: Path
    typed: Sequence[str] = ()
    flags: Flags = field(default_factory=Flags)
    command: str = ""
    app: App | None = None
    streams: Streams = field(default_factory=Streams.system)
    output: Output = field(init=False)

    def __post_init__(self) -> None:
        self.output = asked_output(self.typed, self.env)

    def start(self, command: str, flags: Flags) -> App:
        """Settle the flags, and make what the command runs with."""
        self.command = command
        settings = Settings.resolve(flags.over(self.flags), self.env)
        if settings.quiet and settings.verbose:
            raise UsageError("--quiet and --verbose exclude each other.")
        self.output = settings.output
        self.streams = Streams.system(color=settings.color, no_input=settings.no_input)
        self.app = App(settings, self.streams, self.env, home=self.home, typed=self.typed)
        return self.app

    def close(self) -> None:
        """Stop what the command started."""
        if self.app is not None:
            self.app.close()

    def write_crash_log(self, error: BaseException) -> str:
        """Keep the traceback of a bug in a file, and say where; empty where it cannot be kept."""
        if self.app is None:
            return ""
        stamp = SystemClock().wall().strftime("%Y%m%dT%H%M%SZ")
        path = self.app.settings.state_dir / "logs" / f"crash-{stamp}.log"
        text = "".join(traceback.format_exception(error))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(f"ackgpu {__version__}, {self.command}\n{text}", encoding="utf-8")
        except OSError:
            return ""
        return str(path)
