"""Node pools, kept up: repaired, configured, synchronised; and upgraded, node after node.

An upgrade can be held, gone on with or given up between two nodes.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    check_pool_state,
    part,
    pool_of,
    running_cluster,
    text,
    texts,
)
from ackgpu.emulator.cs.members import lasting_nodes, meet_image
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tables import versions
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

NODE_CONFIG = {
    "kubelet_config": "kubelet_configuration",
    "containerd_config": "containerd_config",
}
"""Settings in the request, and what a pool's detail calls them."""


@PRODUCT.operation(
    "RepairClusterNodePool", "POST /clusters/{cluster_id}/nodepools/{nodepool_id}/repair"
)
def repair_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Repair a pool's nodes, or those that are named: a kubelet that is not Ready is restarted."""
    cluster = running_cluster(call)
    pool = _sound_pool(call, cluster)
    named = texts(body_of(call), "nodes")
    for node in lasting_nodes(call, cluster.id, pool.id):
        joined = node.body.get("t_join") is not None
        if (not named or node.name in named) and joined and node.body.get("t_ready") is None:
            ready = call.now + durations.POOL_REPAIR / 2
            node.body |= {"t_ready": ready, "t_gpu": ready if node.body.get("gpu") else None}
            call.docs.put(node)
    return {"task_id": _busy(call, cluster, pool, "repairing", durations.POOL_REPAIR).id}


@PRODUCT.operation(
    "ModifyNodePoolNodeConfig", "PUT /clusters/{cluster_id}/nodepools/{nodepool_id}/node_config"
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
    task = _busy(call, cluster, pool, "updating", durations.POOL_UPDATE)
    return {"nodepool_id": pool.id, "task_id": task.id}


@PRODUCT.operation(
    "SyncClusterNodePool", "POST /clusters/{cluster_id}/sync_nodepools", request_id_key="RequestId"
)
def sync_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Synchronise pools with their scaling groups: here they never differ."""
    running_cluster(call)
    return {}


def _sound_pool(call: Call, cluster: Doc) -> Doc:
    """The pool in the path; the life cycle page lets none that failed be repaired."""
    pool = pool_of(call, cluster)
    check_pool_state(call, pool, {"active"})
    return pool


def _busy(call: Call, cluster: Doc, pool: Doc, state: str, seconds: float) -> Doc:
    POOL.enter(pool, call.now, (0.0, state), (seconds, "active"))
    call.docs.put(pool)
    kind = {"repairing": "nodepool_repair", "updating": "nodepool_update"}[state]
    course = TaskCourse([(f"{kind.removeprefix('nodepool_').capitalize()} nodes", seconds)])
    return make_task(call, cluster, kind, course, target=(pool.id, "nodepool"))


TASK_TYPE = "nodepool_upgrade"


@PRODUCT.operation(
    "UpgradeClusterNodepool",
    "POST /clusters/{cluster_id}/nodepools/{nodepool_id}/upgrade",
    request_id_key="RequestId",
)
def upgrade_cluster_nodepool(call: Call) -> dict[str, Any]:
    """Upgrade a pool's nodes, one by one, to the cluster's version or to one that is named.

    The life cycle page lets no pool that failed be upgraded.
    """
    cluster = running_cluster(call)
    pool = pool_of(call, cluster)
    check_pool_state(call, pool, {"active"})
    version = text(body_of(call), "kubernetes_version") or cluster.body["versions"][-1][1]
    if version not in {row["version"] for row in versions()}:
        raise ApiError("InvalidParameter.KubernetesVersion", f"version {version} is not offered")
    nodes = lasting_nodes(call, cluster.id, pool.id)
    for place, node in enumerate(nodes, start=1):
        at = call.now + durations.POOL_UPGRADE_PER_NODE * place
        node.body["kubelet_upgrade"] = {"at": at, "version": version}
        meet_image(pool, node, version)
        call.docs.put(node)
    seconds = durations.POOL_UPGRADE_PER_NODE * max(1, len(nodes))
    POOL.enter(pool, call.now, (0.0, "upgrading"), (seconds, "active"))
    call.docs.put(pool)
    course = TaskCourse([("Upgrade nodes", seconds)])
    task = make_task(call, cluster, TASK_TYPE, course, target=(pool.id, "nodepool"))
    return {"task_id": task.id}


def hold(call: Call, pool: Doc) -> None:
    """The pool stays ``upgrading``; nodes that are not upgraded yet keep their version."""
    pool.body["phases"] = [row for row in pool.body["phases"] if row[0] <= call.now]
    call.docs.put(pool)
    for node in _waiting(call, pool):
        node.body["kubelet_upgrade"]["held"] = True
        call.docs.put(node)


def go_on(call: Call, pool: Doc, *, rest: float, pause_length: float) -> None:
    """What was ahead comes as much later as the pause was long; the pool is active after that."""
    pool.body["phases"].append([call.now + rest, "active"])
    call.docs.put(pool)
    for node in _members(call, pool):
        ahead = node.body.get("kubelet_upgrade", {})
        if ahead.pop("held", False):
            ahead["at"] += pause_length
            call.docs.put(node)


def give_up(call: Call, pool: Doc) -> None:
    """The pool is active at once; nodes that are not upgraded yet keep their version."""
    POOL.enter(pool, call.now, (0.0, "active"))
    call.docs.put(pool)
    for node in _waiting(call, pool):
        del node.body["kubelet_upgrade"]
        call.docs.put(node)


def _members(call: Call, pool: Doc) -> list[Doc]:
    return lasting_nodes(call, pool.scope, pool.id)


def _waiting(call: Call, pool: Doc) -> list[Doc]:
    found = []
    for node in _members(call, pool):
        ahead = node.body.get("kubelet_upgrade")
        if ahead and (ahead.get("held") or ahead["at"] > call.now):
            found.append(node)
    return found
