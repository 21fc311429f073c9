"""Flags of one node pool."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ackgpu.cli import spec_flags as on
from ackgpu.cli.flag_set import FlagSet

if TYPE_CHECKING:
    from ackgpu.commands.pool_spec import PoolFlags

PoolName = Annotated[str, typer.Argument(help="The node pool's name.", show_default=False)]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="A cluster.yaml (- for stdin) that has a pool of this name.",
                 show_default=False),
]  # fmt: skip
Zones = Annotated[
    list[str] | None,
    typer.Option("--zone", help="Of the cluster's vSwitches only those there; repeatable.",
                 show_default=False),
]  # fmt: skip
VSwitchIds = Annotated[
    list[str] | None,
    typer.Option("--vswitch-id", help="A vSwitch of the VPC, repeatable; default: the cluster's.",
                 show_default=False),
]  # fmt: skip
MultiAzPolicy = Annotated[
    str | None,
    typer.Option("--multi-az-policy", help="BALANCE (default), PRIORITY or COST_OPTIMIZED.",
                 show_default=False),
]  # fmt: skip
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", help="key=value on each node, such as ack.node.gpu.schedule=default;"
                 " repeatable.", show_default=False),
]  # fmt: skip
Taints = Annotated[
    list[str] | None,
    typer.Option("--taint", help="key=value:NoSchedule on each node; repeatable.",
                 show_default=False),
]  # fmt: skip
SystemDisk = Annotated[
    str,
    typer.Option("--system-disk", help="GiB or category:GiB; default: what the type takes, 120.",
                 show_default=False),
]  # fmt: skip
DataDisks = Annotated[
    list[str] | None,
    typer.Option("--data-disk", help="GiB or category:GiB, repeatable; ACK formats the last one.",
                 show_default=False),
]  # fmt: skip
ImageType = Annotated[
    str | None,
    typer.Option("--image-type", help="Default AliyunLinux3.", show_default=False),
]
UserData = Annotated[
    Path | None,
    typer.Option("--user-data", help="A script to run on each node once it has joined.",
                 show_default=False),
]  # fmt: skip
LicenseServer = Annotated[
    str | None,
    typer.Option("--license-server", help="host:port of the GRID licence server (vgn5i, vgn6i).",
                 show_default=False),
]  # fmt: skip
OnDemandBase = Annotated[
    int | None,
    typer.Option("--on-demand-base", help="With --spot: how many nodes are not spot.",
                 show_default=False),
]  # fmt: skip
AutoRenew = Annotated[
    bool | None,
    typer.Option("--auto-renew/--no-auto-renew", help="For PrePaid.", show_default=False),
]
Least = Annotated[
    int | None,
    typer.Option("--min", help="Let the pool scale itself, with at least so many nodes.",
                 show_default=False),
]  # fmt: skip
Most = Annotated[
    int | None,
    typer.Option("--max", help="Let the pool scale itself, with at most so many nodes.",
                 show_default=False),
]  # fmt: skip
SkipPreflight = Annotated[
    bool, typer.Option("--skip-preflight", help="Do not check quota and stock first.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done.")]


SETTINGS = {
    "instance_types": "instanceTypes",
    "nodes": "desiredSize",
    "multi_az_policy": "multiAzPolicy",
    "image_type": "imageType",
    "key_pair": "keyPair",
    "license_server": "licenseServer",
    "charge_type": "chargeType",
    "period": "period",
    "auto_renew": "autoRenew",
}
"""Flags that are keys of a spec's pool as they stand."""


class PoolSet(FlagSet):
    """What a node pool is to be."""

    file: File = None
    instance_types: on.InstanceTypes = None
    nodes: on.Nodes = None
    multi_az_policy: MultiAzPolicy = None
    labels: Labels = None
    taints: Taints = None
    system_disk: SystemDisk = ""
    data_disks: DataDisks = None
    image_type: ImageType = None
    key_pair: on.KeyPair = None
    user_data: UserData = None
    license_server: LicenseServer = None
    spot: on.Spot = None
    spot_price_limit: on.SpotPriceLimit = None
    on_demand_base: OnDemandBase = None
    charge_type: on.ChargeType = None
    period: on.Period = None
    auto_renew: AutoRenew = None
    least: Least = None
    most: Most = None

    def flags(self) -> "PoolFlags":
        """The flags as the commands take them."""
        from ackgpu.commands.pool_spec import PoolFlags
        from ackgpu.spec.flags import spot_settings

        given = self.given()
        settings = {key: given.pop(flag) for flag, key in SETTINGS.items() if flag in given}
        asked, limit = given.pop("spot", None), given.pop("spot_price_limit", None)
        spot = spot_settings(spot=asked, limit=limit) or {}
        if "on_demand_base" in given:
            spot["onDemandBase"] = given.pop("on_demand_base")
        return PoolFlags(settings=settings, spot=spot, **given)


class RunFlags(FlagSet):
    """How a change of a cluster is carried out."""

    dry_run: DryRun = False
    wait: on.Wait = True
    timeout: on.Timeout = None


class ChangeFlags(RunFlags):
    """The same, for a change that is asked about."""

    yes: on.Yes = False


class PasswordFlags(FlagSet):
    """Where the nodes' password comes from; never the command line."""

    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="Ask for the nodes' password.")
    ] = False
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            help="A file that holds the nodes' password; or set ACKGPU_NODE_PASSWORD.",
            show_default=False,
        ),
    ] = None
