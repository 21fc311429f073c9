"""Node pools, kept up: repaired, upgraded, synchronised."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import timing
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    check_pool_state,
    part,
    pool_of,
    running_cluster,
    text,
)
from ackgpu.emulator.cs.members import lasting_nodes
from ackgpu.emulator.cs.product import PRODUCT
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tables import versions
from ackgpu.emulator.cs.tasks import Course, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

NODE_CONFIG = {
    "kubelet_config": "kubelet_configuration",
    "containerd_config": "containerd_config",
}
"""Settings in the request, and what a pool's detail calls them."""


@PRODUCT.operation(
    "RepairClusterNodePool",
    writes=True,
    path="/clusters/{cluster_id}/nodepools/{nodepool_id}/repair",
    request_id_key="request_id",
)
def repair_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Repair a pool's nodes."""
    cluster = running_cluster(call)
    pool = _sound_pool(call, cluster)
    return {"task_id": _busy(call, cluster, pool, "repairing", timing.POOL_REPAIR).id}


@PRODUCT.operation(
    "UpgradeClusterNodepool",
    writes=True,
    path="/clusters/{cluster_id}/nodepools/{nodepool_id}/upgrade",
)
def upgrade_cluster_nodepool(call: Call) -> dict[str, Any]:
    """Upgrade a pool's nodes to the cluster's version or to one that is named.

    Nodes show their new version at once; what takes time is the pool's state.
    """
    cluster = running_cluster(call)
    pool = _sound_pool(call, cluster)
    version = text(body_of(call), "kubernetes_version") or cluster.body["versions"][-1][1]
    if version not in {row["version"] for row in versions()}:
        raise ApiError("InvalidParameter.KubernetesVersion", f"version {version} is not offered")
    nodes = lasting_nodes(call, cluster.id, pool.id)
    for node in nodes:
        node.body["kubelet_version"] = version
        call.docs.put(node)
    seconds = timing.POOL_UPGRADE_PER_NODE * max(1, len(nodes))
    return {"task_id": _busy(call, cluster, pool, "upgrading", seconds).id}


@PRODUCT.operation(
    "ModifyNodePoolNodeConfig",
    writes=True,
    method="PUT",
    path="/clusters/{cluster_id}/nodepools/{nodepool_id}/node_config",
    request_id_key="request_id",
)
def modify_node_pool_node_config(call: Call) -> dict[str, Any]:
    """Change the settings of the kubelet and of containerd on a pool's nodes: those supplied."""
    cluster = running_cluster(call)
    pool = active_pool(call, cluster)
    settings, request = pool.body["node_config"], body_of(call)
    for asked, shown in NODE_CONFIG.items():
        if asked in request:
            settings[shown] = settings.get(shown, {}) | part(request, asked)
    pool.body["updated"] = call.now
    task = _busy(call, cluster, pool, "updating", timing.POOL_UPDATE)
    return {"nodepool_id": pool.id, "task_id": task.id}


@PRODUCT.operation("SyncClusterNodePool", writes=True, path="/clusters/{cluster_id}/sync_nodepools")
def sync_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Synchronise pools with their scaling groups: here they never differ."""
    running_cluster(call)
    return {}


def _sound_pool(call: Call, cluster: Doc) -> Doc:
    """The pool in the path; the life cycle page lets none that failed be repaired or upgraded."""
    pool = pool_of(call, cluster)
    check_pool_state(call, pool, {"active"})
    return pool


def _busy(call: Call, cluster: Doc, pool: Doc, state: str, seconds: float) -> Doc:
    steps = ((0.0, state), (seconds, "active"))
    pool.body["phases"] = POOL.then(pool.body["phases"], call.now, *steps)
    call.docs.put(pool)
    kind = {
        "repairing": "nodepool_repair",
        "updating": "nodepool_update",
        "upgrading": "nodepool_upgrade",
    }[state]
    course = Course([(f"{kind.removeprefix('nodepool_').capitalize()} nodes", seconds)])
    return make_task(call, cluster, kind, course, target=(pool.id, "nodepool"))
