"""``ackgpu plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session


def plan(
    session: Session,
    spec: on.CreateFlags,
    *,
    kubeconfig: flags.Kubeconfig = None,
    detailed_exitcode: Annotated[
        bool, typer.Option(flag.DETAILED_EXITCODE, help="Exit 12 where something would change.")
    ] = False,
) -> Came:
    """Show what create would do now, and what it would cost; it changes nothing.

    Example: ackgpu plan demo --nodes 4
    """
    from ackgpu.commands.cluster.plan import PlanOptions, execute

    options = PlanOptions(
        wants=spec.wants(), kubeconfig=kubeconfig, detailed_exitcode=detailed_exitcode
    )
    return execute(options, session)
