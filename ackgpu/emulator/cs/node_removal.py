"""Nodes taken out of a cluster, by name or by instance."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    check_pool_state,
    flag,
    query_list,
    running_cluster,
    texts,
)
from ackgpu.emulator.cs.members import lasting_nodes, remove_node, taken_out
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc


@PRODUCT.operation(
    "RemoveNodePoolNodes", "DELETE /clusters/{cluster_id}/nodepools/{nodepool_id}/nodes"
)
def remove_node_pool_nodes(call: Call) -> dict[str, Any]:
    """Remove a pool's nodes, named by ``instance_ids`` or by the deprecated ``nodes``."""
    cluster = running_cluster(call)
    pool = active_pool(call, cluster)
    wanted = [str(each) for each in query_list(call, "instance_ids") + query_list(call, "nodes")]
    nodes = _named(call, cluster, wanted, pool.id)
    release = call.params.boolean("release_node")
    drain = call.params.boolean("drain_node")
    return {"task_id": _remove(call, cluster, nodes, release=release, drain=drain).id}


@PRODUCT.operation("DeleteClusterNodes", "POST /clusters/{cluster_id}/nodes")
def delete_cluster_nodes(call: Call) -> dict[str, Any]:
    """Remove nodes by their node names, of whichever pool."""
    cluster = running_cluster(call)
    return {"cluster_id": cluster.id, "task_id": _by_body(call, cluster).id}


@PRODUCT.operation("RemoveClusterNodes", "POST /api/v2/clusters/{cluster_id}/nodes/remove")
def remove_cluster_nodes(call: Call) -> None:
    """The older form of the same; it answers nothing."""
    _by_body(call, running_cluster(call))


def _by_body(call: Call, cluster: Doc) -> Doc:
    body = body_of(call)
    nodes = _named(call, cluster, texts(body, "nodes"), None)
    release, drain = flag(body, "release_node"), flag(body, "drain_node")
    return _remove(call, cluster, nodes, release=release, drain=drain)


def _named(call: Call, cluster: Doc, wanted: list[str], pool_id: str | None) -> list[Doc]:
    if not wanted:
        raise ApiError("MissingParameter.Nodes", "no node is named")
    present: dict[str, Doc] = {}
    for node in lasting_nodes(call, cluster.id, pool_id):
        present[node.id] = present[node.name] = node
    absent = [name for name in wanted if name not in present]
    if absent:
        raise ApiError("ErrorNodeNotFound", f"node {absent[0]} not found", 404)
    return list({present[name].id: present[name] for name in wanted}.values())


def _remove(call: Call, cluster: Doc, nodes: list[Doc], *, release: bool, drain: bool) -> Doc:
    """Their pools are busy until it is done, and want so many nodes fewer."""
    seconds = durations.NODE_REMOVAL + (durations.DRAIN if drain else 0.0)
    for node in nodes:
        remove_node(call, node, call.now + seconds, release=release)
    for pool_id in {node.body["nodepool_id"] for node in nodes}:
        pool = call.docs.get("nodepool", pool_id)
        if pool is not None:
            going = [node for node in nodes if node.body["nodepool_id"] == pool_id]
            _shrink(call, pool, len(going), seconds)
            taken_out(call, pool, going, seconds)
    stages = [("DrainNodes", durations.DRAIN)] if drain else []
    stages.append(("Remove nodes", durations.NODE_REMOVAL))
    results = [(node.body["instance_id"], "success") for node in nodes]
    return make_task(call, cluster, "cluster_node_delete", TaskCourse(stages, results=results))


def _shrink(call: Call, pool: Doc, fewer: int, seconds: float) -> None:
    check_pool_state(call, pool, {"active", "failed"})
    group = pool.body["scaling_group"]
    if group.get("desired_size") is not None:
        group["desired_size"] = max(0, group["desired_size"] - fewer)
    POOL.enter(pool, call.now, (0.0, "removing_nodes"), (seconds, "active"))
    call.docs.put(pool)
