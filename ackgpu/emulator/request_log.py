"""The log of requests: what was asked, and how it was answered. It holds no parameter values."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request. ``at`` is the emulated second, ``seconds`` how long the answer took (real).

    ``action`` is empty where none was found; ``code`` where the request succeeded. ``unknown``
    are parameters that the operation does not have, ``fault`` the effect that hit it.
    """

    at: float
    product: str
    action: str
    writes: bool
    region: str
    params: tuple[str, ...]
    unknown: tuple[str, ...]
    access_key_id: str
    status: int
    code: str
    request_id: str
    seconds: float
    fault: str


@lru_cache(maxsize=512)
def shared(value: T) -> T:
    """An equal value of an earlier entry, so that thousands of entries keep it once."""
    return value


class RequestLog:
    """The latest requests in memory, and each as a line of a file where one is named.

    Raises OSError where the file cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self._path = path
        if path is not None:
            # At once: a path that cannot be written is told before anything is served.
            path.open("a").close()

    def add(self, entry: LoggedRequest) -> None:
        """Record a request."""
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")

    def clear(self) -> None:
        """Forget what is in memory; the file stays."""
        self._entries.clear()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def writes(self) -> list[LoggedRequest]:
        """The requests that changed, or tried to change, something."""
        return [entry for entry in self if entry.writes]

    def rows(self) -> list[dict[str, Any]]:
        """The entries as JSON has them."""
        return [asdict(entry) for entry in self]
