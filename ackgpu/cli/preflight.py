"""``ackgpu preflight``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def preflight(
    session: Session,
    spec: on.CheckedFlags,
    limits: on.LimitFlags,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(flag.ONLY, metavar="CHECK", help="Checks to carry out, by comma."),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(flag.JUNIT, help="Write a JUnit report there."),
    ] = None,
) -> Came:
    """Check all that can be known before anything is made; exit 3 where a check fails.

    Example: ackgpu preflight -f cluster.yaml --only quota,stock
    """
    from ackgpu.commands.account.preflight import PreflightOptions, execute

    options = PreflightOptions(
        wants=spec.wants(), only=on.by_comma(only), junit=junit, **limits.given()
    )
    return execute(options, session)
