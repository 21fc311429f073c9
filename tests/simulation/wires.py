"""Where the connection is cut: how requests of the program come to the world, and answers back.

A request leaves through the adapter of the SDKs' HTTP library, or through that of the Kubernetes
client, and is handed over as the bytes that it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import requests
from darabonba.core import DaraCore
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from ackgpu.emulator.wire import WireRequest

if TYPE_CHECKING:
    from simulation.world import World


class Asked:
    """As much of an HTTP request as the Kubernetes side of the emulator looks at."""

    def __init__(self, request: httpx2.Request, certificate: Any) -> None:
        self.method = request.method
        self.path = request.url.path
        self.host = request.url.netloc.decode()
        self.query = MultiDict(request.url.params.multi_items())
        self.headers = CIMultiDictProxy(CIMultiDict(request.headers.multi_items()))
        self.transport = _Connection(certificate)
        self._body = request.read()

    async def read(self) -> bytes:
        """The body."""
        return self._body


class _Connection:
    def __init__(self, certificate: Any) -> None:
        self._certificate = certificate

    def get_extra_info(self, name: str) -> Any:
        """The client's certificate, as the TLS layer would show it."""
        return self._certificate if name == "peercert" else None


def to_the_end(handling: Any) -> Any:
    """What a coroutine returns that waits for nothing."""
    try:
        handling.send(None)
    except StopIteration as ended:
        return ended.value
    raise RuntimeError("a request to the Kubernetes API waited for something")


class _Adapter(BaseAdapter):
    """The SDKs' way out: to the world of the run whose turn it is."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(str(request.url))
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        body = request.body or b""
        headers = dict(request.headers)
        if "host" not in request.headers:
            headers["Host"] = parts.netloc
        wire = WireRequest(
            str(request.method),
            target,
            tuple((str(name), _text(value)) for name, value in headers.items()),
            body.encode() if isinstance(body, str) else body,
        )
        answer = _worlds[-1].answer(wire)
        if answer.hang_up:
            raise requests.ConnectionError("the connection was closed without an answer")
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.url = str(request.url)
        response.request = request
        response.raw = HTTPResponse(io.BytesIO(answer.body), preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


_worlds: list[World] = []


@contextmanager
def connected(world: World, certificate: Callable[[], Any]) -> Iterator[None]:
    """Lead every request of this process to ``world`` while the block lasts.

    ``certificate`` gives the client certificate of the run whose turn it is.
    """
    from ackgpu.cloud.aliyun import transport

    transport.install()
    stock, stock_kube = DaraCore.get_adapter, httpx2.HTTPTransport.handle_request
    DaraCore.get_adapter = staticmethod(lambda *_, **__: _Adapter())
    DaraCore._sessions.clear()
    httpx2.HTTPTransport.handle_request = lambda _, request: world.kube(request, certificate())
    _worlds.append(world)
    try:
        yield
    finally:
        _worlds.pop()
        DaraCore.get_adapter = stock
        DaraCore._sessions.clear()
        httpx2.HTTPTransport.handle_request = stock_kube
