"""``ackgpu offers``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.cli.command import Came, add_command
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    add_command(root, "offers", offers)


def offers(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    *,
    gpu_mem: Annotated[
        str | None,
        typer.Option(
            "--gpu-mem",
            metavar="GIB",
            help="GiB of the slice: 4, 2..8, 4.. or ..8.",
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            "-r",
            metavar="REGION",
            help="A region, repeatable; default: the configured one.",
            show_default=False,
        ),
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", metavar="ZONE", help="A zone, repeatable.", show_default=False),
    ] = None,
    instance_type: Annotated[
        list[str] | None,
        typer.Option(
            "--instance-type",
            metavar="TYPE",
            help="A type, repeatable; default: every vGPU type.",
            show_default=False,
        ),
    ] = None,
    spot: Annotated[bool, typer.Option("--spot", help="Ask for spot prices too.")] = False,
    available: Annotated[bool, typer.Option("--available", help="Only what has stock.")] = False,
) -> Came:
    """Show vGPU instance types by zone: slice, stock and price an hour, the best first.

    Example: ackgpu offers --gpu-mem 2..8 --region cn-hangzhou --region cn-shanghai
    """  # fmt: skip
    from ackgpu.commands.account.offers import OffersOptions, execute

    options = OffersOptions(
        gpu_mem=gpu_mem or "",
        regions=tuple(region or ()),
        zones=tuple(zone or ()),
        types=tuple(instance_type or ()),
        spot=spot,
        available=available,
    )
    return execute(options, session)
