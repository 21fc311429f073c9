"""``ackgpu policy``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session
from ackgpu.spec.fields import Purpose

GROUP = "The RAM policy that a cluster needs."


def generate(
    session: Session,
    spec: on.PolicyFlags,
    *,
    purpose: Annotated[
        Purpose,
        typer.Option(flag.FOR, help="The commands that it has to suffice for."),
    ] = "all",
) -> Came:
    """Write the least RAM policy that one command needs, or all of them.

    Example: ackgpu policy generate --for create -f cluster.yaml > policy.json
    """
    from ackgpu.commands.account import policy as command

    return command.generate(command.PolicyOptions(wants=spec.wants(), purpose=purpose), session)


def check(session: Session, spec: on.PolicyFlags) -> Came:
    """Try every read that a creation makes; exit 3 where RAM refuses one.

    Example: ackgpu policy check -f cluster.yaml
    """
    from ackgpu.commands.account import policy as command

    return command.check(command.PolicyOptions(wants=spec.wants()), session)
