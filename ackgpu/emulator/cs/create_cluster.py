"""CreateCluster: the whole course of a cluster's birth is written down at once."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.addon_docs import install_defaults
from ackgpu.emulator.cs.cluster_rules import check_cluster, kubernetes_version, network_of
from ackgpu.emulator.cs.control_plane import (
    make_endpoints,
    make_security,
    make_way_out,
    make_worker_role,
)
from ackgpu.emulator.cs.events import record
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.lookup import (
    body_of,
    cluster_tags,
    flag,
    objects,
    part,
    tag_rows,
    text,
    texts,
)
from ackgpu.emulator.cs.nodepools import make_pool
from ackgpu.emulator.cs.pool_rules import check_pool
from ackgpu.emulator.cs.states import CLUSTER
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

Failure = tuple[int, str, str]
"""Stage (from 1), code and message."""


@PRODUCT.operation("CreateCluster", "POST /clusters")
def create_cluster(call: Call) -> dict[str, Any]:
    """Make a managed cluster.

    ``nodepools`` in the request are made when the control plane runs; under which conditions the
    service honours them is unconfirmed. ``zone_ids`` instead of vSwitches is not offered.
    """
    request = taken_of(call, body_of(call))
    region = text(request, "region_id") or call.region
    check_cluster(call, region, request)
    cluster = _new_cluster(call, region, request)
    # A quota that is full fails the cluster in its first stage, and not the request.
    failure = _make_surroundings(call, cluster, request) or _planned_failure(call, cluster)
    cluster.body["phases"] = _birth(call, cluster, failure)
    call.docs.put(cluster)
    install_defaults(
        call, cluster, objects(request, "addons"), at=call.now + _addons_after(call, cluster)
    )
    task = make_task(call, cluster, "cluster_create", _course(call, cluster, failure))
    _record(call, cluster, failure)
    if failure is None:
        _make_pools(call, cluster, request)
    return {"cluster_id": cluster.id, "task_id": task.id}


def _new_cluster(call: Call, region: str, request: dict[str, Any]) -> Doc:
    # As in the examples of the CS API reference: "c" and 32 hex digits.
    cluster_id = call.new_id("c", 0) + call.new_hex(32)
    cluster = Doc("cluster", cluster_id, region, text(request, "vpcid"), text(request, "name"))
    cluster.created_at = call.now
    version = kubernetes_version(text(request, "kubernetes_version"))
    network = network_of(request)
    first = call.docs.get("vswitch", texts(request, "vswitch_ids")[0])
    tags = cluster_tags(tag_rows(request))
    cluster.body = {
        "cluster_type": text(request, "cluster_type"),
        "cluster_spec": text(request, "cluster_spec") or "ack.standard",
        "profile": text(request, "profile") or "Default",
        "init_version": version,
        "versions": [[call.now, version]],
        "network": network,
        "vpc_id": cluster.scope,
        "vswitch_ids": texts(request, "vswitch_ids"),
        "zone_id": first.body["ZoneId"] if first else "",
        "security_group_id": text(request, "security_group_id"),
        "is_enterprise_security_group": request.get("is_enterprise_security_group") is not False,
        "container_cidr": text(request, "container_cidr") if network == "Flannel" else "",
        "service_cidr": text(request, "service_cidr"),
        "node_cidr_mask": _node_cidr_mask(request, network),
        "proxy_mode": text(request, "proxy_mode") or "ipvs",
        "cluster_domain": text(request, "cluster_domain") or "cluster.local",
        "ip_stack": text(request, "ip_stack") or "ipv4",
        "timezone": text(request, "timezone"),
        "deletion_protection": flag(request, "deletion_protection"),
        "snat_entry": flag(request, "snat_entry"),
        "public": flag(request, "endpoint_public_access"),
        "resource_group_id": text(request, "resource_group_id") or RESOURCE_GROUP,
        "maintenance_window": part(request, "maintenance_window"),
        "operation_policy": part(request, "operation_policy"),
        "auto_mode": part(request, "auto_mode"),
        "extra_sans": _certificate_names(request),
        "rrsa_enabled": flag(part(request, "rrsa_config"), "enabled")
        or flag(request, "enable_rrsa"),
        "Tags": tags | {"ack.aliyun.com": cluster_id},
        "stack_id": "-".join(call.new_hex(length) for length in (8, 4, 4, 4, 12)),
        "worker_ram_role_name": "",
        "endpoints": {},
        "resources": [],
        "next_share": 0,
        "certificate_generation": 1,
        "updated": call.now,
    }
    return cluster


def _node_cidr_mask(request: dict[str, Any], network: str) -> str:
    """The mask that was requested, also with Terway, which has no use for it.

    Terraform's provider sends one with every cluster, and replaces a cluster that does not answer
    with it.
    """
    return text(request, "node_cidr_mask") or ("26" if network == "Flannel" else "")


def _certificate_names(request: dict[str, Any]) -> list[str]:
    """More names for the API server's certificate: ``extra_sans``, or ``custom_san`` with commas.

    The latter, like ``enable_rrsa``, is what Terraform's provider sends.
    """
    older = [name.strip() for name in text(request, "custom_san").split(",") if name.strip()]
    return texts(request, "extra_sans") or older


def _make_surroundings(call: Call, cluster: Doc, request: dict[str, Any]) -> Failure | None:
    """Make what ACK makes itself. A refusal by another product fails the cluster's first stage."""
    public, ssh = flag(request, "endpoint_public_access"), flag(request, "ssh_flags")
    try:
        make_security(call, cluster)
        make_worker_role(call, cluster)
        make_endpoints(call, cluster, public=public, ssh=ssh)
        if flag(request, "snat_entry"):
            make_way_out(call, cluster)
    except ApiError as error:
        return 1, error.code, error.message
    return None


def _planned_failure(call: Call, cluster: Doc) -> Failure | None:
    found = fault(call, "cluster_failed", cluster=cluster.name)
    if found is None:
        return None
    stage = min(max(int(found.get("stage", 2)), 1), len(durations.CONTROL_PLANE_STAGES))
    name = durations.CONTROL_PLANE_STAGES[stage - 1][0]
    return stage, "400", str(found.get("message", f"failed to {name[:1].lower()}{name[1:]}"))


def _course(call: Call, cluster: Doc, failure: Failure | None) -> TaskCourse:
    stages = durations.control_plane_stages(call.settings, cluster.id)
    if failure is not None:
        return TaskCourse(stages[: failure[0]], error=(failure[1], failure[2]))
    stuck = fault(call, "cluster_stuck", cluster=cluster.name) is not None
    return TaskCourse(stages, endless=stuck)


def _birth(call: Call, cluster: Doc, failure: Failure | None) -> list[list[Any]]:
    course = _course(call, cluster, failure)
    if course.endless:
        return CLUSTER.course(call.now, (0.0, "initial"))
    end = "failed" if failure else "running"
    return CLUSTER.course(call.now, (0.0, "initial"), (course.seconds, end))


def _record(call: Call, cluster: Doc, failure: Failure | None) -> None:
    kind = (cluster.id, "cluster_create")
    course, at = _course(call, cluster, failure), call.now
    for name, seconds in course.stages:
        message = f"Start to {name[:1].lower()}{name[1:]}"
        record(call, kind, cluster.id, "Started", message, at=at)
        at += seconds
    if failure is not None:
        record(call, kind, cluster.id, "Failed", failure[2], at=at, level="error")
    elif not course.endless:
        message = f"Cluster {cluster.name} is created"
        record(call, kind, cluster.id, "Succeeded", message, at=at)


def _make_pools(call: Call, cluster: Doc, request: dict[str, Any]) -> None:
    for pool in objects(request, "nodepools"):
        check_pool(call, cluster, pool)
        stages = durations.control_plane_stages(call.settings, cluster.id)
        start = call.now + sum(seconds for _, seconds in stages)
        make_pool(call, cluster, pool, start=start)


def _addons_after(call: Call, cluster: Doc) -> float:
    *stages, _ = durations.control_plane_stages(call.settings, cluster.id)
    return sum(seconds for _, seconds in stages)


def taken_of(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """What is taken of a request for a cluster: a doubt, and so are the words of a refusal."""
    reading = call.doubt("deprecated_fields")
    names = table("cs/deprecated")["fields"]
    found = [key for key in body if any(fnmatchcase(key, name) for name in names)]
    if found and reading == "refused":
        raise ApiError("InvalidParameter", f"parameter {found[0]} is deprecated")
    return {k: v for k, v in body.items() if k not in found} if reading == "ignored" else body
