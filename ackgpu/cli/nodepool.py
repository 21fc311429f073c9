"""``ackgpu nodepool``."""

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


class AddFlags(of.PasswordFlags, of.RunFlags):
    """Where a new pool's nodes go, and how it is added."""

    zones: of.Zones = None
    vswitch_ids: of.VSwitchIds = None
    skip_preflight: of.SkipPreflight = False


def add(app: App, name: on.ClusterName, pool: of.PoolName, wants: of.PoolSet, how: AddFlags) -> int:
    """Add a node pool, and prove its GPUs; again, it goes on where it stopped.

    Example: ackgpu nodepool add demo small --instance-type ecs.sgn7i-vws-m2.xlarge --nodes 1
    """
    from ackgpu.commands import nodepool as command

    options = command.AddOptions(name=name, pool=pool, flags=wants.flags(), **how.given())
    return command.add(options, app)


def scale(
    app: App,
    name: on.ClusterName,
    pool: of.PoolName,
    how: of.ChangeFlags,
    *,
    nodes: Annotated[int, typer.Option("--nodes", help="The absolute number.")],
) -> int:
    """Set the number of a pool's nodes; fewer than now is asked about.

    Example: ackgpu nodepool scale demo gpu --nodes 4
    """
    from ackgpu.commands.changing import ChangeOptions
    from ackgpu.commands.nodepool_size import scale as run

    return run(ChangeOptions(name=name, pool=pool, **how.given()), nodes, app)


def delete(app: App, name: on.ClusterName, pool: of.PoolName, how: of.ChangeFlags) -> int:
    """Remove a pool with its nodes. What is not there is no error.

    Example: ackgpu nodepool delete demo small --yes
    """
    from ackgpu.commands.changing import ChangeOptions
    from ackgpu.commands.nodepool_size import delete as run

    return run(ChangeOptions(name=name, pool=pool, **how.given()), app)


class AttachFlags(of.PasswordFlags, of.ChangeFlags):
    """What is attached, and how."""

    instance_ids: Annotated[
        list[str],
        typer.Option("--instance-id", help="An existing instance of the VPC; repeatable."),
    ]
    mode: Annotated[
        str,
        typer.Option("--mode", help="auto: ACK replaces the system disk; manual: print a script."),
    ] = "auto"
    keep_name: Annotated[
        bool, typer.Option("--keep-name/--rename", help="Whether instances keep their names.")
    ] = True
    format_disk: Annotated[
        bool, typer.Option("--format-disk", help="Format the data disk too, for containers.")
    ] = False


def attach(app: App, name: on.ClusterName, pool: of.PoolName, how: AttachFlags) -> int:
    """Take existing vGPU instances into a pool.

    They are checked first: state, VPC, zone, type, whether they are nodes already, and quotas.

    Example: ackgpu nodepool attach demo gpu --instance-id i-bp1abc
    """
    from ackgpu.commands import nodepool_attach as command

    return command.attach(command.AttachOptions(name=name, pool=pool, **how.given()), app)


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
