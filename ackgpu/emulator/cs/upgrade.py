"""Upgrades of the control plane. Node pools are upgraded by their own operation."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT, durations
from ackgpu.emulator.cs.cluster_views import version_of
from ackgpu.emulator.cs.events import record
from ackgpu.emulator.cs.lookup import body_of, cluster_of, running_cluster, text
from ackgpu.emulator.cs.states import CLUSTER
from ackgpu.emulator.cs.tables import versions
from ackgpu.emulator.cs.task_control import cancel, pause, resume
from ackgpu.emulator.cs.tasks import TaskCourse, make_task
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

STATUS = {"running": "running", "paused": "pause", "success": "success"}


@PRODUCT.operation("UpgradeCluster", "POST /api/v2/clusters/{cluster_id}/upgrade")
def upgrade_cluster(call: Call) -> dict[str, Any]:
    """Upgrade the control plane by one minor version at most."""
    cluster = running_cluster(call)
    body = body_of(call)
    current = version_of(call, cluster)
    wanted = text(body, "next_version") or text(body, "version")
    known = next((row for row in versions() if row["version"] == current), None)
    offered = known["upgradable_versions"] if known else []
    if wanted not in offered:
        message = f"cluster cannot be upgraded from {current} to {wanted or 'nothing'}"
        raise ApiError("InvalidParameter.NextVersion", message)
    course = TaskCourse(durations.CLUSTER_UPGRADE_STAGES)
    CLUSTER.enter(cluster, call.now, (0.0, "upgrading"), (course.seconds, "running"))
    cluster.body["versions"].append([call.now + course.seconds, wanted])
    task = make_task(call, cluster, "cluster_upgrade", course)
    cluster.body["upgrade_task_id"] = task.id
    call.docs.put(cluster)
    kind, message = (cluster.id, "cluster_upgrade"), f"Start to upgrade to {wanted}"
    record(call, kind, cluster.id, "Started", message, at=call.now)
    return {"cluster_id": cluster.id, "task_id": task.id}


@PRODUCT.operation(
    "GetUpgradeStatus", "GET /api/v2/clusters/{cluster_id}/upgrade/status", doubt="clusters_v1"
)
def get_upgrade_status(call: Call) -> dict[str, Any]:
    """How the latest upgrade stands; ``not_start`` where there was none."""
    cluster = cluster_of(call)
    task = call.docs.get("task", cluster.body.get("upgrade_task_id", ""))
    if task is None:
        return _status("success", "not_start")
    state = STATUS.get(call.state(task), "fail")
    if state in {"success", "pause"}:
        return _status(state, state)
    precheck = task.body["stages"][0]["end"] > call.now
    return _status(state, "prechecking" if precheck else "upgrading")


@PRODUCT.operation(
    "PauseClusterUpgrade", "POST /api/v2/clusters/{cluster_id}/upgrade/pause", doubt="clusters_v1"
)
def pause_cluster_upgrade(call: Call) -> None:
    """Pause the upgrade. It answers nothing."""
    pause(call, _upgrade_of(call))


@PRODUCT.operation(
    "ResumeUpgradeCluster", "POST /api/v2/clusters/{cluster_id}/upgrade/resume", doubt="clusters_v1"
)
def resume_upgrade_cluster(call: Call) -> None:
    """Go on with the upgrade. It answers nothing."""
    resume(call, _upgrade_of(call))


@PRODUCT.operation(
    "CancelClusterUpgrade", "POST /api/v2/clusters/{cluster_id}/upgrade/cancel", doubt="clusters_v1"
)
def cancel_cluster_upgrade(call: Call) -> None:
    """Give the upgrade up. It answers nothing."""
    cancel(call, _upgrade_of(call))


def _upgrade_of(call: Call) -> Doc:
    cluster = cluster_of(call)
    task = call.docs.get("task", cluster.body.get("upgrade_task_id", ""))
    if task is None:
        raise ApiError("ErrorTaskNotFound", f"cluster {cluster.id} has no upgrade", 404)
    return task


def _status(status: str, step: str) -> dict[str, Any]:
    return {
        "error_message": "",
        "precheck_report_id": "",
        "status": status,
        "upgrade_step": step,
        "upgrade_task": {"message": "", "status": status.capitalize()},
    }
