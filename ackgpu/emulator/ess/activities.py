"""Scaling activities: what a scaling group did in the last 30 days, and what came of it.

A group is a node pool's (``scaling_group_id`` of the pool): it has an activity for each time that
instances were added or released, which Container Service set in motion. What joins the cluster, or
never does, is no affair of Auto Scaling's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.ess import PRODUCT
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import minute_stamp
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.store import Doc

KIND = "scalingactivity"
ACTIVITY = Lifecycle(
    "scaling activity",
    {
        "InProgress": "Successful Warning Failed",
    },
)
"""The published states but Rejected: of a request that Auto Scaling does not begin with."""


class ScaleOut(NamedTuple):
    """``wanted`` instances were to be added, ``made`` were; ``refusal`` says why no more."""

    wanted: int
    made: Sequence[str]
    refusal: ApiError | None


def record_scale_out(call: Call, pool: Doc, came: ScaleOut, *, span: tuple[float, float]) -> None:
    """Write an activity down. ``span``: from when to when, in emulated seconds."""
    refusal = came.refusal
    end = "Successful" if refusal is None else "Warning" if came.made else "Failed"
    body = {
        "wanted": came.wanted,
        "created": [*came.made],
        "destroyed": [],
        "error": [refusal.code, refusal.message] if refusal else None,
    }
    _record(call, pool, body, end, span)


def record_scale_in(
    call: Call, pool: Doc, released: Sequence[str], *, span: tuple[float, float]
) -> None:
    """``released`` were taken out of the group."""
    body = {"wanted": len(released), "created": [], "destroyed": [*released], "error": None}
    _record(call, pool, body, "Successful", span)


def _record(
    call: Call, pool: Doc, body: dict[str, object], end: str, span: tuple[float, float]
) -> None:
    start, until = span
    group = str(pool.body["scaling_group"]["scaling_group_id"])
    before = call.docs.find(KIND, scope=group)
    body["phases"] = ACTIVITY.course(start, (0.0, "InProgress"), (max(0.0, until - start), end))
    # Of the group's id, not from the seeded source: what else is drawn from that stays as it was.
    digest = hashlib.sha256(f"{group} {len(before)}".encode()).hexdigest()[:20]
    call.docs.put(Doc(KIND, f"asa-{digest}", pool.region, group, created_at=start, body=body))


STATES = frozenset({"Successful", "Warning", "Failed", "InProgress", "Rejected"})
KEPT = 30 * 86_400.0
"""Seconds for which an activity can be queried (page on the operation)."""
MOST_IDS = 20


@PRODUCT.operation("DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> dict[str, Any]:
    """The activities of a group, or those of the ids: one of both has to be given.

    A group or an id that there is not has none. The code of a request with neither is unconfirmed.
    """
    group, ids = call.params.text("ScalingGroupId"), call.params.listed("ScalingActivityIds")
    wanted = call.params.text("StatusCode")
    if not group and not ids:
        raise ApiError("MissingParameter", "ScalingGroupId or ScalingActivityIds is mandatory.")
    if wanted and wanted not in STATES:
        raise invalid("StatusCode")
    if len(ids) > MOST_IDS:
        raise invalid("ScalingActivityIds")
    refreshes = bool(call.params.text("InstanceRefreshTaskId"))  # no group here has one
    found = [] if refreshes else call.all(KIND, scope=group, ids=ids)
    rows = [
        doc for doc in found if doc.created_at > call.now - KEPT and wanted in {"", call.state(doc)}
    ]
    if call.doubt("activity_order") == "newest":
        rows.reverse()
    page, numbers = page_of(call, rows)
    return {"ScalingActivities": [_row(call, doc) for doc in page], **numbers}


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    """What the answer's model has, as the documented example words it."""
    body, state = doc.body, call.state(doc)
    created, destroyed, error = body["created"], body["destroyed"], body["error"]
    running = state == "InProgress"
    number = len(created) + len(destroyed)
    verb = ("Remove", "removed") if destroyed else ("Add", "added")
    row = {
        "ScalingActivityId": doc.id,
        "ScalingGroupId": doc.scope,
        "Description": f'{verb[0]} "{body["wanted"]}" ECS instance',
        "Cause": f'A user requests to {verb[0].lower()} "{body["wanted"]}" ECS instances.',
        "StartTime": minute_stamp(call, doc.created_at),
        "Progress": 50 if running else 100,
        "StatusCode": state,
        "StatusMessage": "",
        "ScalingInstanceNumber": body["wanted"],
        "CreatedCapacity": len(created),
        "CreatedInstances": [json.dumps(created)] if created else [],
        "DestroyedCapacity": len(destroyed),
        "DestroyedInstances": [json.dumps(destroyed)] if destroyed else [],
        "StartedCapacity": 0,
        "StartedInstances": [],
        "StoppedCapacity": 0,
        "StoppedInstances": [],
        "TriggerSourceType": "Api",
        "TriggerSourceId": call.caller.account_id,
        "LifecycleHookContext": {"DisableLifecycleHook": False, "IgnoredLifecycleHookIds": []},
    }
    if running:
        return row
    row["EndTime"] = minute_stamp(call, body["phases"][-1][0])
    row["StatusMessage"] = f'"{number}" ECS instances are {verb[1]}'
    names = ", ".join(created or destroyed)
    row["Detail"] = f'new ECS instances "{names}" are created.' if created else ""
    return row if error is None else row | _failure(call, *error)


def _failure(call: Call, code: str, message: str) -> dict[str, Any]:
    """Why: in members of their own, or only in the words; ACK's tasks quote the latter."""
    said = f'Fail to scale instances for scaling group(code:"{code}", msg:"{message}").'
    if call.doubt("activity_reason") == "quoted":
        return {"StatusMessage": said}
    return {
        "StatusMessage": said,
        "ErrorCode": code,
        "ErrorMessage": message,
        "ErrorMessages": [
            {"Code": code, "Message": message, "Description": said, "FailedInstanceIds": []}
        ],
    }
