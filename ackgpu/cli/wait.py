"""``ackgpu wait``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "wait", wait)


def wait(
    session: Session,
    name: on.ClusterName,
    *,
    goal: Annotated[
        Literal["cluster", "nodes", "gpu", "deleted"],
        typer.Option("--for", help="What to wait for.", show_default=False),
    ],
    timeout: on.Timeout = None,
) -> Came:
    """Wait until a cluster is as far as asked, or gone; exit 7 on a timeout.

    Example: ackgpu wait demo --for gpu --timeout 20m
    """
    from ackgpu.commands.cluster.wait import WaitOptions, execute

    return execute(WaitOptions(name=name, goal=goal, timeout=timeout or ""), session)
