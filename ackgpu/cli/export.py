"""``ackgpu export``."""

from __future__ import annotations

import typer

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came, add_command, command_group
from ackgpu.session import Session


def register(root: typer.Typer) -> None:
    """Add the group."""
    group = command_group("Write a cluster down for other tools.")
    for name, function in (("spec", spec), ("terraform", terraform), ("ros", ros)):
        add_command(group, name, function, prefix="export")
    root.add_typer(group, name="export")


def spec(session: Session, name: on.ClusterName) -> Came:
    """Write the cluster.yaml of what stands; create -f finds nothing to change in it.

    Example: ackgpu export spec demo > cluster.yaml
    """
    from ackgpu.commands.export.command import ExportOptions, execute

    return execute(ExportOptions(name=name, form="spec"), session)


def terraform(session: Session, name: on.ClusterName) -> Came:
    """Write Terraform configuration with import blocks, to take the cluster over.

    Example: ackgpu export terraform demo > demo.tf
    """
    from ackgpu.commands.export.command import ExportOptions, execute

    return execute(ExportOptions(name=name, form="terraform"), session)


def ros(session: Session, name: on.ClusterName) -> Came:
    """Write a ROS template that makes a cluster like this one.

    Example: ackgpu export ros demo > demo.ros.json
    """
    from ackgpu.commands.export.command import ExportOptions, execute

    return execute(ExportOptions(name=name, form="ros"), session)
