"""``ackgpu emulator``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli.command import add_command

State = Annotated[
    Path | None,
    typer.Option("--state", help="The directory that keeps the account; default: the one of"
                 " --emulator.", show_default=False),
]  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The embedded cloud, as a server.")
    add_command(group, "serve", serve, prefix="emulator")
    add_command(group, "status", status, prefix="emulator")
    add_command(group, "reset", reset, prefix="emulator")
    root.add_typer(group, name="emulator")


def serve(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    kube_port: Annotated[
        int,
        typer.Option(
            "--kube-port", min=0, max=65535, help="The clusters' API servers; 0 takes a free one."
        ),
    ] = 0,
    state: State = None,
    speed: Annotated[float, typer.Option("--speed", help="Emulated seconds in a real one.")] = 60.0,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="A faults file.", show_default=False)
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="A scenario file.", show_default=False)
    ] = None,
    latency: Annotated[
        float, typer.Option("--latency", help="Milliseconds added to each answer.")
    ] = 0.0,
    seed: Annotated[
        int | None, typer.Option("--seed", help="For the same ids each time.", show_default=False)
    ] = None,
    enforce_ram: Annotated[
        bool,
        typer.Option("--enforce-ram", help="Refuse what the caller's RAM policies do not allow."),
    ] = False,
    request_log: Annotated[
        Path | None,
        typer.Option("--request-log", help="Append each request to this file.", show_default=False),
    ] = None,
) -> int:
    """Serve the emulated cloud on loopback until SIGTERM or Ctrl-C.

    Prints one line of JSON once it accepts connections; ``env`` in it is what to export.

    Example: ackgpu emulator serve --port 8080 --speed 60
    """
    from ackgpu.commands import emulator as command

    options = command.ServeOptions(
        port=port,
        kube_port=kube_port,
        state=state,
        speed=speed,
        faults=faults,
        scenario=scenario,
        latency_ms=latency,
        seed=seed,
        enforce_ram=enforce_ram,
        log_file=request_log,
    )
    return command.serve(options, app)


def status(app: App, *, state: State = None) -> int:
    """Say whether an emulator is served, where, and what its account holds.

    Example: ackgpu emulator status -o json
    """
    from ackgpu.commands import emulator as command

    return command.status(app, state)


def reset(app: App, *, state: State = None) -> int:
    """Empty the emulated account.

    Example: ackgpu emulator reset
    """
    from ackgpu.commands import emulator as command

    return command.reset(app, state)
