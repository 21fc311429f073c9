"""``emulator serve``: the emulated cloud in the foreground.

Loads nothing that shows results: a server has its first answer before they would be imported.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

from ackgpu import flag
from ackgpu.errors import LocalError, UsageError
from ackgpu.session import Session


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve. ``state`` is a directory; None is the state directory's own."""

    port: int = 0
    kube_port: int = 0
    state: Path | None = None
    speed: float = 60.0
    spread: float = 1.0
    faults: Path | None = None
    scenario: Path | None = None
    latency_ms: float = 0.0
    seed: int | None = None
    enforce_ram: bool = False
    log_file: Path | None = None


def serve(options: ServeOptions, session: Session) -> int:
    """Serve until SIGTERM or SIGINT."""
    from ackgpu.emulator.faults import ConfigurationError
    from ackgpu.emulator.serve import serve as serve_forever

    try:
        serve_forever(**{**vars(options), "state": options.state or directory(session)})
    except ConfigurationError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise LocalError(
            f"The emulator cannot be served: {in_words(error)}.", resolution=way_out(error)
        ) from error
    return 0


def in_words(error: OSError) -> str:
    """What went wrong with which file or port, without the number of the error."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def way_out(error: OSError) -> str | None:
    """What to do about a port that is taken, or a file that is no account; None for the rest."""
    from ackgpu.emulator.store import NoAccountError

    if error.errno == errno.EADDRINUSE:
        return "Take another port; 0, the default, takes a free one."
    if isinstance(error, NoAccountError):
        return f"Remove {error.path}, or give {flag.STATE} another directory."
    return None


def directory(session: Session) -> Path:
    """Where the embedded emulator keeps its account."""
    return session.settings.state_dir / "emulator"
