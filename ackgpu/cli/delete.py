"""``ackgpu delete``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "delete", delete, changes_cloud=True)


def delete(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    name: on.ClusterName,
    *,
    retain: Annotated[
        list[str] | None,
        typer.Option(
            "--retain", metavar="ID", help="An id that stays, repeatable.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go and what would stay.")
    ] = False,
    yes: on.Yes = False,
    must_exist: Annotated[
        bool, typer.Option("--must-exist", help="Exit 5 where there is nothing to delete.")
    ] = False,
    disable_protection: Annotated[
        bool,
        typer.Option("--disable-protection", help="Switch its deletion protection off first."),
    ] = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
    kubeconfig: on.Kubeconfig = None,
) -> Came:
    """Remove a cluster and all that was made for it, and read back that it is gone.

    Works from any machine, on a cluster in any state and on half of one. What is not there is no
    error.

    Example: ackgpu delete demo --yes
    """
    from ackgpu.commands.cluster.delete import DeleteOptions, execute

    options = DeleteOptions(
        name=name,
        retain=tuple(retain or ()),
        dry_run=dry_run,
        yes=yes,
        must_exist=must_exist,
        disable_protection=disable_protection,
        wait=wait,
        timeout=timeout or "",
        kubeconfig=kubeconfig,
    )
    return execute(options, session)
