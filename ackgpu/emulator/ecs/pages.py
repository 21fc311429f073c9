"""The two ways of ECS to page: by NextToken and MaxResults, and by the older page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of


def page(
    call: Call, rows: Sequence[Any], *, low: int = 1, high: int = 100
) -> tuple[list[Any], dict[str, Any]]:
    """One page of ``rows``, with NextToken, PageNumber, PageSize and TotalCount.

    A MaxResults below ``low`` (or absent) means 10 or ``low``, above ``high`` means ``high``: the
    server corrects it without complaint (DescribeInstances, DescribeNetworkInterfaces).
    """
    if "PageNumber" in call.params or "PageSize" in call.params:
        some, numbers = page_of(call, rows, most=100)
        return some, {"NextToken": "", **numbers}
    size = min(max(call.params.integer("MaxResults", 10), low), high)
    start = _start(call)
    following = start + size
    token = str(following) if following < len(rows) else ""
    numbers = {"PageNumber": 1 + start // size, "PageSize": size, "TotalCount": len(rows)}
    return list(rows[start:following]), {"NextToken": token, **numbers}


def _start(call: Call) -> int:
    text = call.params.text("NextToken", "0")
    if not text.isdecimal():
        raise ApiError("InvalidParameter.NextToken", "The specified NextToken is invalid.")
    return int(text)
