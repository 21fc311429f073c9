"""Reading lists to their end, in each of the styles that the products page with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ackgpu.cloud.aliyun.errors import missing

_MOST_PAGES = 1_000


def by_number(
    action: str, fetch: Callable[[int], tuple[Sequence[Any] | None, int | None]]
) -> list[Any]:
    """Every row of a list paged with PageNumber; ``fetch`` gives a page's rows and TotalCount."""
    rows: list[Any] = []
    for number in range(1, _MOST_PAGES + 1):
        page, total = fetch(number)
        if page is None:
            raise missing(action, "its list")
        rows += page
        if not page or total is None or len(rows) >= total:
            return rows
    raise missing(action, "an end to its pages")


def by_token(
    action: str, fetch: Callable[[str | None], tuple[Sequence[Any] | None, str | None]]
) -> list[Any]:
    """Every row of a list paged with NextToken; ``fetch`` gives a page's rows and the next token.

    An empty or absent token ends the list; one that comes twice would never.
    """
    rows: list[Any] = []
    seen: set[str] = set()
    token: str | None = None
    while True:
        page, token = fetch(token)
        if page is None:
            raise missing(action, "its list")
        rows += page
        if not token:
            return rows
        if token in seen:
            raise missing(action, "an end to its pages")
        seen.add(token)


def chunks(ids: Sequence[str], size: int) -> list[Sequence[str] | None]:
    """``ids`` in groups of at most ``size``; one group of None, which is "all", where empty."""
    if not ids:
        return [None]
    return [ids[start : start + size] for start in range(0, len(ids), size)]
