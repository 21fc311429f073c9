"""``ackgpu list``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class ListFlags(FlagSet):
    """Which clusters are listed."""

    all_regions: Annotated[bool, typer.Option(flag.ALL_REGIONS, "-A", help="Ask every region.")] = (
        False
    )
    expired: Annotated[
        bool, typer.Option(flag.EXPIRED, help=f"Only those past their {flag.TTL}.")
    ] = False
    selectors: Annotated[
        list[str] | None,
        typer.Option(
            "--selector",
            "-l",
            metavar="KEY=VALUE",
            help="Only those with this tag, key=value; repeatable.",
        ),
    ] = None
    watch: on.Watch = False


def list_clusters(session: Session, how: ListFlags) -> Came:
    """List ackgpu's clusters, and what unfinished ones left.

    Example: ackgpu list --all-regions -o json
    """
    from ackgpu.commands.account import list_clusters as command

    given = how.given()
    show = command.watch if given.pop("watch") else command.execute
    return show(command.ListOptions(**given), session)
