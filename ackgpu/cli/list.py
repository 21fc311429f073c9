"""``ackgpu list``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "list", list_clusters)


def list_clusters(
    session: Session,
    *,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", "-A", help="Ask every region.")
    ] = False,
    expired: Annotated[
        bool, typer.Option("--expired", help="Only those past their --ttl.")
    ] = False,
    selector: Annotated[
        list[str] | None,
        typer.Option(
            "--selector",
            "-l",
            metavar="KEY=VALUE",
            help="Only those with this tag, key=value; repeatable.",
            show_default=False,
        ),
    ] = None,
    watch: on.Watch = False,
) -> Came:
    """List ackgpu's clusters, and what unfinished ones left.

    Example: ackgpu list --all-regions -o json
    """
    from ackgpu.commands.account import list_clusters as command

    options = command.ListOptions(
        all_regions=all_regions, expired=expired, selectors=tuple(selector or ())
    )
    return command.watch(options, session) if watch else command.execute(options, session)
