"""``ackgpu verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli.command import add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "verify", verify)


def verify(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: Annotated[
        str | None, typer.Argument(help="A cluster of ackgpu's.", show_default=False)
    ] = None,
    *,
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="Any cluster, by its kubeconfig.", show_default=False),
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="A context of it.", show_default=False)
    ] = None,
    level: Annotated[str, typer.Option("--level", help="labels or allocatable.")] = "allocatable",
    private: Annotated[
        bool, typer.Option("--private", help="Over the private endpoint, from within the VPC.")
    ] = False,
) -> int:
    """Check every GPU node, rung by rung; exit 9 where one is not what was paid for.

    Example: ackgpu verify demo --level labels
    """
    from ackgpu.commands.verify import VerifyOptions, run

    options = VerifyOptions(
        name=name or "",
        kubeconfig=kubeconfig,
        context=context or "",
        level=level,
        private=private,
    )
    return run(options, app)
