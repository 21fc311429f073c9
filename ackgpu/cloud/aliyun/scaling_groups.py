"""Scaling activities: Ess 2022-02-22, DescribeScalingActivities."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.errors import missing, of_task
from ackgpu.cloud.aliyun.rows import instant, number
from ackgpu.cloud.api import ScalingActivity
from ackgpu.errors import CloudError, LocalError

_ACTION = "DescribeScalingActivities"
_PAGE = 50
_TROUBLE = frozenset({"Failed", "Warning", "Rejected"})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class AliyunScaling:
    """:class:`~ackgpu.cloud.api.ScalingApi` over Auto Scaling."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def activities(self, group_id: str) -> list[ScalingActivity]:
        """The latest: of the first page or of the last two, whichever are newer.

        Which end of the list is the newest is not published. It is not read to its end: a group
        that cannot get its instances tries again every few minutes, which is thousands in 30 days.
        """
        rows, total = self._page(group_id, 1)
        last = -(-total // _PAGE)  # it may not be full: then the one before has the rest
        for index in {last - 1, last} - {-1, 0, 1}:
            rows += self._page(group_id, index)[0]
        told = {row.scaling_activity_id or id(row): _activity(row) for row in rows}
        return sorted(told.values(), key=_age, reverse=True)[:_PAGE]

    def _page(self, group_id: str, index: int) -> tuple[list[Any], int]:
        fields = {"scaling_group_id": group_id, "page_number": index, "page_size": _PAGE}
        try:
            body = self._calls.read(_ACTION, region_id=self._calls.region, **fields)
        except ModuleNotFoundError:  # an installation from before Auto Scaling was asked
            lacking = "alibabacloud-ess20220222 is not installed."
            raise LocalError(lacking, resolution="Install ackgpu anew.") from None
        if body.scaling_activities is None:
            raise missing(_ACTION, "its list", body.request_id)
        return list(body.scaling_activities), number(body.total_count)


def _age(activity: ScalingActivity) -> tuple[datetime, bool]:
    return activity.started or _LONG_AGO, activity.failure is not None


def _activity(row: Any) -> ScalingActivity:
    return ScalingActivity(
        id=row.scaling_activity_id or "",
        state=row.status_code or "",
        description=row.description or "",
        started=instant(row.start_time),
        added=number(row.created_capacity) + number(row.started_capacity),
        released=number(row.destroyed_capacity) + number(row.stopped_capacity),
        failure=_failure(row),
    )


def _failure(row: Any) -> CloudError | None:
    """Why it failed: its own code, else the first of several, else the one that its words quote."""
    if row.status_code not in _TROUBLE:
        return None
    several = next(iter(row.error_messages or ()), None)
    code = row.error_code or (several.code if several else "") or ""
    message = row.error_message or (several.message if several else "") or row.status_message
    # The same codes as in ACK's tasks, which quote these activities.
    return of_task("scaling activity", code, message or row.detail or "")
