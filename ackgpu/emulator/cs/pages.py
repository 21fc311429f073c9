"""Pages by page_number and page_size, as the list operations of Container Service take them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.cursor import birth, first_after, token_after
from ackgpu.emulator.store import Doc


def paged(
    call: Call, rows: list[Any], *, default: int = 50, camel: bool = False
) -> tuple[list[Any], dict[str, int]]:
    """One page, and its page_info. ``camel``: the parameters are pageNumber and pageSize."""
    number_key, size_key = ("pageNumber", "pageSize") if camel else ("page_number", "page_size")
    size = call.params.integer(size_key, default, low=1, high=100)
    number = call.params.integer(number_key, 1, low=1)
    page = rows[(number - 1) * size : number * size]
    return page, {"page_number": number, "page_size": size, "total_count": len(rows)}


def token_or_page(call: Call, rows: list[Doc]) -> tuple[list[Doc], dict[str, int], str]:
    """One page by next_token and max_results where either is given, else by page numbers.

    ``rows`` begin with the latest. The page, its page_info, and the token of the next page: empty
    at the end.
    """
    if not {"next_token", "max_results"} & set(call.params):
        return *paged(call, rows), ""
    size = call.params.integer("max_results", 50, low=1, high=100)
    start = first_after(rows, call.params.text("next_token"), birth, latest_first=True)
    end = start + size
    info = {"page_number": start // size + 1, "page_size": size, "total_count": len(rows)}
    page = rows[start:end]
    return page, info, token_after(page, birth) if end < len(rows) else ""
