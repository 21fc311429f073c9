"""Container Service: importing this package registers every operation."""

from __future__ import annotations

from ackgpu.emulator.cs import (
    clusters,
    create_cluster,
    delete_cluster,
    events,
    kubeconfig,
    nodepools,
    nodes,
    tasks,
)
from ackgpu.emulator.cs.product import PRODUCT

__all__ = [
    "PRODUCT",
    "clusters",
    "create_cluster",
    "delete_cluster",
    "events",
    "kubeconfig",
    "nodepools",
    "nodes",
    "tasks",
]
