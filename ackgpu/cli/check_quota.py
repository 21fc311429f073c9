"""``ackgpu check-quota``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def check_quota(
    session: Session,
    spec: on.QuotaFlags,
    limits: on.LimitFlags,
    *,
    strict: Annotated[
        bool, typer.Option(flag.STRICT, help="Exit 3 also where a limit is not known.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Only from the documents; nothing is asked.")
    ] = False,
) -> Came:
    """Show every limit that a cluster touches, and whether there is room; exit 3 where not.

    Example: ackgpu check-quota --nodes 48 --network flannel
    """
    from ackgpu.commands.account.check_quota import CheckQuotaOptions, execute

    options = CheckQuotaOptions(
        wants=spec.wants(), strict=strict, offline=offline, **limits.given()
    )
    return execute(options, session)
