"""``ackgpu explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli.command import Came
from ackgpu.session import Session


def explain(
    session: Session,
    code: Annotated[
        str,
        typer.Argument(help="An error code, of ackgpu or the cloud, or an exit code."),
    ],
) -> Came:
    """Say what an error code or exit code means, what to do, and whether it is retried.

    Example: ackgpu explain OperationDenied.NoStock
    """
    from ackgpu.commands.program.explain import execute

    return execute(code, session)
