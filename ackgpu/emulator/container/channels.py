"""The ways in which an exec session reaches its client: WebSocket (v4, v5) and SPDY/3.1.

Source: Kubernetes, ``remotecommand`` protocols: channel 0 is stdin, 1 stdout, 2 stderr, 3 the
outcome as a Status, 4 terminal sizes; in v5 a message ``255, channel`` closes a channel.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.status import bad_request
from ackgpu.emulator.spdy import SpdyConnection

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
PIECE = 32 * 1024
"""Bytes of a message, as Go's io.Copy moves them."""
FIRST_WITH_V5 = (1, 30)
"""The Kubernetes version from which on API servers speak v5 (KEP-4006)."""
SPDY_PROTOCOLS = ("v4.channel.k8s.io",)
FORWARD_PROTOCOLS = ("portforward.k8s.io",)
STDIN, STDOUT, STDERR, OUTCOME, CLOSE = 0, 1, 2, 3, 255


class Channel(Protocol):
    """One exec session's connection."""

    async def read(self) -> bytes | None:
        """The next piece of stdin; None at its end or when the client is gone."""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send to stdout, or to stderr."""

    async def finish(self, status: Obj) -> None:
        """Send the outcome and close."""

    @property
    def closed(self) -> bool:
        """Whether the client has left."""


class WebSocketChannel:
    """A session over WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._ended = False

    async def read(self) -> bytes | None:
        """The next piece of stdin."""
        while not self._ended:
            message = await self.socket.receive()
            if message.type not in {WSMsgType.BINARY, WSMsgType.TEXT}:
                self._ended = True
                break
            data: bytes = message.data if message.type is WSMsgType.BINARY else b""
            if data[:1] == bytes([STDIN]) and len(data) > 1:
                return data[1:]
            if data[:2] == bytes([CLOSE, STDIN]):
                self._ended = True
        return None

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send to stdout, or to stderr, in pieces as a kubelet copies them."""
        channel = bytes([STDERR if error else STDOUT])
        for start in range(0, len(data), PIECE):
            if not self.socket.closed:
                await self.socket.send_bytes(channel + data[start : start + PIECE])

    async def finish(self, status: Obj) -> None:
        """Send the outcome and close."""
        if not self.socket.closed:
            await self.socket.send_bytes(bytes([OUTCOME]) + json.dumps(status).encode())
            await self.socket.close()

    @property
    def closed(self) -> bool:
        """Whether the client has left."""
        return self.socket.closed


class SpdyChannel:
    """A session over SPDY."""

    def __init__(self, connection: SpdyConnection, transport: Any) -> None:
        self._connection = connection
        self._transport = transport

    async def read(self) -> bytes | None:
        """The next piece of stdin."""
        return await self._connection.stdin.get()

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send to stdout, or to stderr."""
        if data:
            self._connection.send("stderr" if error else "stdout", data)

    async def finish(self, status: Obj) -> None:
        """Send the outcome and close every stream."""
        for name in ("stdout", "stderr"):
            self._connection.send(name, b"", final=True)
        self._connection.send("error", json.dumps(status).encode(), final=True)

    @property
    def closed(self) -> bool:
        """Whether the client has left."""
        return self._connection.closed.is_set()


async def open_websocket(
    http: web.Request, version: str
) -> tuple[WebSocketChannel, web.WebSocketResponse]:
    """Accept a WebSocket in the newest protocol that both sides know.

    ``version`` is the cluster's (``1.34.1-aliyun.1``).
    """
    major, minor = version.split(".")[:2]
    known = PROTOCOLS if (int(major), int(minor)) >= FIRST_WITH_V5 else PROTOCOLS[1:]
    socket = web.WebSocketResponse(protocols=known, max_msg_size=0)
    await socket.prepare(http)
    return WebSocketChannel(socket), socket


async def open_spdy(http: web.Request, streams: int) -> tuple[SpdyChannel, web.StreamResponse]:
    """Take over the connection for SPDY, and wait until the client has opened its streams."""
    connection, response = await _take_over(http, SPDY_PROTOCOLS)
    while len(connection.streams) < streams and not connection.closed.is_set():
        connection.opened.clear()
        await connection.opened.wait()
    return SpdyChannel(connection, http.transport), response


async def refuse_forwarded(http: web.Request, pod: str) -> web.StreamResponse:
    """Take over the connection for port forwarding, until the client leaves.

    Nothing listens in a container here: each connection is refused as a kubelet and containerd
    tell of a port that nobody has open.
    """
    connection, response = await _take_over(http, FORWARD_PROTOCOLS)

    def refuse(stream: int, headers: dict[str, str]) -> None:
        port, text = headers.get("port", "0"), ""
        if headers.get("streamtype") == "error":
            refused = f"127.0.0.1:{port}: connect: connection refused"
            text = (
                f"error forwarding port {port} to pod {pod}, uid : failed to execute portforward in"
                f" network namespace: failed to connect to localhost:{port} inside namespace, IPv4:"
                f" dial tcp4 {refused} IPv6 dial tcp6: address localhost: no suitable address found"
            )
        connection.send_on(stream, text.encode(), final=True)

    connection.on_open = refuse
    await connection.closed.wait()
    return response


async def _take_over(
    http: web.Request, protocols: tuple[str, ...]
) -> tuple[SpdyConnection, web.StreamResponse]:
    """Answer that the connection is SPDY's now, in a protocol that the client offers."""
    offered = http.headers.getall("X-Stream-Protocol-Version", [])
    names = {part.strip() for text in offered for part in text.split(",")}
    chosen = next((name for name in protocols if name in names), "")
    if not chosen or http.transport is None:
        raise bad_request(f"unable to upgrade: none of the protocols {sorted(names)} is served")
    response = web.StreamResponse(
        status=101,
        headers={
            "Connection": "Upgrade",
            "Upgrade": "SPDY/3.1",
            "X-Stream-Protocol-Version": chosen,
        },
    )
    await response.prepare(http)
    connection = SpdyConnection(http.transport.write)
    parser: Any = connection
    http.protocol.set_parser(parser)
    return connection, response
