"""``ackgpu wait``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def wait(
    session: Session,
    name: on.ClusterName,
    *,
    goal: Annotated[
        Literal["cluster", "nodes", "gpu", "deleted"],
        typer.Option(flag.FOR, help="What to wait for."),
    ],
    timeout: on.Timeout = None,
) -> Came:
    """Wait until a cluster is as far as asked, or gone; exit 7 on a timeout.

    Example: ackgpu wait demo --for gpu --timeout 20m
    """
    from ackgpu.commands.cluster.wait import WaitOptions, execute

    return execute(WaitOptions(name=name, goal=goal, timeout=timeout or ""), session)
