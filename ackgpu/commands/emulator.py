"""``emulator``: serve the emulated cloud, say how it stands, empty it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.errors import LocalError, UsageError
from ackgpu.render.results import Facts, Result
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
        serve_forever(
            options.state or directory(session),
            port=options.port,
            kube_port=options.kube_port,
            speed=options.speed,
            spread=options.spread,
            faults=options.faults,
            scenario=options.scenario,
            latency_ms=options.latency_ms,
            seed=options.seed,
            enforce_ram=options.enforce_ram,
            log_file=options.log_file,
        )
    except ConfigurationError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise LocalError(
            f"The emulator cannot be served: {error}.", resolution=_way_out(error)
        ) from error
    return 0


def status(session: Session, state: Path | None) -> Result:
    """Whether an emulator is served, where, and what is in its account."""
    facts = standing(state or directory(session))
    running = "running" if facts["running"] else "not running"
    part = Facts(headline=f"emulator: {running}", facts=facts)
    return Result(command="emulator status", part=part)


def standing(state: Path) -> dict[str, Any]:
    """What ``state`` holds, whether it is served or not: facts, then documents by kind."""
    from ackgpu.emulator.state import status_of

    with _as_local(state):
        facts = status_of(state)
    documents: dict[str, int] = facts.pop("documents")
    return facts | documents


def reset(session: Session, state: Path | None) -> Result:
    """Empty the emulated account."""
    from ackgpu.emulator.state import reset_state

    where = state or directory(session)
    with _as_local(where):
        existed = reset_state(where)
    said = "is empty" if existed else "was never begun"
    part = Facts(headline=f"the emulated account in {where} {said}", done=True)
    return Result(command="emulator reset", part=part)


@contextmanager
def _as_local(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"The emulated account in {state} cannot be opened: {error}.",
            resolution=_way_out(error),
        ) from error


def _way_out(error: OSError) -> str | None:
    from ackgpu.emulator.store import NoAccountError

    if isinstance(error, NoAccountError):
        return f"Remove {error.path}, or give --state another directory."
    return None


def directory(session: Session) -> Path:
    """Where the emulator of --emulator keeps its account."""
    return session.settings.state_dir / "emulator"
