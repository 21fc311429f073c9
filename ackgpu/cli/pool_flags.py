"""Flags of one node pool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

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
AskPassword = Annotated[bool, typer.Option("--ask-password", help="Ask for the nodes' password.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="A file that holds the nodes' password; or set"
                 " ACKGPU_NODE_PASSWORD.", show_default=False),
]  # fmt: skip
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


def spot_settings(*, spot: bool | None, limit: float | None, base: int | None) -> dict[str, Any]:
    """The pool's ``spot``; a price limit alone asks for spot nodes too."""
    settings: dict[str, Any] = {}
    if limit is not None and spot is not False:
        settings = {"strategy": "SpotWithPriceLimit", "priceLimit": limit}
    elif spot is not None:
        settings = {"strategy": "SpotAsPriceGo" if spot else "NoSpot"}
    return settings | ({} if base is None else {"onDemandBase": base})
