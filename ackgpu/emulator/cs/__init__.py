"""Container Service: importing this package registers every operation."""

from __future__ import annotations

from ackgpu.emulator.cs import (
    account,
    addons,
    attach,
    checks,
    clusters,
    create_cluster,
    delete_cluster,
    events,
    kubeconfig,
    modify_cluster,
    node_removal,
    nodepool_changes,
    nodepool_upkeep,
    nodepools,
    nodes,
    resources,
    tags,
    task_control,
    tasks,
    upgrade,
)
from ackgpu.emulator.cs.product import PRODUCT

__all__ = [
    "PRODUCT",
    "account",
    "addons",
    "attach",
    "checks",
    "clusters",
    "create_cluster",
    "delete_cluster",
    "events",
    "kubeconfig",
    "modify_cluster",
    "node_removal",
    "nodepool_changes",
    "nodepool_upkeep",
    "nodepools",
    "nodes",
    "resources",
    "tags",
    "task_control",
    "tasks",
    "upgrade",
]
