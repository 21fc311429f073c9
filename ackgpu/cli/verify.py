"""``ackgpu verify``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ackgpu import flag
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.cli.run_sample import Image
from ackgpu.session import Session


class VerifyFlags(FlagSet):
    """Which cluster is verified, and how."""

    name: Annotated[str | None, typer.Argument(help="A cluster of ackgpu's.")] = None
    kubeconfig: Annotated[
        Path | None,
        typer.Option(flag.KUBECONFIG, help="Any cluster, by its kubeconfig."),
    ] = None
    context: Annotated[
        str | None,
        typer.Option(flag.CONTEXT, metavar="CONTEXT", help="A context of it."),
    ] = None
    level: Annotated[
        Literal["labels", "allocatable", "network", "cuda"],
        typer.Option(flag.LEVEL, help="How far to check; each level includes the ones before."),
    ] = "allocatable"
    count: Annotated[int, typer.Option(flag.COUNT, help="How many passes in a row must agree.")] = 1
    image: Image = None
    timeout: Annotated[
        str | None,
        typer.Option(
            flag.TIMEOUT, metavar="DURATION", help="How long the pods may take. Default: 15m."
        ),
    ] = None
    junit: Annotated[Path | None, typer.Option(flag.JUNIT, help="Write a JUnit report.")] = None
    report: Annotated[Path | None, typer.Option(flag.REPORT, help="Write a page of HTML.")] = None
    private: Annotated[
        bool, typer.Option(flag.PRIVATE, help="Over the private endpoint, from within the VPC.")
    ] = False


def verify(session: Session, how: VerifyFlags) -> Came:
    """Check every GPU node, check by check; exit 9 where one is not what was paid for.

    Example: ackgpu verify demo --level labels
    """
    from ackgpu.commands.verify.command import VerifyOptions, execute

    return execute(VerifyOptions(**how.given()), session)
