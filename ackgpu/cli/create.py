"""``ackgpu create``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import Region, add_command


def register(root: typer.Typer) -> None:
    """Add the command."""
    add_command(root, "create", create)


def create(  # noqa: PLR0913 -- the flags of the contract
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
    ttl: on.Ttl = None,
    max_hourly_price: on.MaxHourlyPrice = None,
    verify: on.Verify = None,
    on_failure: on.OnFailure = None,
    skip_preflight: Annotated[
        list[str] | None,
        typer.Option(
            "--skip-preflight", help="A check to leave out, repeatable; or all.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made.")] = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
    kubeconfig: on.Kubeconfig = None,
) -> int:
    """Make a cluster and prove that its GPUs are usable; again, it goes on where it stopped.

    A name that exists with the same spec is continued; with another spec it is refused (exit 6),
    and the difference is shown.

    Example: ackgpu create demo --emulator
    """
    from ackgpu.commands.create import CreateOptions, run
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
        ttl=ttl,
        max_hourly_price=max_hourly_price,
        verify=verify,
        on_failure=on_failure,
        timeout=timeout,
    )
    wants = SpecOptions(flags=flags, file=file)
    options = CreateOptions(
        wants=wants,
        dry_run=dry_run,
        wait=wait,
        kubeconfig=kubeconfig,
        skip_preflight=on.by_comma(skip_preflight),
    )
    return run(options, app)
