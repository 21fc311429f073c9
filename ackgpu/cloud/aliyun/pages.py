"""Reading lists to their end, in each of the styles that the products page with.

What is not in a list is taken to be gone, so a list is believed only where it is whole. One that
contradicts itself is read anew, since things may have come and gone between its pages; where it
still does in the end, LostReply says what was contradictory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from ackgpu.cloud.aliyun.errors import contradictory, missing
from ackgpu.cloud.aliyun.rows import number
from ackgpu.errors import LostReply

T = TypeVar("T")
Key = Callable[[Any], Hashable]
Numbered = Callable[[int], tuple[Sequence[Any] | None, int | None]]
Tokened = Callable[[str | None], tuple[Sequence[Any] | None, str | None]]

# Against a list whose pages never end, which would hold a command for ever.
_MAX_PAGES = 1_000
_READINGS = 3


class _DoubtfulError(Exception):
    """A reading that cannot be believed; ``lost`` says so where no other can be either."""

    def __init__(self, lost: LostReply) -> None:
        super().__init__(lost.message)
        self.lost = lost


def by_number(action: str, fetch: Numbered, *, key: Key = id) -> list[Any]:
    """Every row of a list paged with PageNumber; ``fetch`` gives a page's rows and TotalCount.

    ``key`` tells rows apart: one that comes twice is one row, and the list is whole where it has
    as many as its TotalCount says, page after page.
    """
    return _believed(lambda: _numbered(action, fetch, key))


def by_token(action: str, fetch: Tokened, *, key: Key = id) -> list[Any]:
    """Every row of a list paged with NextToken; ``fetch`` gives a page's rows and the next token.

    An empty or absent token ends the list; one that comes twice would never. TotalCount means
    nothing in this style (ECS API reference, DescribeInstances).
    """
    return _believed(lambda: _tokened(action, fetch, key))


def chunks(ids: Sequence[str], size: int) -> list[Sequence[str] | None]:
    """``ids`` in groups of at most ``size``; one group of None, which is "all", where empty."""
    if not ids:
        return [None]
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _believed(read: Callable[[], T]) -> T:
    for _ in range(_READINGS - 1):
        try:
            return read()
        except _DoubtfulError:
            continue
    try:
        return read()
    except _DoubtfulError as doubt:
        # LostReply is Transient: who asked waits and looks again, as after a read that failed.
        raise doubt.lost from None


def _numbered(action: str, fetch: Numbered, key: Key) -> list[Any]:
    found: dict[Hashable, Any] = {}
    said: int | None = None
    for index in range(1, _MAX_PAGES + 1):
        page, total = fetch(index)
        total = None if total is None else number(total)
        # An SDK turns a body without the list into None;
        # taken for empty it would read as "all gone".
        if page is None or total is None:
            raise _DoubtfulError(missing(action, "its list" if page is None else "its TotalCount"))
        # Something came or went between two pages, so that rows may have moved across their border.
        if total != (total if said is None else said):
            why = f"its TotalCount was {said} and then {total}"
            raise _DoubtfulError(contradictory(action, why))
        said, before = total, len(found)
        found.update(_by_key(page, key))
        # A page that brings nothing new ends it: gateways repeat the last page beyond the end.
        if len(found) >= total or len(found) == before:
            break
    if len(found) != said:
        why = f"it gave {len(found)} rows and says TotalCount {said}"
        raise _DoubtfulError(contradictory(action, why))
    return [*found.values()]


def _tokened(action: str, fetch: Tokened, key: Key) -> list[Any]:
    found: dict[Hashable, Any] = {}
    seen: set[str] = set()
    token: str | None = None
    while len(seen) < _MAX_PAGES:
        page, token = fetch(token)
        if page is None:
            raise _DoubtfulError(missing(action, "its list"))
        found.update(_by_key(page, key))
        if not token:
            return [*found.values()]
        # A circle of tokens (a caching proxy's, say) would go round until the command times out.
        if token in seen:
            raise _DoubtfulError(contradictory(action, "its NextToken came twice"))
        seen.add(token)
    raise _DoubtfulError(missing(action, "an end to its pages"))


def _by_key(page: Iterable[Any], key: Key) -> dict[Hashable, Any]:
    """Rows by what tells them apart; one that has no id yet is told by itself."""
    return {key(row) or id(row): row for row in page}
