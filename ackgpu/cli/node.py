"""``ackgpu node``."""

from typing import Annotated

import typer

from ackgpu import flag
from ackgpu.cli import flags as on
from ackgpu.cli import pool_flags as of
from ackgpu.cli.command import Came
from ackgpu.cli.run_sample import Private
from ackgpu.session import Session

Node = Annotated[str, typer.Argument(metavar="NODE", help="A node's name, or its instance's id.")]

GROUP = "The nodes of a cluster."


class DrainFlags(of.ChangeFlags):
    """How a node is emptied."""

    private: Private = False
    force: Annotated[bool, typer.Option(flag.FORCE, help="Also pods that nothing makes again.")] = (
        False
    )
    delete_emptydir_data: Annotated[
        bool, typer.Option(flag.DELETE_EMPTYDIR_DATA, help="Also pods with an emptyDir.")
    ] = False
    drain_timeout: Annotated[
        str | None,
        typer.Option(
            "--drain-timeout",
            metavar="DURATION",
            help="How long the pods may take to leave. Default: 30m.",
        ),
    ] = None


class RepairFlags(of.ChangeFlags):
    """How a node is repaired."""

    private: Private = False


def list_(session: Session, name: on.ClusterName) -> Came:
    """List the nodes, with their instances and pools.

    Example: ackgpu node list demo
    """
    from ackgpu.commands.node import list_nodes as execute

    return execute(name, session)


def drain(session: Session, name: on.ClusterName, node: Node, how: DrainFlags) -> Came:
    """Cordon a node and evict its pods; disruption budgets are obeyed.

    Example: ackgpu node drain demo cn-hangzhou.192.168.0.4 --yes
    """
    from ackgpu.commands import node as command

    return command.drain(command.NodeOptions(name=name, node=node, **how.given()), session)


def replace(session: Session, name: on.ClusterName, node: Node, how: DrainFlags) -> Came:
    """Drain a node, delete its instance, and verify the new one.

    Example: ackgpu node replace demo cn-hangzhou.192.168.0.4 --yes
    """
    from ackgpu.commands.node import NodeOptions, replace_node

    return replace_node(NodeOptions(name=name, node=node, **how.given()), session)


def repair(session: Session, name: on.ClusterName, node: Node, how: RepairFlags) -> Came:
    """Have ACK restart what runs a node, and verify it.

    Example: ackgpu node repair demo cn-hangzhou.192.168.0.4 --yes
    """
    from ackgpu.commands import node as command

    return command.repair(command.NodeOptions(name=name, node=node, **how.given()), session)
