"""The spellings of an instant in Container Service: they differ from operation to operation.

Observed on a cluster of 2026-09 and in the documented examples: clusters and tasks in +08:00
whatever the region, pools with fractions, nodes in UTC, task stages without a zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ackgpu.emulator.operation import Call

CHINA = timezone(timedelta(hours=8))


def china_time(call: Call, seconds: float) -> str:
    """``2026-09-16T19:14:47+08:00``: clusters, tasks, resources, logs."""
    return _local(call, seconds).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def nanosecond_time(call: Call, seconds: float) -> str:
    """``2026-09-16T19:17:49.109695000+08:00``: when a node pool was created."""
    return _local(call, seconds).strftime("%Y-%m-%dT%H:%M:%S.%f000+08:00")


def millisecond_time(call: Call, seconds: float) -> str:
    """``2026-09-16T19:19:37.827+08:00``: when a node pool was changed."""
    text = _local(call, seconds).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{text[:-3]}+08:00"


def stage_time(call: Call, seconds: float) -> str:
    """``2022-12-15 23:00:00``: the stages of a task."""
    return _local(call, seconds).strftime("%Y-%m-%d %H:%M:%S")


def epoch_milliseconds(call: Call, seconds: float) -> str:
    """``1669706229286``: the events of a task."""
    return str(int(call.instant(seconds).timestamp() * 1000))


def _local(call: Call, seconds: float) -> datetime:
    return call.instant(seconds).astimezone(CHINA)
