"""Where a list goes on: a token names the last row that was shown, and not how many were.

So whatever is added or removed between two pages, nothing comes twice, and nothing that stood all
along is left out. Clients hand a token back as it is; nobody publishes what the real ones hold.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.store import Doc

T = TypeVar("T")
Place = tuple[float | str, ...]
"""Where a row stands in its list, among those before and behind it; a row keeps it for life."""


def birth(doc: Doc) -> Place:
    """The place of a document in a list in the order of birth, as the store has them."""
    return (doc.created_at, doc.id)


def first_after(
    rows: Sequence[T], token: str, place: Callable[[T], Place], *, latest_first: bool = False
) -> int:
    """The index of the first row behind the one that ``token`` names; 0 for no token.

    ``rows`` are in the order of ``place``, or from its end where ``latest_first``. Refuses a token
    that was never handed out (InvalidParameter.NextToken).
    """
    if not token:
        return 0
    try:
        mark = tuple(json.loads(base64.urlsafe_b64decode(token.encode())))
        if latest_first:
            return bisect_left(rows, True, key=lambda row: place(row) < mark)  # noqa: FBT003
        return bisect_left(rows, True, key=lambda row: place(row) > mark)  # noqa: FBT003
    except (ValueError, TypeError):
        raise ApiError(
            "InvalidParameter.NextToken", "The specified NextToken is invalid."
        ) from None


def token_after(page: Sequence[T], place: Callable[[T], Place]) -> str:
    """The token of the page behind ``page``."""
    mark: list[Any] = list(place(page[-1]))
    return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()
