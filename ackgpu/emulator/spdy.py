"""The server's half of SPDY/3.1, as far as exec and port forwarding need it: streams, data, ping.

Source: SPDY Protocol, draft 3.1. kubectl before 1.30 opens one stream each for errors, stdin,
stdout and stderr, told apart by their header ``streamtype``.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable

WORDS = (
    "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset",
    "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization",
    "cache-control", "connection", "content-base", "content-encoding", "content-language",
    "content-length", "content-location", "content-md5", "content-range", "content-type", "date",
    "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
    "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
    "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public",
    "set-cookie", "keep-alive", "origin",
)  # fmt: skip
TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, "
    "Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
    "charset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(struct.pack(">I", len(w)) + w.encode() for w in WORDS) + TAIL.encode()

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY = 1, 2, 3, 4, 6, 7
FIN = 1
CONTROL = 0x8000
VERSION = 3
HEADER = 8  # bytes before each frame's payload
LARGEST_FRAME = 4 * 1024 * 1024


class SpdyConnection:
    """Parses what a client sends and writes what it gets. A parser for aiohttp's protocol.

    ``on_open`` is called with the number and the headers of each stream that the client opens.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self.streams: dict[str, int] = {}
        self.on_open: Callable[[int, dict[str, str]], None] | None = None
        self.opened = asyncio.Event()
        self.stdin: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take in bytes from the client; the connection ends on what is no SPDY."""
        self._buffer += data
        while len(self._buffer) >= HEADER:
            size = int.from_bytes(self._buffer[5:8], "big")
            if size > LARGEST_FRAME:
                self.feed_eof()
                return True, b""
            if len(self._buffer) < HEADER + size:
                break
            frame = bytes(self._buffer[: HEADER + size])
            del self._buffer[: HEADER + size]
            try:
                self._frame(frame)
            except (zlib.error, struct.error, IndexError, UnicodeDecodeError):
                self.feed_eof()
                return True, b""
        return False, b""

    def feed_eof(self) -> None:
        """The client has closed the connection."""
        self.closed.set()
        self.opened.set()
        self.stdin.put_nowait(None)

    def set_exception(self, _error: BaseException, _cause: BaseException | None = None) -> None:
        """The connection was lost."""
        self.feed_eof()

    def _frame(self, frame: bytes) -> None:
        head, number = struct.unpack(">HH", frame[:4])
        flags, payload = frame[4], frame[HEADER:]
        if not head & CONTROL:
            self._data((head << 16 | number) & 0x7FFFFFFF, payload, final=bool(flags & FIN))
        elif number == SYN_STREAM:
            self._open(payload)
        elif number == PING:
            self._control(PING, payload)
        elif number == GOAWAY:
            self.feed_eof()

    def _open(self, payload: bytes) -> None:
        stream = struct.unpack(">I", payload[:4])[0] & 0x7FFFFFFF
        headers = _headers(self._inflate.decompress(payload[10:]))
        self.streams[headers.get("streamtype", "")] = stream
        block = self._deflate.compress(struct.pack(">I", 0))
        block += self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._control(SYN_REPLY, struct.pack(">I", stream) + block)
        self.opened.set()
        if self.on_open is not None:
            self.on_open(stream, headers)

    def _data(self, stream: int, payload: bytes, *, final: bool) -> None:
        if stream != self.streams.get("stdin"):
            return
        if payload:
            self.stdin.put_nowait(payload)
        if final:
            self.stdin.put_nowait(None)

    def _control(self, kind: int, payload: bytes) -> None:
        head = struct.pack(">HH", CONTROL | VERSION, kind)
        self._write(head + struct.pack(">I", len(payload)) + payload)

    def send(self, name: str, data: bytes, *, final: bool = False) -> None:
        """Send data on the stream of that type, where the client has opened one."""
        stream = self.streams.get(name)
        if stream is not None:
            self.send_on(stream, data, final=final)

    def send_on(self, stream: int, data: bytes, *, final: bool = False) -> None:
        """Send data on a stream; ``final``: and close this side of it."""
        size = len(data) | (FIN << 24 if final else 0)
        self._write(struct.pack(">II", stream, size) + data)


def _headers(block: bytes) -> dict[str, str]:
    (count,) = struct.unpack(">I", block[:4])
    at, headers = 4, {}
    for _ in range(count):
        name, at = _text(block, at)
        headers[name], at = _text(block, at)
    return headers


def _text(block: bytes, at: int) -> tuple[str, int]:
    (size,) = struct.unpack(">I", block[at : at + 4])
    at += 4
    return block[at : at + size].decode(), at + size
