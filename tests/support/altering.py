"""A proxy whose network is at fault: it alters answers, or delivers a request twice."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from support.proxy import Proxy, Relay, running

Alter = Callable[["Exchange"], bytes]


@dataclass(frozen=True)
class Exchange:
    """A request that was answered. ``page`` is its PageNumber, 1 where it has none."""

    action: str
    page: int
    content: bytes


class AlteringProxy(Proxy):
    """``alter`` gives the body that the client gets instead of an exchange's own.

    The next request of each action in ``twice`` is delivered twice, as by a proxy that believes
    that the first delivery failed; the client gets the second answer.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.RequestHandlerClass = AlteringRelay
        self.alter: Alter = lambda exchange: exchange.content
        self.twice: set[str] = set()


class AlteringRelay(Relay):
    """One connection of a client."""

    server: AlteringProxy

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        self._sent = body.decode("latin-1")
        first = super()._ask(body)
        if self._action() not in self.server.twice:
            return first
        self.server.twice.discard(self._action())
        return super()._ask(body)

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        given = parse_qs(f"{urlsplit(self.path).query}&{self._sent}")
        page = int((given.get("PageNumber") or given.get("page_number") or ["1"])[0])
        altered = self.server.alter(Exchange(self._action(), page, content))
        super()._answer(answer, altered)


def altering_proxy_to(upstream: str) -> AbstractContextManager[AlteringProxy]:
    """A running proxy."""
    return running(AlteringProxy(upstream))
