"""Nodes as Container Service lists them, and taken out of a cluster: by name or by instance."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    check_pool_state,
    cluster_of,
    flag,
    query_list,
    running_cluster,
    texts,
)
from ackgpu.emulator.cs.members import (
    is_ready,
    lasting_nodes,
    remove_node,
    taken_out,
    visible_nodes,
)
from ackgpu.emulator.cs.pages import paged
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

NEVER_EXPIRES = "2099-12-31T15:59:00Z"
STATES = {"all", "running", "removing", "initial", "failed"}


@PRODUCT.operation("DescribeClusterNodes", "GET /clusters/{cluster_id}/nodes")
def describe_cluster_nodes(call: Call) -> dict[str, Any]:
    """A page of nodes. The filter ``state`` and the rows' ``state`` have different words."""
    cluster = cluster_of(call)
    pool_id = call.params.text("nodepool_id") or None
    nodes = [node for node in visible_nodes(call, cluster.id, pool_id) if _wanted(call, node)]
    page, page_info = paged(call, nodes, default=10, camel=True)
    return {"nodes": [_row(call, node) for node in page], "page": page_info}


def _wanted(call: Call, node: Doc) -> bool:
    state = call.params.text("state", "all")
    body = node.body
    for name, value in (
        ("instanceIds", body["instance_id"]),
        ("nodeIps", body["ip_address"]),
        ("nodeNames", body["node_name"]),
    ):
        asked = call.params.text(name).strip("[]").replace('"', "")
        if asked and value not in {each.strip() for each in asked.split(",")}:
            return False
    return state in {"all", call.state(node)}


def _row(call: Call, node: Doc) -> dict[str, Any]:
    body = node.body
    instance = call.docs.get("instance", body["instance_id"])
    alive = instance is not None and instance.alive(call.now)
    status = call.state(instance) if instance is not None and alive else "Stopped"
    kind = catalog.instance_type(body["instance_type"])
    pool = call.docs.get("nodepool", body["nodepool_id"])
    return {
        "creation_time": stamp(call, node.created_at),
        "error_message": body["error_message"] if call.state(node) == "failed" else "",
        "expired_time": NEVER_EXPIRES,
        "host_name": f"iZ{body['instance_id'].removeprefix('i-')}Z",
        "image_id": pool.body["scaling_group"]["image_id"] if pool else "",
        "instance_charge_type": body["charge_type"],
        "instance_id": body["instance_id"],
        "instance_name": instance.name if instance else "",
        "instance_role": "Worker",
        "instance_status": status,
        "instance_type": body["instance_type"],
        "instance_type_family": kind["family"] if kind else "",
        "ip_address": [body["ip_address"]],
        "is_aliyun_node": True,
        "node_name": body["node_name"],
        "node_status": _node_status(call, node, alive=alive),
        "nodepool_id": body["nodepool_id"],
        "source": body["source"],
        "spot_strategy": body["spot_strategy"],
        "state": status.lower(),
    }


def _node_status(call: Call, node: Doc, *, alive: bool) -> str:
    """What the kubelet says: Unknown before it joins, Offline without its instance."""
    joined = node.body["t_join"]
    if not alive:
        return "Offline"
    if joined is None or joined > call.now:
        return "Unknown"
    return "Ready" if is_ready(node, call.now) else "NotReady"


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
