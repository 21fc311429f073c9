"""Logs of the control plane and the audit log: which of them go to the log project."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.lookup import body_of, cluster_of, flag, running_cluster, text, texts
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

DAYS = "30"


@PRODUCT.operation("CheckControlPlaneLogEnable", "GET /clusters/{cluster_id}/controlplanelog")
def check_control_plane_log_enable(call: Call) -> dict[str, Any]:
    """Which components' logs are kept; none unless somebody requested them."""
    cluster = cluster_of(call)
    kept = cluster.body.get("control_plane_log", {})
    return {
        "aliuid": call.caller.account_id,
        "components": kept.get("components", []),
        "log_project": kept.get("log_project", ""),
        "log_ttl": kept.get("log_ttl", ""),
    }


@PRODUCT.operation("UpdateControlPlaneLog", "PUT /clusters/{cluster_id}/controlplanelog")
def update_control_plane_log(call: Call) -> dict[str, Any]:
    """Keep the logs of these components."""
    cluster, body = running_cluster(call), body_of(call)
    cluster.body["control_plane_log"] = {
        "components": texts(body, "components"),
        "log_project": text(body, "log_project") or f"k8s-log-{cluster.id}",
        "log_ttl": text(body, "log_ttl") or DAYS,
    }
    return _changed(call, cluster)


@PRODUCT.operation("GetClusterAuditProject", "GET /clusters/{clusterid}/audit")
def get_cluster_audit_project(call: Call) -> dict[str, Any]:
    """Whether the audit log is kept, and in which project."""
    project = cluster_of(call).body.get("audit_project", "")
    return {"audit_enabled": bool(project), "sls_project_name": project}


@PRODUCT.operation("UpdateClusterAuditLogConfig", "PUT /clusters/{clusterid}/audit_log")
def update_cluster_audit_log_config(call: Call) -> dict[str, Any]:
    """Keep the audit log, or no longer."""
    cluster, body = running_cluster(call), body_of(call)
    project = text(body, "sls_project_name") or f"k8s-log-{cluster.id}"
    cluster.body["audit_project"] = "" if flag(body, "disable") else project
    return _changed(call, cluster)


def _changed(call: Call, cluster: Doc) -> dict[str, Any]:
    call.docs.put(cluster)
    course = TaskCourse([("Update logging", durations.CLUSTER_UPDATE)])
    task = make_task(call, cluster, "cluster_configuration_modify", course)
    return {"cluster_id": cluster.id, "task_id": task.id}
