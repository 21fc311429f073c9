"""What concerns the account: regions, quotas, service roles, opening the service, versions."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.lookup import body_of, objects, text
from ackgpu.emulator.cs.roles import is_granted
from ackgpu.emulator.cs.tables import versions
from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog, limits
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc


@PRODUCT.operation("DescribeRegions", "GET /regions", request_id_key="requestId")
def describe_regions(call: Call) -> dict[str, Any]:
    """The regions that offer the service."""
    rows = catalog.regions(call.settings)
    return {"regions": [{"localName": row["name"], "regionId": row["id"]} for row in rows]}


@PRODUCT.operation("DescribeUserQuota", "GET /quota")
def describe_user_quota(call: Call) -> dict[str, Any]:
    """The service's own limits. ``quotas`` wins over the flat numbers where both say something.

    The keys of ``quotas`` are unconfirmed: those of Quota Center are used.
    """
    clusters, nodes = limits.limit(call, "clusters"), limits.limit(call, "nodes_per_cluster")
    pools = limits.limit(call, "node_pools")
    return {
        "amk_cluster_quota": 20,
        "ask_cluster_quota": 20,
        "cluster_nodepool_quota": pools,
        "cluster_quota": clusters,
        "edge_improved_nodepool_quota": {"bandwidth": 10, "count": 3, "period": 3},
        "node_quota": nodes,
        "quotas": {
            code: {"quota": str(value), "operation_code": code, "adjustable": True, "unit": unit}
            for code, value, unit in (
                ("q_Kubernetes_Cluster", clusters, "Cluster"),
                ("q_Kubernetes_Node", nodes, "Node"),
                ("q_Kubernetes_Nodepool", pools, "NodePool"),
            )
        },
    }


@PRODUCT.operation(
    "CheckServiceRole", "POST /ram/check-service-role", writes=False, request_id_key=""
)
def check_service_role(call: Call) -> dict[str, Any]:
    """Which service roles are granted."""
    names = [text(row, "name") for row in objects(body_of(call), "roles")]
    if not names:
        raise missing("roles")
    return {
        "roles": [
            {"granted": True, "name": name}
            if is_granted(call, name)
            else {"granted": False, "message": f"The role does not exist: {name}", "name": name}
            for name in names
        ]
    }


@PRODUCT.operation("OpenAckService", "POST /service/open")
def open_ack_service(call: Call) -> dict[str, Any]:
    """Open the service; it is open already, unless a fault says that it was not.

    That it is open is an error (500), which clients take for success.
    """
    kind = call.params.text("type", "propayasgo")
    opened = call.docs.get("ackservice", kind)
    if fault(call, "service_not_open") is None or opened is not None:
        raise ApiError("ORDER.OPEND", "您已开通过该服务", 500)
    call.docs.put(Doc("ackservice", kind, created_at=call.now))
    return {"order_id": "".join(call.rng.choices("0123456789", k=15))}


@PRODUCT.operation("DescribeKubernetesVersionMetadata", "GET /api/v1/metadata/versions")
def describe_kubernetes_version_metadata(call: Call) -> list[dict[str, Any]]:
    """Versions as a bare array, newest first; ``Mode=creatable`` leaves the older ones out."""
    params = call.params
    for required in ("Region", "ClusterType"):
        params.required(required)
    runtimes = [
        {"name": name, "version": version}
        for name, known in table("cs/versions")["runtime_versions"].items()
        for version in known
        if params.text("runtime", name) == name
    ]
    upgradable = params.boolean("QueryUpgradableVersion")
    return [
        {
            "capabilities": {},
            "images": table("cs/versions")["images"],
            "meta_data": {},
            "runtimes": runtimes,
            "version": row["version"],
            "release_date": row["release_date"],
            "expiration_date": row["expiration_date"],
            "creatable": row["creatable"],
            "upgradable_versions": row["upgradable_versions"] if upgradable else [],
        }
        for row in versions()
        if (row["creatable"] or params.text("Mode") != "creatable")
        and params.text("KubernetesVersion", row["version"]) == row["version"]
    ]
