"""Tasks, paused, resumed and cancelled: upgrades of control planes and of pools are what can be.

For the others the service answers TaskOperationNotSupported (as Alibaba's own CLI expects; another
of its tools claims that all can be: unconfirmed).
"""

from __future__ import annotations

from ackgpu.emulator.cs import PRODUCT, nodepool_upkeep
from ackgpu.emulator.cs.lookup import pool_of
from ackgpu.emulator.cs.states import CLUSTER
from ackgpu.emulator.cs.tasks import TASK, task_of
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

PAUSABLE = frozenset({"cluster_upgrade", nodepool_upkeep.TASK_TYPE})
ENDED = frozenset({"success", "fail", "canceled"})


@PRODUCT.operation("PauseTask", "POST /tasks/{task_id}/pause")
def pause_task(call: Call) -> None:
    """Pause a task. It answers nothing."""
    pause(call, task_of(call))


@PRODUCT.operation("ResumeTask", "POST /tasks/{task_id}/resume")
def resume_task(call: Call) -> None:
    """Go on with a paused task. It answers nothing."""
    resume(call, task_of(call))


@PRODUCT.operation("CancelTask", "POST /tasks/{task_id}/cancel")
def cancel_task(call: Call) -> None:
    """Give a task up. It answers nothing."""
    cancel(call, task_of(call))


def pause(call: Call, task: Doc) -> None:
    """Stop the task where it stands; what it works on stays ``upgrading``."""
    _check(call, task, {"running"})
    task.body["remaining"] = task.body["phases"][-1][0] - call.now
    TASK.enter(task, call.now, (0.0, "paused"))
    task.body["paused_at"] = call.now
    call.docs.put(task)
    if task.body["task_type"] == nodepool_upkeep.TASK_TYPE:
        nodepool_upkeep.hold(call, _pool(call, task))
        return
    cluster = _cluster(call, task)
    cluster.body["pending_version"] = cluster.body["versions"].pop()[1]
    cluster.body["phases"] = [row for row in cluster.body["phases"] if row[0] <= call.now]
    call.docs.put(cluster)


def resume(call: Call, task: Doc) -> None:
    """Go on: everything ahead comes as much later as the pause was long."""
    _check(call, task, {"paused"})
    rest, pause_length = task.body.pop("remaining"), call.now - task.body["paused_at"]
    TASK.enter(task, call.now, (0.0, "running"), (rest, "success"))
    for stage in task.body["stages"]:
        for key in ("start", "end"):
            if stage[key] > task.body["paused_at"]:
                stage[key] += pause_length
    call.docs.put(task)
    if task.body["task_type"] == nodepool_upkeep.TASK_TYPE:
        pool = _pool(call, task)
        nodepool_upkeep.go_on(call, pool, rest=rest, pause_length=pause_length)
        return
    cluster = _cluster(call, task)
    cluster.body["phases"].append([call.now + rest, "running"])
    cluster.body["versions"].append([call.now + rest, cluster.body.pop("pending_version")])
    call.docs.put(cluster)


def cancel(call: Call, task: Doc) -> None:
    """End the task; what it worked on runs on with what it had. One that has ended stays so."""
    if call.state(task) in ENDED:
        return
    _check(call, task, {"running", "paused"})
    TASK.enter(task, call.now, (0.0, "canceled"))
    task.body["stages"] = [row for row in task.body["stages"] if row["start"] <= call.now]
    call.docs.put(task)
    if task.body["task_type"] == nodepool_upkeep.TASK_TYPE:
        nodepool_upkeep.give_up(call, _pool(call, task))
        return
    cluster = _cluster(call, task)
    if cluster.body.pop("pending_version", None) is None:
        cluster.body["versions"].pop()
    CLUSTER.enter(cluster, call.now, (0.0, "running"))
    call.docs.put(cluster)


def _check(call: Call, task: Doc, states: set[str]) -> None:
    state = call.state(task)
    if task.body["task_type"] not in PAUSABLE or state not in states:
        kind = task.body["task_type"]
        raise ApiError(
            "TaskOperationNotSupported", f"the operation is not supported on a {state} {kind} task"
        )


def _cluster(call: Call, task: Doc) -> Doc:
    cluster = call.alive("cluster", task.scope)
    if cluster is None:
        raise ApiError("ErrorClusterNotFound", f"cluster {task.scope} not found", 404)
    return cluster


def _pool(call: Call, task: Doc) -> Doc:
    return pool_of(call, _cluster(call, task), task.body["target"]["id"])
