"""DescribeClusterResources: what belongs to a cluster, and what its deletion will do with it."""

from __future__ import annotations

import json
from typing import Any

from ackgpu.emulator.cs import PRODUCT, instants
from ackgpu.emulator.cs.delete_cluster import MODES, service_balancers
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc


@PRODUCT.operation("DescribeClusterResources", "GET /clusters/{cluster_id}/resources")
def describe_cluster_resources(call: Call) -> list[dict[str, Any]]:
    """A bare array; with ``with_addon_resources`` also the load balancers of Services."""
    cluster = cluster_of(call)
    rows = [_row(call, cluster, row) for row in _all_rows(cluster)]
    if call.params.boolean("with_addon_resources"):
        rows += [_addon_row(call, cluster, doc) for doc in service_balancers(call, cluster)]
    return rows


def _all_rows(cluster: Doc) -> list[dict[str, Any]]:
    """What was made, the ROS stack and the log project, and the network that was given."""
    stack = {
        "id": cluster.body["stack_id"],
        "type": "ALIYUN::ROS::Stack",
        "logical": f"k8s-for-cs-{cluster.id}",
        "at": cluster.created_at,
        "mode": "",
    }
    project = {
        "id": f"k8s-log-{cluster.id}",
        "type": "ALIYUN::SLS::Project",
        "logical": "k8s_log_project",
        "at": cluster.created_at,
        "mode": "SLS_Data",
    }
    given = [
        {"id": cluster.scope, "type": "ALIYUN::ECS::VPC", "logical": "k8s_vpc"},
        *(
            {"id": vswitch_id, "type": "ALIYUN::ECS::VSwitch", "logical": "k8s_vswitch"}
            for vswitch_id in cluster.body["vswitch_ids"]
        ),
    ]
    used = [row | {"at": cluster.created_at, "mode": "", "given": True} for row in given]
    made: list[dict[str, Any]] = cluster.body["resources"]
    return [stack, project, *made, *used]


def _row(call: Call, cluster: Doc, row: dict[str, Any]) -> dict[str, Any]:
    given = bool(row.get("given"))
    state = _state(call, cluster, row)
    goes = not given and MODES.get(row["mode"], "delete") == "delete"
    return {
        "auto_create": 0 if given else 1,
        "cluster_id": cluster.id,
        "created": instants.china_time(call, row["at"]),
        "creator_type": "user" if given else "system",
        "delete_behavior": {
            "changeable": not given and bool(row["mode"]),
            "delete_by_default": goes,
        },
        "dependencies": [],
        "extra_info": {"type": row["mode"]} if row["mode"] else {},
        "instance_id": row["id"],
        "resource_info": _info(call, row, state),
        "resource_type": row["type"],
        "state": state,
    }


def _addon_row(call: Call, cluster: Doc, balancer: Doc) -> dict[str, Any]:
    row = {
        "id": balancer.id,
        "type": "ALIYUN::SLB::LoadBalancer",
        "logical": balancer.name,
        "at": balancer.created_at,
        "mode": "SLB",
    }
    tags = balancer.body["Tags"]
    return _row(call, cluster, row) | {
        "associated_object": {
            "kind": "Service",
            "namespace": tags.get("service.namespace", "default"),
            "name": tags.get("service.name", balancer.name),
        },
        "creator_type": "addon",
    }


def _state(call: Call, cluster: Doc, row: dict[str, Any]) -> str:
    if call.state(cluster) == "deleting" and not row.get("given") and not row.get("kept"):
        return "DELETE_IN_PROGRESS"
    return "CREATE_COMPLETE" if row["at"] <= call.now else "CREATE_IN_PROGRESS"


def _info(call: Call, row: dict[str, Any], state: str) -> str:
    """JSON text, as the ROS stack describes it."""
    return json.dumps(
        {
            "Id": row["logical"],
            "Name": row["logical"],
            "Type": row["type"],
            "Status": state,
            "StatusReason": "state changed",
            "Updated": stamp(call, row["at"]).removesuffix("Z"),
            "PhysicalId": row["id"],
        },
        separators=(",", ":"),
    )
