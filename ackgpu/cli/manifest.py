"""``ackgpu manifest``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli.command import Came, add_command, command_group
from ackgpu.cli.run_sample import Image, Private
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    group = command_group("Print manifests for kubectl.")
    add_command(group, "sample", sample, prefix="manifest")
    root.add_typer(group, name="manifest")


def sample(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(help="Fit it to this cluster's nodes and region.", show_default=False),
    ] = None,
    *,
    image: Image = None,
    private: Private = False,
) -> Came:
    """Print the CUDA sample's Deployment; without a name as ACK documents it.

    Example: ackgpu manifest sample demo | kubectl apply -f -
    """
    from ackgpu.commands.program import manifest as command

    options = command.ManifestOptions(name=name or "", image=image or "", private=private)
    return command.sample(options, session)
