"""``emulator``: serve the emulated cloud, say how it stands, empty it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.app import App
from ackgpu.errors import LocalError, UsageError
from ackgpu.render.output import present
from ackgpu.render.results import Facts, Result


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve. ``state`` is a directory; None is the state directory's own."""

    port: int = 0
    kube_port: int = 0
    state: Path | None = None
    speed: float = 60.0
    faults: Path | None = None
    scenario: Path | None = None
    latency_ms: float = 0.0
    seed: int | None = None
    enforce_ram: bool = False
    log_file: Path | None = None


def serve(options: ServeOptions, app: App) -> int:
    """Serve until SIGTERM or SIGINT."""
    from ackgpu.emulator.faults import ConfigurationError
    from ackgpu.emulator.serve import serve as serve_forever

    if options.speed <= 0:
        raise UsageError("--speed must be a positive number.")
    try:
        serve_forever(
            options.state or directory(app),
            port=options.port,
            kube_port=options.kube_port,
            speed=options.speed,
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
        raise LocalError(f"The emulator cannot be served: {error}.") from error
    return 0


def status(app: App, state: Path | None) -> int:
    """Whether an emulator is served, where, and what is in its account."""
    from ackgpu.emulator.admin import describe

    facts: dict[str, Any] = describe(state or directory(app))
    running = "running" if facts.get("running") else "not running"
    part = Facts(headline=f"emulator: {running}", facts=facts)
    return present(app.streams, app.settings.output, Result(command="emulator status", part=part))


def reset(app: App, state: Path | None) -> int:
    """Empty the emulated account."""
    from ackgpu.emulator.admin import empty

    where = state or directory(app)
    empty(where)
    part = Facts(headline=f"the emulated account in {where} is empty", done=True)
    return present(app.streams, app.settings.output, Result(command="emulator reset", part=part))


def directory(app: App) -> Path:
    """Where the emulator of --emulator keeps its account."""
    return app.settings.state_dir / "emulator"
