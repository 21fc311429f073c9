"""``ackgpu config``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session

GROUP = "Start, check and explain a cluster.yaml."


def init(
    session: Session,
    spec: on.InitFlags,
    *,
    file: Annotated[
        Path | None,
        typer.Option(flag.FILE, "-f", help="Where to write it; default: stdout."),
    ] = None,
    force: Annotated[bool, typer.Option(flag.FORCE, help="Overwrite the file.")] = False,
) -> Came:
    """Print a commented cluster.yaml to start from.

    Example: ackgpu config init demo --nodes 4 > cluster.yaml
    """
    from ackgpu.commands.program import config as command

    return command.init(command.InitOptions(wants=spec.wants(), path=file, force=force), session)


def validate(
    session: Session,
    file: Annotated[Path | None, typer.Argument(help="A cluster.yaml, or -.")] = None,
    *,
    named: Annotated[
        Path | None, typer.Option(flag.FILE, "-f", help="The same, as create takes it.")
    ] = None,
) -> Came:
    """Check a cluster.yaml without asking the cloud; every finding at its line.

    Example: ackgpu config validate cluster.yaml
    """
    from ackgpu.commands.program import config as command

    return command.validate([path for path in (file, named) if path is not None], session)


def schema(session: Session) -> Came:
    """Print the JSON Schema of cluster.yaml, for editors.

    Example: ackgpu config schema > cluster.schema.json
    """
    from ackgpu.commands.program import config as command

    return command.schema(session)


def show(session: Session) -> Came:
    """Show the settings in force and where the credentials come from.

    Example: ackgpu config show -o json
    """
    from ackgpu.commands.program import config as command

    return command.show(session)
