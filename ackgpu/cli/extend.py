"""``ackgpu extend``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def extend(
    session: Session,
    name: on.ClusterName,
    *,
    ttl: Annotated[
        str | None,
        typer.Option(
            flag.TTL,
            metavar="DURATION",
            help="+2h adds to what is left, 2h counts from now, at most 366d; either ends a hold.",
        ),
    ] = None,
    hold: Annotated[
        bool, typer.Option(flag.HOLD, help=f"Keep it from gc until {flag.TTL}.")
    ] = False,
) -> Came:
    """Let a throw-away cluster live longer.

    Example: ackgpu extend demo --ttl +2h
    """
    from ackgpu.commands.cluster.extend import ExtendOptions, execute

    return execute(ExtendOptions(name=name, ttl=ttl or "", hold=hold), session)
