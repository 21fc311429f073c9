"""A cluster, changed: its settings, its edition, its tags, the protection of its objects."""

from __future__ import annotations

import copy
from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.cluster_rules import SPECS, check_name
from ackgpu.emulator.cs.control_plane import make_public_endpoint
from ackgpu.emulator.cs.lookup import (
    body_of,
    cluster_of,
    cluster_tags,
    flag,
    part,
    rows_of,
    running_cluster,
    text,
    texts,
)
from ackgpu.emulator.cs.states import CLUSTER
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import change_tags
from ackgpu.emulator.slb.balancers import remove_load_balancer
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import remove_eip, unbind_eip

OWN_TAG = "ack.aliyun.com"
SETTINGS = {"timezone", "resource_group_id", "security_group_id"}
GROUPS = {"maintenance_window", "operation_policy"}
FLAGS = {"deletion_protection": "deletion_protection", "enable_rrsa": "rrsa_enabled"}
"""Switches in the request, and what the cluster's document calls them."""


@PRODUCT.operation("ModifyCluster", "PUT /api/v2/clusters/{cluster_id}")
def modify_cluster(call: Call) -> dict[str, Any]:
    """Change settings. The same values again change nothing.

    Deletion protection can be changed in every state but deleting; the rest while running.
    """
    cluster = cluster_of(call)
    body = {key: value for key, value in body_of(call).items() if key != "client_token"}
    if set(body) - {"deletion_protection"} or call.state(cluster) == "deleting":
        cluster = running_cluster(call)
    changed = _apply(call, cluster, body)
    seconds = durations.CLUSTER_UPDATE if changed - {"deletion_protection"} else 0.0
    if changed:
        cluster.body["updated"] = call.now
        call.docs.put(cluster)
    return _updating(call, cluster, seconds)


@PRODUCT.operation("MigrateCluster", "POST /clusters/{cluster_id}/migrate")
def migrate_cluster(call: Call) -> dict[str, Any]:
    """Turn a Basic cluster into a Pro one."""
    cluster = running_cluster(call)
    spec = text(body_of(call), "spec") or "ack.pro.small"
    if spec not in SPECS or spec == "ack.standard":
        raise ApiError("InvalidParameter.ClusterSpec", f"spec {spec} is not supported")
    cluster.body |= {"cluster_spec": spec, "updated": call.now}
    return _updating(call, cluster, durations.CLUSTER_UPDATE)


@PRODUCT.operation("ModifyClusterTags", "POST /clusters/{cluster_id}/tags")
def modify_cluster_tags(call: Call) -> None:
    """Replace the cluster's tags; ACK's own stays. It answers nothing."""
    cluster = cluster_of(call)
    own = {OWN_TAG: cluster.body["Tags"][OWN_TAG]}
    change_tags(call, cluster, cluster_tags(rows_of(call)) | own)
    call.docs.put(cluster)


@PRODUCT.operation(
    "UpdateResourcesDeleteProtection",
    "PUT /clusters/{cluster_id}/resources/protection",
    request_id_key="requestId",
)
def update_resources_delete_protection(call: Call) -> dict[str, Any]:
    """Protect namespaces or services inside the cluster."""
    cluster = running_cluster(call)
    body = body_of(call)
    kind, space = text(body, "resource_type"), text(body, "namespace")
    enable, names = flag(body, "enable"), texts(body, "resources")
    protected = cluster.body.setdefault("protected", {})
    for name in names:
        protected[f"{kind}/{space}/{name}"] = enable
    call.docs.put(cluster)
    return {
        "namespace": space,
        "protection": str(enable).lower(),
        "resource_type": kind,
        "resources": names,
    }


@PRODUCT.operation(
    "DescribeResourcesDeleteProtection",
    "GET /clusters/{cluster_id}/resources/{resource_type}/protection",
)
def describe_resources_delete_protection(call: Call) -> list[dict[str, Any]]:
    """Which of the named objects are protected, as a bare array."""
    cluster = cluster_of(call)
    kind, space = call.path["resource_type"], call.params.text("namespace")
    protected = cluster.body.get("protected", {})
    return [
        {
            "name": name,
            "namespace": space,
            "resource": kind,
            "protection": protected.get(f"{kind}/{space}/{name}", False),
        }
        for name in call.params.comma_list("resources")
    ]


def _apply(call: Call, cluster: Doc, body: dict[str, Any]) -> set[str]:
    """Change the cluster's document; which fields it changed."""
    before = copy.deepcopy(cluster.body) | {"cluster_name": cluster.name}
    _rename(call, cluster, text(body, "cluster_name"))
    _apply_settings(cluster, body)
    if "vswitch_ids" in body:
        cluster.body["vswitch_ids"] = _vswitches(call, cluster, texts(body, "vswitch_ids"))
    if "cluster_spec" in body:
        cluster.body["cluster_spec"] = _spec(cluster, text(body, "cluster_spec"))
    if "api_server_custom_cert_sans" in body:
        cluster.body["extra_sans"] = _sans(cluster, part(body, "api_server_custom_cert_sans"))
    if "api_server_eip" in body:
        eip_id = text(body, "api_server_eip_id")
        _expose(call, cluster, eip_id, public=flag(body, "api_server_eip"))
    after = cluster.body | {"cluster_name": cluster.name}
    return {key for key, value in after.items() if before.get(key) != value}


def _rename(call: Call, cluster: Doc, name: str) -> None:
    if name and name != cluster.name:
        check_name(call, name)
        cluster.name = name


def _apply_settings(cluster: Doc, body: dict[str, Any]) -> None:
    for key in SETTINGS & set(body):
        cluster.body[key] = text(body, key)
    for key in GROUPS & set(body):
        cluster.body[key] = cluster.body[key] | part(body, key)
    for key, own in FLAGS.items():
        if key in body:
            cluster.body[own] = flag(body, key)


def _spec(cluster: Doc, spec: str) -> str:
    if spec not in SPECS or (spec == "ack.standard" and cluster.body["cluster_spec"] != spec):
        raise ApiError("InvalidParameter.ClusterSpec", f"cluster_spec {spec} is not supported")
    return spec


def _sans(cluster: Doc, change: dict[str, Any]) -> list[str]:
    names = texts(change, "subject_alternative_names")
    kept = cluster.body["extra_sans"] if text(change, "action") == "append" else []
    return list(dict.fromkeys([*kept, *names]))


def _vswitches(call: Call, cluster: Doc, vswitch_ids: list[str]) -> list[str]:
    for vswitch_id in vswitch_ids:
        vswitch = call.docs.get("vswitch", vswitch_id)
        if vswitch is None or not vswitch.alive(call.now) or vswitch.scope != cluster.scope:
            message = f"vswitch {vswitch_id} is not found in vpc {cluster.scope}"
            raise ApiError("InvalidVSwitchId.NotFound", message)
    return vswitch_ids


def _expose(call: Call, cluster: Doc, eip_id: str, *, public: bool) -> None:
    """Give the API server a public endpoint, or take it away.

    Whether an EIP has to be named is the doubt ``endpoint_eip``; the words are unconfirmed.
    """
    if public == cluster.body["public"]:
        return
    if public and not eip_id and call.doubt("endpoint_eip") == "named":
        raise ApiError("InvalidParameter", "api_server_eip_id is required with api_server_eip")
    given = call.alive("eip", eip_id) if eip_id else None
    if eip_id and given is None:
        raise ApiError("InvalidParameter", f"api_server_eip_id {eip_id} is not found")
    cluster.body["public"] = public
    if public:
        make_public_endpoint(call, cluster, ssh=False, given=given)
        return
    endpoint = cluster.body["endpoints"].pop("public", {})
    _unbind_given(call, cluster, str(endpoint.get("eip_id", "")))
    own = endpoint.get("id") != cluster.body["endpoints"].get("intranet", {}).get("id")
    for row in cluster.body["resources"]:
        doc = call.docs.get(row["kind"], row["id"])
        if doc is not None and row["id"] == endpoint.get("id") and own:
            remove_load_balancer(call, doc)
        elif doc is not None and row["id"] == endpoint.get("eip_id"):
            remove_eip(call, doc)
    rows = cluster.body["resources"]
    cluster.body["resources"] = [row for row in rows if not _going(call, row)]


def _unbind_given(call: Call, cluster: Doc, eip_id: str) -> None:
    """An EIP of the user's comes off, and stays."""
    made = {row["id"] for row in cluster.body["resources"]}
    eip = call.alive("eip", eip_id) if eip_id and eip_id not in made else None
    if eip is not None:
        unbind_eip(call, eip)


def _going(call: Call, row: dict[str, Any]) -> bool:
    doc = call.docs.get(row["kind"], row["id"])
    return doc is None or doc.deleted_at is not None


def _updating(call: Call, cluster: Doc, seconds: float) -> dict[str, Any]:
    if seconds:
        CLUSTER.enter(cluster, call.now, (0.0, "updating"), (seconds, "running"))
        call.docs.put(cluster)
    course = TaskCourse([("Update cluster", seconds)])
    task = make_task(call, cluster, "cluster_modify", course)
    return {"cluster_id": cluster.id, "task_id": task.id}
