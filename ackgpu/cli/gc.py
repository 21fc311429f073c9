"""``ackgpu gc``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class GcFlags(FlagSet):
    """What is collected, and how."""

    older_than: Annotated[
        str | None,
        typer.Option(
            flag.OLDER_THAN,
            metavar="DURATION",
            help="Whatever is ours and older than this, such as 6h.",
        ),
    ] = None
    expired: Annotated[
        bool,
        typer.Option(flag.EXPIRED, help=f"What is past its {flag.TTL}; by itself the default."),
    ] = False
    orphans: Annotated[
        bool, typer.Option(flag.ORPHANS, help="Networks of ours whose cluster is gone.")
    ] = False
    all_regions: Annotated[
        bool, typer.Option(flag.ALL_REGIONS, help="Look in every region of the account.")
    ] = False
    dry_run: Annotated[bool, typer.Option(flag.DRY_RUN, help="Show it only: the default.")] = False
    execute: Annotated[bool, typer.Option(flag.EXECUTE, help="Remove what is found.")] = False
    yes: on.Yes = False
    timeout: on.Timeout = None
    print_schedule: Annotated[
        str | None,
        typer.Option(
            flag.PRINT_SCHEDULE,
            metavar="cron|github|kubernetes",
            help="Print the job that runs gc with the other flags each hour, and do nothing else.",
        ),
    ] = None


def gc(session: Session, how: GcFlags) -> Came:
    """Find expired and forgotten clusters of ackgpu's by their tags, and remove them.

    Needs no state of any machine. What `ackgpu extend --hold` holds is left alone.

    Example: ackgpu gc --expired --orphans --all-regions --execute --yes
    """
    from ackgpu.commands.account import gc as command
    from ackgpu.commands.schedule import print_job

    options = command.GcOptions(**how.given())
    if how.print_schedule is not None:
        return print_job(options, session)
    return command.execute(options, session)
