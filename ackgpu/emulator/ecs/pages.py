"""The two ways of ECS to page: by NextToken and MaxResults, and by the older page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.cursor import birth, first_after, token_after
from ackgpu.emulator.store import Doc


def page(
    call: Call, rows: Sequence[Doc], *, low: int = 1, high: int = 100
) -> tuple[list[Any], dict[str, Any]]:
    """One page of ``rows``, with NextToken, PageNumber, PageSize and TotalCount.

    A MaxResults below ``low`` (or absent) means 10 or ``low``, above ``high`` means ``high``: the
    server corrects it without complaint (DescribeInstances, DescribeNetworkInterfaces).
    """
    if "PageNumber" in call.params or "PageSize" in call.params:
        some, numbers = page_of(call, rows, most=100)
        return some, {"NextToken": "", **numbers}
    size = min(max(call.params.integer("MaxResults", 10), low), high)
    start = first_after(rows, call.params.text("NextToken"), birth)
    some = list(rows[start : start + size])
    token = token_after(some, birth) if start + size < len(rows) else ""
    numbers = {"PageNumber": 1 + start // size, "PageSize": size, "TotalCount": len(rows)}
    return some, {"NextToken": token, **numbers}
