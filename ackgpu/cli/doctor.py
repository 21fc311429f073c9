"""``ackgpu doctor``."""

from __future__ import annotations

import typer

from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "doctor", doctor)


def doctor(session: Session) -> Came:
    """Check this machine, the credentials and the way to each endpoint; change nothing.

    Example: ackgpu doctor -o json
    """
    from ackgpu.commands.doctor.command import execute

    return execute(session)
