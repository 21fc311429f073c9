"""``ackgpu preflight``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Region, add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "preflight", preflight)


def preflight(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    *,
    name: on.Name = None,
    file: on.File = None,
    region: Region = None,
    zone: on.Zones = None,
    instance_type: on.InstanceTypes = None,
    nodes: on.Nodes = None,
    vpc_id: on.VpcId = None,
    vswitch_id: on.VSwitchIds = None,
    network: on.NetworkPlugin = None,
    pod_cidr: on.PodCidr = None,
    service_cidr: on.ServiceCidr = None,
    kubernetes_version: on.Version = None,
    cluster_spec: on.ClusterSpecFlag = None,
    public_endpoint: on.PublicEndpoint = None,
    ssh: on.Ssh = None,
    key_pair: on.KeyPair = None,
    spot: on.Spot = None,
    spot_price_limit: on.SpotPriceLimit = None,
    charge_type: on.ChargeType = None,
    period: on.Period = None,
    max_hourly_price: on.MaxHourlyPrice = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Checks to carry out, by comma.", show_default=False),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", help="Write a JUnit report there.", show_default=False),
    ] = None,
    limits: on.DocumentedLimits = "2020",
    limit: on.LimitOverrides = None,
) -> int:
    """Check all that can be known before anything is made; exit 3 where a check fails.

    Example: ackgpu preflight -f cluster.yaml --only quota,stock
    """
    from ackgpu.commands.preflight import PreflightOptions, run
    from ackgpu.commands.specs import SpecOptions
    from ackgpu.spec.flags import SpecFlags

    flags = SpecFlags(
        name=name,
        region=region,
        zones=tuple(zone or ()),
        instance_types=tuple(instance_type or ()),
        nodes=nodes,
        vpc_id=vpc_id,
        vswitch_ids=tuple(vswitch_id or ()),
        network=network,
        pod_cidr=pod_cidr,
        service_cidr=service_cidr,
        kubernetes_version=kubernetes_version,
        cluster_spec=cluster_spec,
        public_endpoint=public_endpoint,
        ssh=ssh,
        key_pair=key_pair,
        spot=spot,
        spot_price_limit=spot_price_limit,
        charge_type=charge_type,
        period=period,
        max_hourly_price=max_hourly_price,
    )
    options = PreflightOptions(
        wants=SpecOptions(flags=flags, file=file),
        only=on.by_comma(only),
        junit=junit,
        limits=limits,
        overrides=tuple(limit or ()),
    )
    return run(options, app)
