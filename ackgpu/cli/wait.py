"""``ackgpu wait``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "wait", wait)


def wait(
    app: App,
    name: on.ClusterName,
    *,
    goal: Annotated[
        str, typer.Option("--for", help="cluster, nodes, gpu or deleted.", show_default=False)
    ],
    timeout: on.Timeout = None,
) -> int:
    """Wait until a cluster is as far as asked, or gone; exit 7 when the time is up.

    Example: ackgpu wait demo --for gpu --timeout 20m
    """
    from ackgpu.commands.waiting import WaitOptions, run

    return run(WaitOptions(name=name, goal=goal, timeout=timeout or ""), app)
