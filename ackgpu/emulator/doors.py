"""One listening port that takes HTTP, HTTPS, proxy requests and CONNECT.

The first byte tells TLS from HTTP, and ``CONNECT`` is answered here, after which the tunnel's own
first byte is looked at. Whatever host a client names, it gets the emulator: nothing is ever
forwarded.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

TLS_HANDSHAKE = 0x16
CONNECT = b"CONNECT "
LONGEST_CONNECT = 8192
PATIENCE = 30.0  # real seconds for a client to say its first word
HESITATION = 1.0  # real seconds for what may become CONNECT to become it
LOOK_AGAIN = 0.005


class Door:
    """Accepts connections and hands each to ``protocols`` in the shape that it came in."""

    def __init__(
        self,
        listener: socket.socket,
        protocols: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext,
    ) -> None:
        self._listener = listener
        self._protocols = protocols
        self._tls = tls
        self._pending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                connection, _ = await loop.sock_accept(self._listener)
                connection.settimeout(0)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = loop.create_task(self._admit(connection))
                self._pending.add(task)
                task.add_done_callback(self._pending.discard)
        finally:
            for task in list(self._pending):
                task.cancel()
            await asyncio.gather(*self._pending, return_exceptions=True)
            self._listener.close()

    async def _admit(self, connection: socket.socket) -> None:
        handed_over = False
        try:
            async with asyncio.timeout(PATIENCE):
                first = await _peek(connection)
                if first.startswith(CONNECT):
                    await _answer_connect(connection)
                    first = await _peek(connection)
            if first:
                tls = self._tls if first[0] == TLS_HANDSHAKE else None
                handed_over = True
                await asyncio.get_running_loop().connect_accepted_socket(
                    self._protocols, connection, ssl=tls
                )
        except (OSError, TimeoutError):  # the client went away or never spoke: nobody to tell
            pass
        finally:
            if not handed_over:
                connection.close()


async def _peek(connection: socket.socket) -> bytes:
    """The first bytes, left unread: enough to recognise CONNECT, fewer where that is excluded.

    Bytes that are left unread wake nobody again, so the rest of a word is looked for at intervals.
    """
    await _readable(connection)
    start = b""
    for _ in range(int(HESITATION / LOOK_AGAIN)):
        with contextlib.suppress(BlockingIOError):
            start = connection.recv(len(CONNECT), socket.MSG_PEEK)
        if start == CONNECT or not start or not CONNECT.startswith(start):
            break
        await asyncio.sleep(LOOK_AGAIN)
    return start


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)


async def _answer_connect(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = await loop.sock_recv(connection, 1)
        if not byte or len(head) > LONGEST_CONNECT:
            raise ConnectionError("no complete CONNECT request")
        head += byte
    await loop.sock_sendall(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
