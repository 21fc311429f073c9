"""``ackgpu diagnose``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.run_sample import Private
from ackgpu.session import Session


def diagnose(
    session: Session,
    name: on.ClusterName,
    node: Annotated[
        str | None, typer.Argument(metavar="NODE", help="A node's name, or its instance's id.")
    ] = None,
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(
            flag.BUNDLE,
            metavar="PATH",
            help="Write all that was read there as one page, without secrets.",
        ),
    ] = None,
    private: Private = False,
) -> Came:
    """Say what is wrong with a cluster or a node, and what mends it.

    Example: ackgpu diagnose demo --bundle demo.html
    """
    from ackgpu.commands.diagnose.command import DiagnoseOptions, execute

    options = DiagnoseOptions(name=name, node=node or "", bundle=bundle, private=private)
    return execute(options, session)
