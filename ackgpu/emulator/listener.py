"""A listening port that takes HTTP, HTTPS, proxy requests and CONNECT, or nothing but HTTPS.

The first byte tells TLS from HTTP, and ``CONNECT`` is answered here, after which the tunnel's own
first byte is looked at. Whatever host a client names, it gets the emulator: nothing is ever
forwarded.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable

from ackgpu.emulator.real_time import REAL

TLS_HANDSHAKE = b"\x16"
CONNECT = b"CONNECT "
MAX_CONNECT = 8192
PATIENCE = 30.0  # real seconds for a client to say its first word
CONNECT_PEEK_TIMEOUT = 1.0  # real seconds for what may become CONNECT to become it
POLL_INTERVAL = 0.005
SHED_PAUSE = 0.02
"""Real seconds without an accept while descriptors are short: what is open may close meanwhile."""
COMPLAIN_EVERY = 10.0
"""Real seconds between two lines of the log about the same shortage."""

SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
LISTENER_BROKEN = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP})
"""accept(2): what no later accept can mend. Every other error is about one connection."""

log = logging.getLogger(__name__)


class SniffingListener:
    """Accepts connections and hands each to ``protocols`` in the shape that it came in.

    ``tls`` gives the context of those that speak TLS; with ``only_tls`` the others are closed. When
    descriptors run out, connections are closed unread and the log says so; when the listener itself
    is broken, :meth:`run` raises what the system said.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocols: Callable[[], asyncio.Protocol],
        tls: Callable[[], ssl.SSLContext],
        *,
        only_tls: bool = False,
    ) -> None:
        self._listener = listener
        self._protocols = protocols
        self._tls = tls
        self._only_tls = only_tls
        self._pending: set[asyncio.Task[None]] = set()
        self._spare = _Spare()

    async def run(self) -> None:
        """Accept until cancelled. Raises OSError once the listener can accept no more."""
        try:
            while True:
                await self._accept()
        finally:
            for task in list(self._pending):
                task.cancel()
            await asyncio.gather(*self._pending, return_exceptions=True)
            self._listener.close()
            self._spare.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection, _ = await loop.sock_accept(self._listener)
        except OSError as error:
            if error.errno in LISTENER_BROKEN:
                raise
            if error.errno in SHORTAGES:
                self._spare.shed(self._listener, error)
                await asyncio.sleep(SHED_PAUSE)
            return
        task = loop.create_task(self._admit(connection))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _admit(self, connection: socket.socket) -> None:
        handed_over = False
        try:
            connection.settimeout(0)
            # Answers are small: waiting to fill a packet would add up to 40 ms to each.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(PATIENCE):
                first = await _peek(connection)
                if first.startswith(CONNECT) and not self._only_tls:
                    await _answer_connect(connection)
                    first = await _peek(connection)
            speaks_tls = first[:1] == TLS_HANDSHAKE
            if speaks_tls or (first and not self._only_tls):
                tls = self._tls() if speaks_tls else None
                # Before the await: whatever it raises, the transport has the socket and closes it.
                handed_over = True
                await asyncio.get_running_loop().connect_accepted_socket(
                    self._protocols, connection, ssl=tls
                )
        except (OSError, TimeoutError):  # the client went away or never spoke: nobody to tell
            pass
        finally:
            if not handed_over:
                connection.close()


class _Spare:
    """A descriptor held back, to be spent on the connection that there is none left for.

    A connection that nobody accepts stays in the backlog, readable, and its client waits: accepting
    and closing it tells the client at once, and keeps the loop from spinning on it.
    """

    def __init__(self) -> None:
        self._held: int | None = os.open(os.devnull, os.O_RDONLY)
        self._complained: float | None = None

    def shed(self, listener: socket.socket, why: OSError) -> None:
        """Close the connection that waits, and say so in the log."""
        now = REAL.now()
        if self._complained is None or now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            log.warning("Connections are closed unanswered: %s", why.strerror)
        self.close()
        with contextlib.suppress(OSError):
            listener.accept()[0].close()
        with contextlib.suppress(OSError):
            self._held = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


async def _peek(connection: socket.socket) -> bytes:
    """The first bytes, left unread: enough to recognise CONNECT, fewer where that is excluded.

    Bytes that are left unread wake nobody again, so the rest of a word is looked for at intervals.
    """
    await _readable(connection)
    start = b""
    for _ in range(int(CONNECT_PEEK_TIMEOUT / POLL_INTERVAL)):
        with contextlib.suppress(BlockingIOError):
            start = connection.recv(len(CONNECT), socket.MSG_PEEK)
        if start == CONNECT or not start or not CONNECT.startswith(start):
            break
        await asyncio.sleep(POLL_INTERVAL)
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
        # One by one: what follows the head belongs to the tunnel, and has to stay unread.
        byte = await loop.sock_recv(connection, 1)
        if not byte or len(head) > MAX_CONNECT:
            raise ConnectionError("no complete CONNECT request")
        head += byte
    await loop.sock_sendall(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
