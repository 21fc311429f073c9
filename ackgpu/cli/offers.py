"""``ackgpu offers``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli.command import Came
from ackgpu.cli.flag_set import FlagSet
from ackgpu.session import Session


class OfferFlags(FlagSet):
    """Which offers are shown."""

    gpu_mem: Annotated[
        str | None,
        typer.Option(flag.GPU_MEM, metavar="GIB", help="GiB of the slice: 4, 2..8, 4.. or ..8."),
    ] = None
    region: Annotated[
        list[str] | None,
        typer.Option(
            flag.REGION,
            "-r",
            metavar="REGION",
            help="A region, repeatable; default: the configured one.",
        ),
    ] = None
    zones: Annotated[
        list[str] | None,
        typer.Option(flag.ZONE, metavar="ZONE", help="A zone, repeatable."),
    ] = None
    types: Annotated[
        list[str] | None,
        typer.Option(
            flag.INSTANCE_TYPE, metavar="TYPE", help="A type, repeatable; default: every vGPU type."
        ),
    ] = None
    spot: Annotated[bool, typer.Option(flag.SPOT, help="Ask for spot prices too.")] = False
    available: Annotated[bool, typer.Option("--available", help="Only what has stock.")] = False


def offers(session: Session, how: OfferFlags) -> Came:
    """Show vGPU instance types by zone: slice, stock and price an hour, the best first.

    Example: ackgpu offers --gpu-mem 2..8 --region cn-hangzhou --region cn-shanghai
    """  # fmt: skip
    from ackgpu.commands.account.offers import OffersOptions, execute

    given = how.given()
    return execute(OffersOptions(regions=given.pop("region", ()), **given), session)
