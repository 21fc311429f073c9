"""``ackgpu doctor``."""

from __future__ import annotations

from ackgpu.cli.command import Came
from ackgpu.session import Session


def doctor(session: Session) -> Came:
    """Check this machine, the credentials and the way to each endpoint; change nothing.

    Example: ackgpu doctor -o json
    """
    from ackgpu.commands.doctor.command import execute

    return execute(session)
