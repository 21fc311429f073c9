"""``ackgpu apply``."""

from pathlib import Path
from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class ApplyFlags(FlagSet):
    """How a file is applied."""

    prune: Annotated[
        bool, typer.Option(flag.PRUNE, help="Delete node pools that the file does not have.")
    ] = False
    dry_run: Annotated[bool, typer.Option(flag.DRY_RUN, help="Show what would change.")] = False
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            flag.DETAILED_EXITCODE, help=f"With {flag.DRY_RUN}: exit 12 if something differs."
        ),
    ] = False
    yes: on.Yes = False


def apply(
    session: Session,
    how: ApplyFlags,
    *,
    file: Annotated[Path, typer.Option(flag.FILE, "-f", help="The cluster.yaml, or - for stdin.")],
) -> Came:
    """Change a cluster that stands to what its file says; again, it goes on where it stopped.

    Old and new values are shown and asked about. What cannot be changed in place is refused before
    anything is changed (exit 6), with the way to it.

    Example: ackgpu apply -f cluster.yaml --dry-run
    """
    from ackgpu.commands.cluster.apply import ApplyOptions, execute

    return execute(ApplyOptions(file=file, **how.given()), session)
