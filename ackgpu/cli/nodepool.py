"""``ackgpu nodepool``."""

from typing import Annotated, Literal

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli import pool_flags as of
from ackgpu.cli.command import Came
from ackgpu.session import Session

GROUP = "The node pools of a cluster."


def list_(session: Session, name: on.ClusterName) -> Came:
    """List the node pools.

    Example: ackgpu nodepool list demo -o json
    """
    from ackgpu.commands.nodepool.add import list_pools as execute

    return execute(name, session)


class AddFlags(of.PasswordFlags, of.RunFlags):
    """Where a new pool's nodes go, and how it is added."""

    zones: of.Zones = None
    vswitch_ids: of.VSwitchIds = None
    skip_preflight: of.SkipPreflight = False


def add(
    session: Session, name: on.ClusterName, pool: of.PoolName, wants: of.PoolSet, how: AddFlags
) -> Came:
    """Add a node pool, and prove its GPUs; again, it goes on where it stopped.

    Example: ackgpu nodepool add demo small --instance-type ecs.sgn7i-vws-m2.xlarge --nodes 1
    """
    from ackgpu.commands.nodepool import add as command

    options = command.AddOptions(name=name, pool=pool, flags=wants.flags(), **how.given())
    return command.add(options, session)


class UpdateFlags(of.ChangeFlags):
    """What a pool's settings become."""

    labels: Annotated[
        list[str] | None,
        typer.Option(flag.LABEL, metavar="KEY=VALUE",
                     help="Set a label of its nodes, or remove one with KEY-; repeatable."),
    ] = None  # fmt: skip
    taints: Annotated[
        list[str] | None,
        typer.Option(flag.TAINT, metavar="TAINT",
                     help="Set a taint (key=value:NoSchedule), or remove one with KEY-;"
                     " repeatable."),
    ] = None  # fmt: skip
    least: Annotated[
        int | None,
        typer.Option(flag.MIN, help="The fewest nodes that it scales itself to."),
    ] = None  # fmt: skip
    most: Annotated[
        int | None,
        typer.Option(flag.MAX, help="The most nodes that it scales itself to."),
    ] = None  # fmt: skip
    scales: Annotated[
        bool | None,
        typer.Option(f"--autoscaling/{flag.NO_AUTOSCALING}",
                     help="Whether the pool scales itself; if not any more, it keeps its nodes."),
    ] = None  # fmt: skip


def update(session: Session, name: on.ClusterName, pool: of.PoolName, how: UpdateFlags) -> Came:
    """Change a pool's labels, taints and bounds in place; its nodes stay.

    Example: ackgpu nodepool update demo gpu --label team=sound --min 1 --max 4
    """
    from ackgpu.commands.nodepool import update as command

    return command.update(command.UpdateOptions(name=name, pool=pool, **how.given()), session)


def scale(
    session: Session,
    name: on.ClusterName,
    pool: of.PoolName,
    how: of.ChangeFlags,
    *,
    nodes: Annotated[int, typer.Option(flag.NODES, help="The absolute number.")],
) -> Came:
    """Set the number of a pool's nodes; fewer than now is asked about.

    Example: ackgpu nodepool scale demo gpu --nodes 4
    """
    from ackgpu.commands.nodepool import size as command

    options = command.ScaleOptions(name=name, pool=pool, nodes=nodes, **how.given())
    return command.scale(options, session)


def delete(session: Session, name: on.ClusterName, pool: of.PoolName, how: of.ChangeFlags) -> Came:
    """Remove a pool with its nodes. What is not there is no error.

    Example: ackgpu nodepool delete demo small --yes
    """
    from ackgpu.commands.cluster.operation import ChangeOptions
    from ackgpu.commands.nodepool.size import delete as execute

    return execute(ChangeOptions(name=name, pool=pool, **how.given()), session)


class AttachFlags(of.PasswordFlags, of.ChangeFlags):
    """What is attached, and how."""

    instance_ids: Annotated[
        list[str],
        typer.Option(
            "--instance-id",
            metavar="INSTANCE_ID",
            help="An existing instance of the VPC; repeatable.",
        ),
    ]
    mode: Annotated[
        Literal["auto", "manual"],
        typer.Option(flag.MODE, help="auto: ACK replaces the system disk; manual: print a script."),
    ] = "auto"
    keep_name: Annotated[
        bool, typer.Option("--keep-name/--rename", help="Whether instances keep their names.")
    ] = True
    format_disk: Annotated[
        bool, typer.Option("--format-disk", help="Format the data disk too, for containers.")
    ] = False


def attach(session: Session, name: on.ClusterName, pool: of.PoolName, how: AttachFlags) -> Came:
    """Take existing vGPU instances into a pool.

    They are checked first: state, VPC, zone, type, whether they are nodes already, and quotas.

    Example: ackgpu nodepool attach demo gpu --instance-id i-bp1abc
    """
    from ackgpu.commands.nodepool import attach as command

    return command.attach(command.AttachOptions(name=name, pool=pool, **how.given()), session)


def convert_billing(  # noqa: PLR0913 -- the flags of the contract
    session: Session,
    name: on.ClusterName,
    pool: of.PoolName,
    *,
    period: Annotated[int, typer.Option(flag.PERIOD, help="Months.")],
    dry_run: of.DryRun = False,
    yes: on.Yes = False,
    timeout: on.Timeout = None,
) -> Came:
    """Change a pool's nodes from pay-as-you-go to a subscription, which is paid at once.

    Example: ackgpu nodepool convert-billing demo gpu --period 1 --dry-run
    """
    from ackgpu.commands.nodepool.billing import ConvertOptions, convert

    options = ConvertOptions(
        name=name, pool=pool, months=period, dry_run=dry_run, yes=yes, timeout=timeout or ""
    )
    return convert(options, session)
