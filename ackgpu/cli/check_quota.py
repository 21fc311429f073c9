"""``ackgpu check-quota``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Region, add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "check-quota", check_quota)


def check_quota(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    *,
    file: on.File = None,
    region: Region = None,
    zone: on.Zones = None,
    instance_type: on.InstanceTypes = None,
    nodes: on.Nodes = None,
    vpc_id: on.VpcId = None,
    vswitch_id: on.VSwitchIds = None,
    network: on.NetworkPlugin = None,
    cluster_spec: on.ClusterSpecFlag = None,
    public_endpoint: on.PublicEndpoint = None,
    spot: on.Spot = None,
    charge_type: on.ChargeType = None,
    period: on.Period = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 also where a limit is not known.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="From the documents alone; nothing is asked.")
    ] = False,
    limits: on.DocumentedLimits = "2020",
    limit: on.LimitOverrides = None,
) -> int:
    """Show every limit that a cluster touches, and whether there is room; exit 3 where not.

    Example: ackgpu check-quota --nodes 48 --network flannel
    """
    from ackgpu.commands.check_quota import CheckQuotaOptions, run
    from ackgpu.commands.specs import SpecOptions
    from ackgpu.spec.flags import SpecFlags

    flags = SpecFlags(
        region=region,
        zones=tuple(zone or ()),
        instance_types=tuple(instance_type or ()),
        nodes=nodes,
        vpc_id=vpc_id,
        vswitch_ids=tuple(vswitch_id or ()),
        network=network,
        cluster_spec=cluster_spec,
        public_endpoint=public_endpoint,
        spot=spot,
        charge_type=charge_type,
        period=period,
    )
    options = CheckQuotaOptions(
        wants=SpecOptions(flags=flags, file=file),
        strict=strict,
        offline=offline,
        limits=limits,
        overrides=tuple(limit or ()),
    )
    return run(options, app)
