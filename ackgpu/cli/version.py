"""``ackgpu version``."""

from __future__ import annotations

from ackgpu.cli.command import Came
from ackgpu.session import Session


def version(session: Session) -> Came:
    """Print the versions of ackgpu and of what it stands on.

    Example: ackgpu version -o json
    """
    from ackgpu.commands.program.version import execute

    return execute(session)
