"""Plain requests to an API server: one budget each, one connection for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.call_timeout import give_up_after
from ackgpu.cloud.kube.access import Access
from ackgpu.cloud.kube.connection import extensions
from ackgpu.cloud.kube.failures import Failures
from ackgpu.exchange_record import is_recording, note, parsed

CALL_SECONDS = 40.0
"""Real seconds that one request may take: a timeout between two bytes ends no answer that drips."""


class KeptConnection:
    """A connection to the server that is kept between requests, and left alone when one is slow.

    A request that takes too long goes on in its thread; closing the connection under it would race
    with its reading, so that thread closes it.
    """

    def __init__(self, open_client: Callable[[], Any], seconds: float) -> None:
        self._client = open_client()
        self._seconds = seconds
        self._lock = threading.Lock()
        self._busy = 0
        self._given_up = False

    def call(self, do: Callable[[Any], Any]) -> Any:
        """What ``do`` gives of the client; raises TimeoutError after the budget."""
        with self._lock:
            self._busy += 1

        # Counted down in its own thread: a request that was given up is still on the connection.
        def work() -> Any:
            try:
                return do(self._client)
            finally:
                with self._lock:
                    self._busy -= 1
                self._close_if_over()

        return give_up_after(self._seconds, work)

    def close(self) -> None:
        """Close the connection, as soon as no request is on it."""
        self._given_up = True
        self._close_if_over()

    def _close_if_over(self) -> None:
        with self._lock:
            over = self._given_up and not self._busy
        if over:
            self._client.close()


@dataclass
class Send:
    """Makes requests over one line, which is made when it is needed and anew after a failure.

    ``insist`` makes a call and makes it again; it turns whatever goes wrong into ackgpu's errors.
    """

    access: Access
    failures: Failures
    open_line: Callable[[], KeptConnection]
    insist: Callable[[Callable[[], Any]], Any]
    _line: KeptConnection | None = field(default=None, init=False)

    def __call__(  # noqa: PLR0913 -- a request
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        accepted: frozenset[int] = frozenset(),
    ) -> Any:
        """The answer, of success or of a status in ``accepted``; else raises CloudError."""
        more: dict[str, Any] = {"params": params, "extensions": extensions(self.access)}
        if content is not None:
            more |= {"content": content, "headers": {"Content-Type": content_type}}
        url = f"{self.access.server}{path}"

        def ask() -> Any:
            response = self._over_line(lambda client: client.request(method, url, **more))
            if is_recording():
                sent = {"query": dict(params or {}), "body": parsed(content)}
                note(
                    "kubernetes",
                    f"{method} {path}",
                    sent=sent,
                    status=response.status_code,
                    answer=parsed(response.content),
                )
            if response.is_success or response.status_code in accepted:
                return response
            self.close()  # another connection may lead to another server, with another credential
            raise self.failures.refused(response)

        return self.insist(ask)

    def _over_line(self, do: Callable[[Any], Any]) -> Any:
        if self._line is None:
            self._line = self.open_line()
        try:
            return self._line.call(do)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, where there is one."""
        line, self._line = self._line, None
        if line is not None:
            line.close()
