"""``ackgpu list``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli.command import add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "list", list_clusters)


def list_clusters(
    app: App,
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
            help="Only those with this tag, key=value; repeatable.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """List ackgpu's clusters, and what unfinished ones left.

    Example: ackgpu list --all-regions -o json
    """
    from ackgpu.commands.listing import ListOptions, run

    options = ListOptions(all_regions=all_regions, expired=expired, selectors=tuple(selector or ()))
    return run(options, app)
