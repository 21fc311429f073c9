"""``ackgpu describe``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def describe(
    session: Session,
    name: on.ClusterName,
    *,
    resources: Annotated[
        bool, typer.Option(flag.RESOURCES, help="Every cloud resource, with its id.")
    ] = False,
    events: Annotated[bool, typer.Option(flag.EVENTS, help="What ACK says happened.")] = False,
    watch: on.Watch = False,
) -> Came:
    """Show one cluster, its node pools and its network.

    Example: ackgpu describe demo --resources --events
    """
    from ackgpu.commands.cluster import describe as command

    options = command.DescribeOptions(name=name, resources=resources, events=events)
    return command.watch(options, session) if watch else command.execute(options, session)
