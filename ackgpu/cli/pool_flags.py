"""Flags of one node pool."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags
from ackgpu.cli import spec_flags as on
from ackgpu.cli.flag_set import FlagSet
from ackgpu.spec.fields import flags_on

if TYPE_CHECKING:
    from ackgpu.commands.nodepool.spec import PoolFlags

PoolName = Annotated[str, typer.Argument(help="The node pool's name.")]
File = Annotated[
    Path | None,
    typer.Option(flag.FILE, "-f",
                 help="A cluster.yaml (- for stdin) that has a pool of this name."),
]  # fmt: skip
Zones = Annotated[
    list[str] | None,
    typer.Option(flag.ZONE, metavar="ZONE",
                 help="Of the cluster's vSwitches only those there; repeatable."),
]  # fmt: skip
VSwitchIds = Annotated[
    list[str] | None,
    typer.Option(flag.VSWITCH_ID, metavar="VSWITCH_ID",
                 help="A vSwitch of the VPC, repeatable; default: the cluster's."),
]  # fmt: skip
Labels = Annotated[
    list[str] | None,
    typer.Option(flag.LABEL, metavar="KEY=VALUE",
                 help="key=value on each node, such as ack.node.gpu.schedule=default;"
                 " repeatable."),
]  # fmt: skip
Taints = Annotated[
    list[str] | None,
    typer.Option(flag.TAINT, metavar="TAINT",
                 help="key=value:NoSchedule on each node; repeatable."),
]  # fmt: skip
SystemDisk = Annotated[
    str,
    typer.Option("--system-disk", metavar="DISK",
                 help="GiB or category:GiB; default: what the type takes, 120."),
]  # fmt: skip
DataDisks = Annotated[
    list[str] | None,
    typer.Option("--data-disk", metavar="DISK",
                 help="GiB or category:GiB, repeatable; ACK formats the last one."),
]  # fmt: skip
UserData = Annotated[
    Path | None,
    typer.Option(flag.USER_DATA, help="A script to run on each node once it has joined."),
]  # fmt: skip
OnDemandBase = Annotated[
    int | None,
    typer.Option("--on-demand-base", help=f"With {flag.SPOT}: how many nodes are not spot."),
]  # fmt: skip
Least = Annotated[
    int | None,
    typer.Option(flag.MIN, help="Let the pool scale itself, with at least so many nodes."),
]  # fmt: skip
Most = Annotated[
    int | None,
    typer.Option(flag.MAX, help="Let the pool scale itself, with at most so many nodes."),
]  # fmt: skip
SkipPreflight = Annotated[
    bool,
    typer.Option(flag.SKIP_PREFLIGHT, metavar="CHECK", help="Do not check quota and stock first."),
]
DryRun = Annotated[bool, typer.Option(flag.DRY_RUN, help="Show what would be done.")]


class PoolSet(FlagSet, fields=flags_on("pool")):
    """What a node pool is to be."""

    file: File = None
    labels: Labels = None
    taints: Taints = None
    system_disk: SystemDisk = ""
    data_disks: DataDisks = None
    user_data: UserData = None
    spot: on.Spot = None
    spot_price_limit: on.SpotPriceLimit = None
    on_demand_base: OnDemandBase = None
    least: Least = None
    most: Most = None

    def flags(self) -> "PoolFlags":
        """The flags as the commands take them."""
        from ackgpu.commands.nodepool.spec import PoolFlags
        from ackgpu.spec.flags import spot_settings

        given = self.given()
        rows = {row.parameter: row.in_pool for row in flags_on("pool")}
        settings = {key: given.pop(flag) for flag, key in rows.items() if flag in given}
        asked, limit = given.pop("spot", None), given.pop("spot_price_limit", None)
        spot = spot_settings(spot=asked, limit=limit) or {}
        if "on_demand_base" in given:
            spot["onDemandBase"] = given.pop("on_demand_base")
        return PoolFlags(settings=settings, spot=spot, **given)


class RunFlags(FlagSet):
    """How a change of a cluster is carried out."""

    dry_run: DryRun = False
    wait: flags.Wait = True
    timeout: flags.Timeout = None


class ChangeFlags(RunFlags):
    """The same, for a change that is asked about."""

    yes: flags.Yes = False


class PasswordFlags(FlagSet):
    """Where the nodes' password comes from; never the command line."""

    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="Ask for the nodes' password.")
    ] = False
    password_file: Annotated[
        Path | None,
        typer.Option(
            flag.PASSWORD_FILE,
            help="A file that holds the nodes' password; or set ACKGPU_NODE_PASSWORD.",
        ),
    ] = None
