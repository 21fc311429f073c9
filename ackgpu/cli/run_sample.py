"""``ackgpu run-sample``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session

Image = Annotated[
    str | None,
    typer.Option(flag.IMAGE, metavar="IMAGE",
                 help="An image with nvcc; default: one that fits the driver."),
]  # fmt: skip
Private = Annotated[
    bool, typer.Option(flag.PRIVATE, help="Over the private endpoint, from within the VPC.")
]


def run_sample(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    name: on.ClusterName,
    *,
    image: Image = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the Deployment.")] = False,
    private: Private = False,
    timeout: on.Timeout = None,
) -> Came:
    """Run a CUDA program on one GPU of the cluster, and delete what it needed.

    Example: ackgpu run-sample demo
    """
    from ackgpu.commands.verify.run_sample import RunSampleOptions, execute

    options = RunSampleOptions(
        name=name, image=image or "", keep=keep, private=private, timeout=timeout or ""
    )
    return execute(options, session)
