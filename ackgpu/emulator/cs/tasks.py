"""Tasks: what a request set in motion, with its stages. They outlive their cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ackgpu.emulator.cs import PRODUCT, instants
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.pages import token_or_page
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.store import Doc

TASK = Lifecycle(
    "task",
    {
        "running": "success fail paused canceled",
        "paused": "running canceled",
    },
)


@dataclass(frozen=True)
class TaskCourse:
    """What a task will do: its stages in order, each with its seconds.

    ``error`` (code, message) makes it fail at the end of the last stage; ``endless``: it never
    ends. ``results`` are (data, status) pairs, shown once it ended.
    """

    stages: Sequence[tuple[str, float]]
    error: tuple[str, str] | None = None
    endless: bool = False
    results: Sequence[tuple[str, str]] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(seconds for _, seconds in self.stages)


def make_task(
    call: Call,
    cluster: Doc,
    task_type: str,
    course: TaskCourse,
    *,
    target: tuple[str, str] | None = None,
) -> Doc:
    """Write a task down that begins now. ``target`` is (id, type), the cluster by default."""
    stages, at = [], call.now
    for message, seconds in course.stages:
        stages.append({"message": message, "start": at, "end": at + seconds})
        at += seconds
    end = "fail" if course.error else "success"
    steps = ((0.0, "running"),) if course.endless else ((0.0, "running"), (at - call.now, end))
    target_id, target_type = target or (cluster.id, "cluster")
    return call.docs.put(
        Doc(
            "task",
            call.new_id("T-", 0) + call.new_hex(24),
            region=cluster.region,
            scope=cluster.id,
            created_at=call.now,
            body={
                "phases": TASK.course(call.now, *steps),
                "task_type": task_type,
                "target": {"id": target_id, "type": target_type},
                "stages": stages,
                "error": list(course.error) if course.error else None,
                "results": [list(pair) for pair in course.results],
                "parameters": course.parameters,
            },
        )
    )


def task_of(call: Call) -> Doc:
    """The task in the path. Tasks resolve in their own region only (code unconfirmed)."""
    task = call.alive("task", call.path["task_id"])
    if task is None:
        raise ApiError("ErrorTaskNotFound", f"task {call.path['task_id']} not found", 404)
    return task


@PRODUCT.operation("DescribeTaskInfo", "GET /tasks/{task_id}")
def describe_task_info(call: Call) -> dict[str, Any]:
    """A task with its stages. Stages ahead are listed as ``initial`` (unconfirmed)."""
    task = task_of(call)
    stages = [_stage(call, task, row) for row in task.body["stages"]]
    current = next((row["message"] for row in stages if row["state"] == "running"), "")
    ended = call.state(task) in {"success", "fail"}
    return {
        "cluster_id": task.scope,
        "created": instants.china_time(call, task.created_at),
        "current_stage": current,
        "error": _error(call, task),
        "events": [
            _event(call, task, row) for row in task.body["stages"] if row["start"] <= call.now
        ],
        "outputs": {},
        "parameters": task.body["parameters"],
        "stages": stages,
        "state": call.state(task),
        "target": task.body["target"],
        "task_id": task.id,
        "task_result": [
            {"data": data, "status": status if ended else "initial"}
            for data, status in task.body["results"]
        ],
        "task_type": task.body["task_type"],
        "updated": instants.china_time(call, _updated(call, task)),
    }


@PRODUCT.operation(
    "DescribeClusterTasks", "GET /clusters/{cluster_id}/tasks", request_id_key="requestId"
)
def describe_cluster_tasks(call: Call) -> dict[str, Any]:
    """The cluster's tasks, newest first; those of a task_type or in a state, where it is given.

    No SDK has the two filters; the vendor's own CLI sends them.
    """
    cluster, params = cluster_of(call), call.params
    rows = [
        task
        for task in call.docs.find("task", at=call.now, scope=cluster.id)[::-1]
        if params.fit(task_type=task.body["task_type"], state=call.state(task))
    ]
    page, page_info, token = token_or_page(call, rows)
    return {
        "next_token": token,
        "page_info": page_info,
        "tasks": [
            {
                "created": instants.china_time(call, task.created_at),
                "error": _error(call, task),
                "state": call.state(task),
                "task_id": task.id,
                "task_type": task.body["task_type"],
                "updated": instants.china_time(call, _updated(call, task)),
            }
            for task in page
        ],
    }


def _error(call: Call, task: Doc) -> dict[str, str] | None:
    if call.state(task) != "fail":
        return None
    code, message = task.body["error"]
    return {"code": code, "message": message}


def _updated(call: Call, task: Doc) -> float:
    moments = [at for at, _ in task.body["phases"]]
    moments += [row["start"] for row in task.body["stages"]]
    return max((at for at in moments if at <= call.now), default=task.created_at)


def _stage(call: Call, task: Doc, row: dict[str, Any]) -> dict[str, Any]:
    begun = row["start"] <= call.now
    last = row is task.body["stages"][-1]
    # The last stage of a task that hangs, or is paused, does not end with its time.
    ended = row["end"] <= call.now and not (last and call.state(task) in {"running", "paused"})
    state = "initial" if not begun else "running"
    if ended:
        state = "fail" if last and call.state(task) == "fail" else "success"
    return {
        "end_time": instants.stage_time(call, row["end"]) if ended else "",
        "message": row["message"],
        "outputs": {},
        "start_time": instants.stage_time(call, row["start"]) if begun else "",
        "state": state,
    }


def _event(call: Call, task: Doc, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": "start",
        "level": "Normal",
        "message": f"start to {row['message'][:1].lower()}{row['message'][1:]}",
        "reason": task.body["task_type"],
        "source": "ACK",
        "timestamp": instants.epoch_milliseconds(call, row["start"]),
    }
