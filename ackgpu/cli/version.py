"""``ackgpu version``."""

from __future__ import annotations

import typer

from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "version", version)


def version(session: Session) -> Came:
    """Print the versions of ackgpu and of what it stands on.

    Example: ackgpu version -o json
    """
    from ackgpu.commands.program.version import execute

    return execute(session)
