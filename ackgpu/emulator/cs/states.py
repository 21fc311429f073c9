"""The states of clusters, node pools, nodes and add-ons, and which may follow which.

Clusters: the documented enumeration and the life cycle page; pools: the life cycle page of 2026
(``delete_failed`` as seen on the wire, where the page prints ``deleted_failed``).
"""

from __future__ import annotations

from ackgpu.emulator.shared.lifecycle import Lifecycle

CLUSTER = Lifecycle(
    "cluster",
    {
        "initial": "running failed deleting",
        "running": "updating upgrading scaling removing deleting inactive unavailable",
        "updating": "running deleting",
        "upgrading": "running deleting",
        "scaling": "running deleting",
        "removing": "running deleting",
        "inactive": "running deleting",
        "unavailable": "deleting",
        "failed": "deleting",
        "deleting": "delete_failed",
        "delete_failed": "deleting",
    },
)

POOL = Lifecycle(
    "node pool",
    {
        "initial": "active scaling failed deleting",
        "scaling": "active failed deleting",
        "active": "scaling updating removing_nodes upgrading repairing deleting",
        "updating": "active scaling deleting",
        "removing_nodes": "active deleting",
        "upgrading": "active deleting",
        "repairing": "active deleting",
        "failed": "scaling updating deleting removing_nodes",
        "deleting": "delete_failed",
        "delete_failed": "deleting",
    },
)

NODE = Lifecycle(
    "node",
    {
        "initial": "running failed removing",
        "running": "removing",
        "failed": "removing running",
    },
)

ADDON = Lifecycle(
    "add-on",
    {
        "active": "updating upgrading deleting",
        "updating": "active deleting",
        "upgrading": "active deleting",
    },
)
