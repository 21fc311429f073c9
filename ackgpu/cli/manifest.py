"""``ackgpu manifest``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli.command import Came
from ackgpu.cli.run_sample import Image, Private
from ackgpu.session import Session

GROUP = "Print manifests for kubectl."


def sample(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(help="Fit it to this cluster's nodes and region."),
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
