"""A proxy between a client and the emulator: it counts the requests that change something, and
calls a hook at one of them, before, within or after its exchange."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypeVar
from urllib.parse import urlsplit

Moment = Literal["before", "unanswered", "answered"]
MOMENTS: tuple[Moment, ...] = ("before", "unanswered", "answered")
"""Before the server got it; when the server acted and the client has no answer yet; when the
client has its answer."""

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
READS = ("Describe", "List", "Get", "Check")


class Proxy(ThreadingHTTPServer):
    """Relays to ``upstream``. While armed, ``strike`` is called at ``moment`` of change ``at``.

    ``strike`` says whether the client is gone, and nothing more is to be relayed to it.

    ``changes`` are the actions of the changing requests, in the order in which they came.
    """

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Relay)
        self.upstream = urlsplit(upstream).netloc
        self.changes: list[str] = []
        self._lock = threading.Lock()
        self._at = 0
        self._moment: Moment = "before"
        self._strike: Callable[[], bool] = lambda: False
        self._answered = False

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def arm(self, at: int, moment: Moment, strike: Callable[[], bool]) -> None:
        """Count from 1 anew, and strike once."""
        with self._lock:
            self.changes.clear()
            self._at, self._moment, self._strike = at, moment, strike
            self._answered = False

    def disarm(self) -> None:
        """Relay everything."""
        self.arm(0, "before", lambda: False)

    @property
    def struck(self) -> str:
        """The action that was struck, empty where none was."""
        with self._lock:
            return self.changes[self._at - 1] if 0 < self._at <= len(self.changes) else ""

    def number(self, action: str) -> int:
        """The number of a changing request."""
        with self._lock:
            self.changes.append(action)
            return len(self.changes)

    def strikes(self, number: int, moment: Moment) -> bool:
        """Strike where it is time to; whether the client is gone by now."""
        with self._lock:
            if not number or number != self._at or moment != self._moment:
                return False
        return self._strike()

    def remember_answer(self, number: int) -> None:
        """The client has the answer of ``number``: it is struck when it asks for more."""
        with self._lock:
            self._answered = self._answered or (
                number > 0 and number == self._at and self._moment == "answered"
            )

    def strikes_after_answer(self) -> bool:
        """Strike where the answer that it waits for has been given."""
        with self._lock:
            if not self._answered:
                return False
            self._answered = False
        return self._strike()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves its connections torn."""


class Relay(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing: the emulator keeps a request log."""

    def relay(self) -> None:
        """Pass the request on and the answer back, unless the client is struck."""
        proxy = self.server
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        number = proxy.number(self._action()) if self._changes() else 0
        if proxy.strikes_after_answer() or proxy.strikes(number, "before"):
            self.close_connection = True
            return
        answer, content = self._ask(body)
        if proxy.strikes(number, "unanswered"):
            self.close_connection = True
            return
        self._answer(answer, content)
        proxy.remember_answer(number)

    do_GET = do_POST = do_PUT = do_DELETE = relay  # noqa: N815 -- the names of the class

    def _action(self) -> str:
        return self.headers.get("x-acs-action") or f"{self.command} {self.path}"

    def _changes(self) -> bool:
        """ROA reads are GETs, RPC reads say so in their name."""
        return self.command != "GET" and not self._action().startswith(READS)

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = self._upstream
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "connection":
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        return answer, answer.read()

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


P = TypeVar("P", bound=Proxy)


def proxy_to(upstream: str) -> AbstractContextManager[Proxy]:
    """A running proxy."""
    return running(Proxy(upstream))


@contextmanager
def running(made: P) -> Iterator[P]:
    """The proxy, served by a thread while the block lasts."""
    with made as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
