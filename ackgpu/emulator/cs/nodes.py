"""Nodes as Container Service lists them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.members import is_ready, visible_nodes
from ackgpu.emulator.cs.pages import paged
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
