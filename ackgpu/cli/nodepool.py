"""``ackgpu nodepool``."""

from __future__ import annotations

from typing import Annotated

import typer

from ackgpu.app import App
from ackgpu.cli import pool_flags as of
from ackgpu.cli import spec_flags as on
from ackgpu.cli.command import add_command


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The node pools of a cluster.")
    for name, function in (
        ("list", list_pools),
        ("add", add),
        ("scale", scale),
        ("delete", delete),
        ("attach", attach),
        ("convert-billing", convert_billing),
    ):
        add_command(group, name, function, prefix="nodepool")
    root.add_typer(group, name="nodepool")


def list_pools(app: App, name: on.ClusterName) -> int:
    """List the node pools.

    Example: ackgpu nodepool list demo -o json
    """
    from ackgpu.commands.nodepool import list_pools as run

    return run(name, app)


def add(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    file: of.File = None,
    instance_type: on.InstanceTypes = None,
    nodes: on.Nodes = None,
    zone: of.Zones = None,
    vswitch_id: of.VSwitchIds = None,
    multi_az_policy: of.MultiAzPolicy = None,
    label: of.Labels = None,
    taint: of.Taints = None,
    system_disk: of.SystemDisk = "",
    data_disk: of.DataDisks = None,
    image_type: of.ImageType = None,
    key_pair: on.KeyPair = None,
    ask_password: of.AskPassword = False,
    password_file: of.PasswordFile = None,
    user_data: of.UserData = None,
    license_server: of.LicenseServer = None,
    spot: on.Spot = None,
    spot_price_limit: on.SpotPriceLimit = None,
    on_demand_base: of.OnDemandBase = None,
    charge_type: on.ChargeType = None,
    period: on.Period = None,
    auto_renew: of.AutoRenew = None,
    least: of.Least = None,
    most: of.Most = None,
    skip_preflight: of.SkipPreflight = False,
    dry_run: of.DryRun = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
) -> int:
    """Add a node pool, and prove its GPUs; again, it goes on where it stopped.

    Example: ackgpu nodepool add demo small --instance-type ecs.sgn7i-vws-m2.xlarge --nodes 1
    """
    from ackgpu.commands.nodepool import AddOptions
    from ackgpu.commands.nodepool import add as run
    from ackgpu.commands.pool_spec import PoolFlags

    flags = PoolFlags(
        file=file,
        settings={
            "instanceTypes": instance_type,
            "desiredSize": nodes,
            "multiAzPolicy": multi_az_policy,
            "imageType": image_type,
            "keyPair": key_pair,
            "licenseServer": license_server,
            "chargeType": charge_type,
            "period": period,
            "autoRenew": auto_renew,
        },
        labels=tuple(label or ()),
        taints=tuple(taint or ()),
        system_disk=system_disk,
        data_disks=tuple(data_disk or ()),
        user_data=user_data,
        spot=of.spot_settings(spot=spot, limit=spot_price_limit, base=on_demand_base),
        least=least,
        most=most,
    )
    options = AddOptions(
        name=name,
        pool=pool,
        flags=flags,
        zones=tuple(zone or ()),
        vswitch_ids=tuple(vswitch_id or ()),
        password_file=password_file,
        ask_password=ask_password,
        skip_preflight=skip_preflight,
        dry_run=dry_run,
        wait=wait,
        timeout=timeout or "",
    )
    return run(options, app)


def scale(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    nodes: Annotated[int, typer.Option("--nodes", help="The absolute number.")],
    dry_run: of.DryRun = False,
    yes: on.Yes = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
) -> int:
    """Set the number of a pool's nodes; fewer than now is asked about.

    Example: ackgpu nodepool scale demo gpu --nodes 4
    """
    from ackgpu.commands.changing import ChangeOptions
    from ackgpu.commands.nodepool_size import scale as run

    options = ChangeOptions(
        name=name, pool=pool, dry_run=dry_run, yes=yes, wait=wait, timeout=timeout or ""
    )
    return run(options, nodes, app)


def delete(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    dry_run: of.DryRun = False,
    yes: on.Yes = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
) -> int:
    """Remove a pool with its nodes. What is not there is no error.

    Example: ackgpu nodepool delete demo small --yes
    """
    from ackgpu.commands.changing import ChangeOptions
    from ackgpu.commands.nodepool_size import delete as run

    options = ChangeOptions(
        name=name, pool=pool, dry_run=dry_run, yes=yes, wait=wait, timeout=timeout or ""
    )
    return run(options, app)


def attach(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    instance_id: Annotated[
        list[str],
        typer.Option("--instance-id", help="An existing instance of the VPC; repeatable."),
    ],
    mode: Annotated[
        str,
        typer.Option("--mode", help="auto: ACK replaces the system disk; manual: print a script."),
    ] = "auto",
    keep_name: Annotated[
        bool, typer.Option("--keep-name/--rename", help="Whether instances keep their names.")
    ] = True,
    format_disk: Annotated[
        bool, typer.Option("--format-disk", help="Format the data disk too, for containers.")
    ] = False,
    ask_password: of.AskPassword = False,
    password_file: of.PasswordFile = None,
    dry_run: of.DryRun = False,
    yes: on.Yes = False,
    wait: on.Wait = True,
    timeout: on.Timeout = None,
) -> int:
    """Take existing vGPU instances into a pool.

    They are checked first: state, VPC, zone, type, whether they are nodes already, and quotas.

    Example: ackgpu nodepool attach demo gpu --instance-id i-bp1abc
    """
    from ackgpu.commands.nodepool_attach import AttachOptions
    from ackgpu.commands.nodepool_attach import attach as run

    options = AttachOptions(
        name=name,
        pool=pool,
        instance_ids=tuple(instance_id),
        mode=mode,
        keep_name=keep_name,
        format_disk=format_disk,
        ask_password=ask_password,
        password_file=password_file,
        dry_run=dry_run,
        yes=yes,
        wait=wait,
        timeout=timeout or "",
    )
    return run(options, app)


def convert_billing(  # noqa: PLR0913 -- the flags of the contract
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    period: Annotated[int, typer.Option("--period", help="Months.")],
    dry_run: of.DryRun = False,
    yes: on.Yes = False,
    timeout: on.Timeout = None,
) -> int:
    """Change a pool's nodes from pay-as-you-go to a subscription, which is paid at once.

    Example: ackgpu nodepool convert-billing demo gpu --period 1 --dry-run
    """
    from ackgpu.commands.changing import ChangeOptions
    from ackgpu.commands.nodepool_billing import convert

    options = ChangeOptions(name=name, pool=pool, dry_run=dry_run, yes=yes, timeout=timeout or "")
    return convert(options, period, app)
