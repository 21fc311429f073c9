"""A request as it arrived, an answer as it leaves: the HTTP that the emulator sees, undecoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class WireRequest:
    """One HTTP request. ``target`` is the path and query exactly as sent, ``headers`` in order.

    ``host`` is the name that the client wanted to reach, which through a proxy is not ours.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, still percent-encoded; ``/`` where there is none."""
        return self.target.partition("?")[0] or "/"

    @cached_property
    def query(self) -> Pairs:
        """The query's parameters, decoded, in order, empty values kept."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True, errors="replace")

    @cached_property
    def form(self) -> Pairs:
        """The parameters of a form body, decoded; none where the body is something else."""
        if not self.body or not self.header("content-type").lower().startswith(FORM):
            return []
        text = self.body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, errors="replace")

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value.strip())
        return found

    def header(self, name: str) -> str:
        """The first value of a header, by its lower-case name; empty where it was not sent."""
        return next(iter(self.header_values(name)), "")

    def header_values(self, name: str) -> list[str]:
        """Every value of a header, trimmed."""
        return self._by_name.get(name, [])

    @cached_property
    def header_names(self) -> frozenset[str]:
        """The names of all headers, in lower case."""
        return frozenset(self._by_name)

    def parameters(self) -> dict[str, str]:
        """Query and form in one; the gateway has refused doubled protocol parameters before."""
        return dict(self.query) | dict(self.form)


@dataclass
class HttpAnswer:
    """What the client gets. ``delay`` in real seconds; ``hang_up`` closes without an answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False
