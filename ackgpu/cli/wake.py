"""``ackgpu wake``."""

from __future__ import annotations

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def wake(session: Session, name: on.ClusterName, *, timeout: on.Timeout = None) -> Came:
    """Give a sleeping cluster the nodes back that it had, and prove its GPUs.

    Example: ackgpu wake demo
    """
    from ackgpu.commands.cluster import sleep as command
    from ackgpu.commands.cluster.operation import ChangeOptions

    return command.wake(ChangeOptions(name=name, yes=True, timeout=timeout or ""), session)
