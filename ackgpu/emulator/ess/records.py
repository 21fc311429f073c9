"""Scaling activities as they are written down: what a scaling group did, with what came of it.

A group is a node pool's (``scaling_group_id`` of the pool): it has an activity for each time that
instances were added or released, which Container Service set in motion. What joins the cluster, or
never does, is no affair of Auto Scaling's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
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
