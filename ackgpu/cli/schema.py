"""``ackgpu schema``."""

from __future__ import annotations

from ackgpu.cli.command import Came
from ackgpu.session import Session

GROUP = "Print ackgpu's own interface as data."


def commands(session: Session) -> Came:
    """Print every command with its flags, effects, exit codes and document, as JSON.

    Example: ackgpu schema commands > commands.json
    """
    from ackgpu.commands.program.schema import commands as execute

    return execute(session)
