"""``ackgpu verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ackgpu.cli.command import Came, add_command
from ackgpu.cli.run_sample import Image
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "verify", verify)


def verify(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    name: Annotated[
        str | None, typer.Argument(help="A cluster of ackgpu's.", show_default=False)
    ] = None,
    *,
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="Any cluster, by its kubeconfig.", show_default=False),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="CONTEXT", help="A context of it.", show_default=False),
    ] = None,
    level: Annotated[
        Literal["labels", "allocatable", "network", "cuda"],
        typer.Option("--level", help="How far to check; each level includes the ones before."),
    ] = "allocatable",
    count: Annotated[int, typer.Option("--count", help="How many passes in a row must agree.")] = 1,
    image: Image = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            help="How long the pods may take. Default: 15m.",
            show_default=False,
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write a JUnit report.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page of HTML.", show_default=False)
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Over the private endpoint, from within the VPC.")
    ] = False,
) -> Came:
    """Check every GPU node, check by check; exit 9 where one is not what was paid for.

    Example: ackgpu verify demo --level labels
    """
    from ackgpu.commands.verify.command import VerifyOptions, execute

    options = VerifyOptions(
        name=name or "",
        kubeconfig=kubeconfig,
        context=context or "",
        level=level,
        private=private,
        count=count,
        image=image or "",
        timeout=timeout or "",
        junit=junit,
        report=report,
    )
    return execute(options, session)
