"""``ackgpu upgrade``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli import pool_flags as of
from ackgpu.cli.command import Came
from ackgpu.session import Session


class UpgradeFlags(of.ChangeFlags):
    """How far to upgrade."""

    to: Annotated[
        str | None,
        typer.Option(flag.TO, metavar="VERSION", help="A version or minor; default: the next."),
    ] = None
    node_pools: Annotated[
        bool, typer.Option(flag.NODE_POOLS, help="Upgrade the nodes' kubelets too, in place.")
    ] = False
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Only ask ACK whether it could be upgraded.")
    ] = False


def upgrade(session: Session, name: on.ClusterName, how: UpgradeFlags) -> Came:
    """Upgrade the control plane to the next Kubernetes version, once ACK's check has passed.

    Example: ackgpu upgrade demo --check-only
    """
    from ackgpu.commands.cluster.upgrade import UpgradeOptions, execute

    return execute(UpgradeOptions(name=name, **how.given()), session)
