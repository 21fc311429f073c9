"""Node pools: made and read. Their changes are in :mod:`.nodepool_changes`."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.events import record
from ackgpu.emulator.cs.lookup import (
    body_of,
    cluster_of,
    number,
    part,
    pool_of,
    running_cluster,
    text,
)
from ackgpu.emulator.cs.pool_body import detail, new_sections, set_tags
from ackgpu.emulator.cs.pool_rules import check_pool
from ackgpu.emulator.cs.scale import Scaling, check_nodes, scale_out
from ackgpu.emulator.cs.states import POOL
from ackgpu.emulator.cs.tasks import make_task
from ackgpu.emulator.doubts import LATE
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import limits
from ackgpu.emulator.store import Doc


@PRODUCT.operation("CreateClusterNodePool", "POST /clusters/{cluster_id}/nodepools")
def create_cluster_node_pool(call: Call) -> dict[str, Any]:
    """Make a pool. The vendor's own CLI reads it at once; whether one may is a doubt."""
    cluster = running_cluster(call)
    request = body_of(call)
    check_pool(call, cluster, request)
    pool, scaling = make_pool(call, cluster, request, start=call.now)
    course = scaling.course(call.now, "Create scaling group")
    task = make_task(call, cluster, "cluster_scaleout", course, target=(pool.id, "nodepool"))
    return {"nodepool_id": pool.id, "task_id": task.id}


def make_pool(
    call: Call, cluster: Doc, request: dict[str, Any], *, start: float
) -> tuple[Doc, Scaling]:
    """A pool that begins at ``start``, and how its first nodes come."""
    info = part(request, "nodepool_info")
    limits.refuse_over(call, "node_pools", len(lasting_pools(call, cluster)), of=cluster.id)
    wanted = nodes_wanted(request)
    check_nodes(call, cluster, wanted)
    pool = Doc(
        "nodepool",
        call.new_id("np", 0) + call.new_hex(32),
        cluster.region,
        cluster.id,
        text(info, "name"),
        start + (LATE if call.doubt("new_pool") == "late" else 0.0),
    )
    pool.body = new_sections(request, cluster) | {
        "resource_group_id": text(info, "resource_group_id"),
        "type": text(info, "type") or "ess",
        "created": start,
    }
    pool.body["scaling_group"]["scaling_group_id"] = call.new_id("asg-bp1", 17)
    set_tags(pool)
    scaling = scale_out(call, cluster, pool, wanted, start=start)
    pool.body["updated"] = start
    pool.body["phases"] = _birth(start, scaling)
    call.docs.put(pool)
    kind = (cluster.id, "cluster_scaleout")
    record(call, kind, pool.id, "Started", f"Start to create node pool {pool.name}", at=start)
    outcome = ("Failed", "error") if scaling.error else ("Succeeded", "info")
    message = scaling.error[1] if scaling.error else f"Node pool {pool.name} is created"
    record(call, kind, pool.id, outcome[0], message, at=scaling.ends, level=outcome[1])
    return pool, scaling


def nodes_wanted(request: dict[str, Any]) -> int:
    """How many nodes a new pool begins with.

    ``scaling_group.desired_size``, else the deprecated ``count``; with auto scaling its minimum.
    """
    automatic = part(request, "auto_scaling")
    if automatic.get("enable"):
        return number(automatic, "min_instances")
    return number(part(request, "scaling_group"), "desired_size", number(request, "count"))


def lasting_pools(call: Call, cluster: Doc) -> list[Doc]:
    """The cluster's pools, also one that reads do not show yet."""
    rows = call.docs.find("nodepool", scope=cluster.id)
    return [pool for pool in rows if pool.deleted_at is None or pool.deleted_at > call.now]


@PRODUCT.operation("DescribeClusterNodePools", "GET /clusters/{cluster_id}/nodepools")
def describe_cluster_node_pools(call: Call) -> dict[str, Any]:
    """All pools at once, or those of the name ``NodepoolName``."""
    cluster = cluster_of(call)
    name = call.params.text("NodepoolName")
    pools = call.docs.find("nodepool", at=call.now, scope=cluster.id, name=name or None)
    return {"nodepools": [detail(call, pool) for pool in pools]}


@PRODUCT.operation(
    "DescribeClusterNodePoolDetail", "GET /clusters/{cluster_id}/nodepools/{nodepool_id}"
)
def describe_cluster_node_pool_detail(call: Call) -> dict[str, Any]:
    """One pool."""
    return detail(call, pool_of(call, cluster_of(call)))


def _birth(start: float, scaling: Scaling) -> list[list[Any]]:
    lasts = scaling.ends - start
    if scaling.refusal is not None and not scaling.nodes:
        return POOL.course(start, (0.0, "initial"), (lasts, "failed"))
    if not scaling.nodes:
        return POOL.course(start, (0.0, "initial"), (durations.INSTANCE_AFTER, "active"))
    begin = durations.INSTANCE_AFTER
    return POOL.course(start, (0.0, "initial"), (begin, "scaling"), (lasts - begin, "active"))
