"""``ackgpu sleep``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session

At = Annotated[
    str | None,
    typer.Option(flag.AT, metavar="HH:MM",
                 help="Print the job that does it then on each working day, and do nothing else."),
]  # fmt: skip
Until = Annotated[
    str | None,
    typer.Option(flag.UNTIL, metavar="HH:MM",
                 help=f"With {flag.AT}: print the job that wakes it, too."),
]  # fmt: skip
Schedule = Annotated[
    str,
    typer.Option(flag.PRINT_SCHEDULE, metavar="cron|github|kubernetes",
                 help=f"The form of the jobs of {flag.AT} and {flag.UNTIL}."),
]  # fmt: skip


def sleep(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    name: on.ClusterName,
    *,
    at: At = None,
    until: Until = None,
    print_schedule: Schedule = "cron",
    yes: on.Yes = False,
    timeout: on.Timeout = None,
) -> Came:
    """Release a cluster's nodes, and keep their sizes and bounds in its tags for wake.

    Example: ackgpu sleep demo --at 20:00 --until 08:00
    """
    if at is not None or until is not None:
        from ackgpu.commands.schedule import ScheduleOptions, print_jobs

        schedule = ScheduleOptions(name=name, at=at or "", until=until or "", kind=print_schedule)
        return print_jobs(schedule, session)
    from ackgpu.commands.cluster import sleep as command
    from ackgpu.commands.cluster.operation import ChangeOptions

    return command.sleep(ChangeOptions(name=name, yes=yes, timeout=timeout or ""), session)
