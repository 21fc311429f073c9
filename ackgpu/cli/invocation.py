"""One command line on its way: what was given, and what it is carried out with."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ackgpu import __version__, flag
from ackgpu.app import Parts
from ackgpu.cli.signals import ProcessSignals
from ackgpu.clock import SystemClock
from ackgpu.errors import UsageError
from ackgpu.output_forms import Output
from ackgpu.private_file import write_private
from ackgpu.redaction import forget, learn_environment, redacted
from ackgpu.render.terminal import Terminal
from ackgpu.session import Session
from ackgpu.settings import Flags, Settings, asked_output, home_of, leads_to_loopback
from ackgpu.streams import Streams


@dataclass
class Invocation:
    """Filled in while the command line is parsed; ``session`` exists once the flags are known."""

    env: Mapping[str, str]
    typed: Sequence[str] = ()
    flags: Flags = field(default_factory=Flags)
    command: str = ""
    session: Session | None = None
    parts: Parts | None = None
    streams: Streams = field(default_factory=Streams.system)
    output: Output = field(init=False)

    def __post_init__(self) -> None:
        forget()  # what a command before this one, in the same process, knew
        learn_environment(self.env)
        self.output = asked_output(self.typed, self.env)

    def start(self, command: str, flags: Flags) -> Session:
        """Settle the flags, and make what the command runs with."""
        self.command = command
        settings = Settings.resolve(flags.over(self.flags), self.env)
        if settings.quiet and settings.verbose:
            raise UsageError(f"{flag.QUIET} and {flag.VERBOSE} exclude each other.")
        self.output = settings.output
        streams = Streams.system(color=settings.color, no_input=settings.no_input)
        emulated = settings.emulator or leads_to_loopback(self.env)
        self.streams = replace(streams, emulated=emulated)
        parts = self.parts or Parts()
        parts = replace(
            parts,
            display=parts.display
            or Terminal(self.streams, settings.output, settings.quiet, settings.verbose),
            signals=parts.signals or ProcessSignals(),
        )
        self.session = Session(
            settings,
            self.streams,
            self.env,
            home=home_of(self.env),
            typed=self.typed,
            title=command,
            parts=parts,
        )
        return self.session

    def close(self) -> None:
        """Stop what the command started."""
        if self.session is not None:
            self.session.close()

    def write_crash_log(self, error: BaseException) -> str:
        """Keep the traceback of a bug in a file, and say where; empty where it cannot be kept."""
        if self.session is None:
            return ""
        stamp = SystemClock().wall().strftime("%Y%m%dT%H%M%SZ")
        path = self.session.settings.state_dir / "logs" / f"crash-{stamp}.log"
        text = "".join(traceback.format_exception(error))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with write_private(path) as file:
                file.write(redacted(f"ackgpu {__version__}, {self.command}\n{text}"))
        except OSError:
            return ""
        return str(path)
