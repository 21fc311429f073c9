"""``ackgpu emulator``."""

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session

State = Annotated[
    Path | None,
    typer.Option(flag.STATE, help="The directory that keeps the account; default: the one of"
                 f" {flag.EMULATOR}."),
]  # fmt: skip

GROUP = "The embedded cloud, as a server."


class ServeFlags(FlagSet):
    """How the emulated cloud is served."""

    port: Annotated[int, typer.Option(flag.PORT, min=0, max=65535, help="0 takes a free one.")] = 0
    kube_port: Annotated[
        int,
        typer.Option(
            flag.KUBE_PORT, min=0, max=65535, help="The clusters' API servers; 0 takes a free one."
        ),
    ] = 0
    state: State = None
    speed: Annotated[float, typer.Option(flag.SPEED, help="Emulated seconds in a real one.")] = 60.0
    faults: Annotated[Path | None, typer.Option(flag.FAULTS, help="A faults file.")] = None
    scenario: Annotated[Path | None, typer.Option(flag.SCENARIO, help="A scenario file.")] = None
    latency_ms: Annotated[
        float, typer.Option(flag.LATENCY, help="Milliseconds added to each answer.")
    ] = 0.0
    spread: Annotated[
        float,
        typer.Option(flag.SPREAD, help="How far durations vary: 0 not at all, 1 as published."),
    ] = 1.0
    seed: Annotated[
        int | None,
        typer.Option(flag.SEED, help="For the same ids and durations each time."),
    ] = None
    enforce_ram: Annotated[
        bool,
        typer.Option(flag.ENFORCE_RAM, help="Refuse what the caller's RAM policies do not allow."),
    ] = False
    log_file: Annotated[
        Path | None,
        typer.Option(flag.REQUEST_LOG, help="Append each request to this file."),
    ] = None


def up(
    session: Session,
    how: ServeFlags,
    *,
    detach: Annotated[
        bool, typer.Option(flag.DETACH, "-d", help="Serve in a process of its own, and return.")
    ] = False,
) -> Came:
    """Serve the emulated cloud; with --detach in the background, until emulator down.

    One that is served already is left as it is.

    Example: ackgpu emulator up --detach
    """
    from ackgpu.commands.emulated_account import server as command

    options = command.ServeOptions(**how.given())
    if not detach:
        return command.serve(options, session)
    from ackgpu.commands.emulated_account.process import up as run

    return run(options, session)


def down(session: Session, *, state: State = None) -> Came:
    """End the emulator that is served in the background; its account is kept.

    Example: ackgpu emulator down
    """
    from ackgpu.commands.emulated_account.process import down as execute

    return execute(state, session)


def env(session: Session, *, state: State = None) -> Came:
    """Print the variables that lead ackgpu and any SDK to the emulator, for bash, zsh and fish.

    Example: eval "$(ackgpu emulator env)"
    """
    from ackgpu.commands.emulated_account.process import env as execute

    return execute(state, session)


def serve(session: Session, how: ServeFlags) -> Came:
    """Serve the emulated cloud on loopback until SIGTERM or Ctrl-C.

    Prints one line of JSON once it accepts connections; ``env`` in it is what to export.

    Example: ackgpu emulator serve --port 8080 --speed 60
    """
    from ackgpu.commands.emulated_account import server as command

    return command.serve(command.ServeOptions(**how.given()), session)


def status(session: Session, *, state: State = None) -> Came:
    """Say whether an emulator is served, where, and what its account holds.

    Example: ackgpu emulator status -o json
    """
    from ackgpu.commands.emulated_account import account as command

    return command.status(state, session)


def reset(session: Session, *, state: State = None) -> Came:
    """Empty the emulated account.

    Example: ackgpu emulator reset
    """
    from ackgpu.commands.emulated_account import account as command

    return command.reset(state, session)
