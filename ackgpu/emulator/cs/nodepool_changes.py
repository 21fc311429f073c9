"""Node pools, changed: modified, scaled, deleted. Their upkeep is in :mod:`.nodepool_upkeep`."""

from __future__ import annotations

import copy
from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.events import record
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.lookup import (
    active_pool,
    body_of,
    check_pool_state,
    cluster_of,
    flag,
    number,
    part,
    pool_of,
    running_cluster,
    text,
)
from ackgpu.emulator.cs.members import lasting_nodes, offline, remove_node, taken_out
from ackgpu.emulator.cs.pool_body import SECTIONS, merge, set_tags
from ackgpu.emulator.cs.pool_rules import (
    check_auto_scaling,
    check_group,
    check_kubernetes,
    check_management,
    check_name,
    check_roles,
)
from ackgpu.emulator.cs.scale import Scaling, check_nodes, scale_out
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

MAX_ADDED = 500


@PRODUCT.operation("ModifyClusterNodePool", "PUT /clusters/{cluster_id}/nodepools/{nodepool_id}")
def modify_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Change a pool. The same values again change nothing, but nodes that are lacking are made."""
    cluster = running_cluster(call)
    pool = active_pool(call, cluster)
    request = body_of(call)
    _check_change(call, cluster, pool, request)
    before = _snapshot(pool)
    name = text(part(request, "nodepool_info"), "name")
    pool.name = name or pool.name
    merge(pool.body, request, keep_on_empty=fault(call, "empty_lists_ignored") is not None)
    if pool.body["auto_scaling"]["enable"]:
        pool.body["scaling_group"].pop("desired_size", None)
    set_tags(pool)
    if flag(request, "update_nodes"):
        _update_nodes(call, pool, before)
    changed = _snapshot(pool) != before
    if changed:
        pool.body["updated"] = call.now
    course = _settle(call, cluster, pool, changed=changed)
    task = make_task(call, cluster, "nodepool_update", course, target=(pool.id, "nodepool"))
    return {"nodepool_id": pool.id, "task_id": task.id}


@PRODUCT.operation(
    "ScaleClusterNodePool", "POST /clusters/{cluster_id}/nodepools/{nodepool_id}", request_id_key=""
)
def scale_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Add ``count`` nodes (a delta), or reach ``desired_size``, which Alibaba's own CLI sends."""
    cluster = running_cluster(call)
    pool = active_pool(call, cluster)
    request = body_of(call)
    if pool.body["auto_scaling"]["enable"]:
        check_auto_scaling({"enable": True}, desired_given=True)
    present = len(lasting_nodes(call, cluster.id, pool.id))
    count = number(request, "count")
    if "desired_size" not in request and not 1 <= count <= MAX_ADDED:
        raise ApiError("InvalidParameter.Count", "count must be between 1 and 500")
    pool.body["scaling_group"]["desired_size"] = number(request, "desired_size", present + count)
    pool.body["updated"] = call.now
    course = _settle(call, cluster, pool, changed=True)
    task = make_task(call, cluster, "cluster_scaleout", course, target=(pool.id, "nodepool"))
    return {"task_id": task.id}


@PRODUCT.operation("DeleteClusterNodepool", "DELETE /clusters/{cluster_id}/nodepools/{nodepool_id}")
def delete_cluster_nodepool(call: Call) -> dict[str, Any]:
    """Delete a pool; one that has nodes needs ``force`` (the refusal's code is unconfirmed)."""
    cluster = cluster_of(call)
    pool = pool_of(call, cluster)
    check_pool_state(call, pool, {"active", "failed", "delete_failed"})
    nodes = lasting_nodes(call, cluster.id, pool.id)
    if nodes and not call.params.boolean("force"):
        message = f"nodepool {pool.id} still has {len(nodes)} nodes"
        raise ApiError("ErrorNodePoolNotEmpty", message)
    first = "delete_tried" not in pool.body
    pool.body["delete_tried"] = True
    failing = first and fault(call, "pool_delete_failed", cluster=cluster.name, pool=pool.name)
    steps: tuple[tuple[float, str], ...] = ((0.0, "deleting"),)
    error: tuple[str, str] | None = None
    if failing:
        steps += ((durations.POOL_DELETE, "delete_failed"),)
        error = ("400", "ScalingGroup's instances not empty")
    else:
        pool.deleted_at = call.now + durations.POOL_DELETE
        for node in nodes:
            made = node.body["source"] == "ess"
            remove_node(call, node, call.now + durations.NODE_REMOVAL, release=made)
    POOL.enter(pool, call.now, *steps)
    call.docs.put(pool)
    course = TaskCourse([("Delete node pool", durations.POOL_DELETE)], error=error)
    task = make_task(call, cluster, "nodepool_delete", course, target=(pool.id, "nodepool"))
    message = f"Start to delete node pool {pool.name}"
    kind = (cluster.id, "cluster_node_delete")
    record(call, kind, pool.id, "Started", message, at=call.now)
    return {"task_id": task.id}


def _check_change(call: Call, cluster: Doc, pool: Doc, request: dict[str, Any]) -> None:
    group, automatic = part(request, "scaling_group"), part(request, "auto_scaling")
    name = text(part(request, "nodepool_info"), "name")
    if name and name != pool.name:
        check_name(call, cluster, name)
    current = pool.body["auto_scaling"]
    if automatic.get("type") and current["type"] and automatic["type"] != current["type"]:
        raise ApiError("InvalidParameter.AutoScaling", "auto_scaling.type cannot be changed")
    sized = group.get("desired_size") is not None
    if current["enable"] and sized:
        check_auto_scaling({"enable": True}, desired_given=True)
    check_auto_scaling(current | automatic, desired_given=sized)
    check_group(call, cluster, group)
    check_kubernetes(part(request, "kubernetes_config"))
    check_management(call, cluster, part(request, "management"))
    check_roles(call, request)


def _snapshot(pool: Doc) -> dict[str, Any]:
    return copy.deepcopy({name: pool.body[name] for name in SECTIONS} | {"name": pool.name})


def _update_nodes(call: Call, pool: Doc, before: dict[str, Any]) -> None:
    """Push the pool's labels and taints to the nodes that it has."""
    old = {row["key"] for row in before["kubernetes_config"].get("labels", [])}
    config = pool.body["kubernetes_config"]
    new = {row["key"]: row.get("value", "") for row in config.get("labels", [])}
    for node in lasting_nodes(call, pool.scope, pool.id):
        kept = {key: value for key, value in node.body["labels"].items() if key not in old}
        node.body["labels"] = kept | new
        node.body["taints"] = config.get("taints", [])
        call.docs.put(node)


def _settle(call: Call, cluster: Doc, pool: Doc, *, changed: bool) -> TaskCourse:
    """Scale the pool to what it should have, and write its states down.

    Nodes whose instances are gone make room for others.
    """
    nodes = _without_offline(call, lasting_nodes(call, cluster.id, pool.id))
    wanted = _wanted(pool, len(nodes))
    if wanted > len(nodes):
        check_nodes(call, cluster, wanted - len(nodes))
        scaling = scale_out(call, cluster, pool, wanted - len(nodes), start=call.now)
        _enter(call, pool, "scaling", scaling.ends - call.now)
        _record_scaling(call, cluster, pool, scaling)
        return scaling.course(call.now, "Prepare scaling group")
    if wanted < len(nodes):
        going = nodes[: len(nodes) - wanted]
        for node in going:
            made = node.body["source"] == "ess"
            remove_node(call, node, call.now + durations.NODE_REMOVAL, release=made)
        taken_out(call, pool, going, durations.NODE_REMOVAL)
        _enter(call, pool, "removing_nodes", durations.NODE_REMOVAL)
        return TaskCourse([("Remove nodes", durations.NODE_REMOVAL)])
    if changed:
        _enter(call, pool, "updating", durations.POOL_UPDATE)
        return TaskCourse([("Update node pool", durations.POOL_UPDATE)])
    return TaskCourse([("Update node pool", 0.0)])


def _without_offline(call: Call, nodes: list[Doc]) -> list[Doc]:
    lost = offline(call, nodes)
    for node in nodes:
        if node.id in lost:
            remove_node(call, node, call.now, release=False)
    return [node for node in nodes if node.id not in lost]


def _wanted(pool: Doc, present: int) -> int:
    automatic = pool.body["auto_scaling"]
    if automatic["enable"]:
        low, high = int(automatic["min_instances"]), int(automatic["max_instances"])
        return min(max(present, low), high)
    return int(pool.body["scaling_group"].get("desired_size", present))


def _enter(call: Call, pool: Doc, state: str, seconds: float) -> None:
    POOL.enter(pool, call.now, (0.0, state), (seconds, "active"))
    call.docs.put(pool)


def _record_scaling(call: Call, cluster: Doc, pool: Doc, scaling: Scaling) -> None:
    kind = (cluster.id, "cluster_scaleout")
    message = f"Start to scale node pool {pool.name} out"
    record(call, kind, pool.id, "Started", message, at=call.now)
    if scaling.error:
        record(call, kind, pool.id, "Failed", scaling.error[1], at=scaling.ends, level="error")
