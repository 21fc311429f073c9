"""``ackgpu export``."""

from __future__ import annotations

from ackgpu.cli import flags as on
from ackgpu.cli.command import Came
from ackgpu.session import Session

GROUP = "Write a cluster down for other tools."


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
