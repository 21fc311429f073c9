"""Proxies on loopback as proxy-url names them: HTTP CONNECT, the same over TLS, SOCKS5."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class Relay(socketserver.ThreadingTCPServer):
    """Leads connections to wherever the client says; ``asked`` are the hosts and ports."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, kind: type[socketserver.BaseRequestHandler],
                 tls: ssl.SSLContext | None = None) -> None:  # fmt: skip
        super().__init__(("127.0.0.1", 0), kind)
        self.asked: list[str] = []
        self.tls = tls

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust the proxy leaves in the middle of the handshake."""


class Connect(socketserver.BaseRequestHandler):
    """One CONNECT."""

    server: Relay
    done: ClassVar[bytes] = b"HTTP/1.1 200 Connection established\r\n\r\n"

    def handle(self) -> None:
        client: socket.socket = self.request
        if self.server.tls is not None:
            client = self.server.tls.wrap_socket(client, server_side=True)
        with client:
            self.lead(client)

    def lead(self, client: socket.socket) -> None:
        """Take the CONNECT, and pass on."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        method, target, *_ = head.decode().split()
        assert method == "CONNECT"
        self.server.asked.append(target)
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), 5) as upstream:
            client.sendall(self.done)
            pass_on(client, upstream)


class Socks(socketserver.BaseRequestHandler):
    """One connection by SOCKS5 (RFC 1928), without authentication, to an IPv4 address or a name."""

    server: Relay

    def handle(self) -> None:
        client: socket.socket = self.request
        _, methods = client.recv(2)
        client.recv(methods)
        client.sendall(b"\x05\x00")
        _, _, _, kind = client.recv(4)
        if kind == 1:
            host = socket.inet_ntoa(client.recv(4))
        else:
            host = client.recv(client.recv(1)[0]).decode()
        port = int.from_bytes(client.recv(2), "big")
        self.server.asked.append(f"{host}:{port}")
        with socket.create_connection((host, port), 5) as upstream:
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            pass_on(client, upstream)


def pass_on(client: socket.socket, upstream: socket.socket) -> None:
    """Pass bytes both ways until one side ends."""
    sides = {client: upstream, upstream: client}
    while True:
        waiting = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if waiting else select.select(list(sides), [], [], 10)[0]
        for side in ready:
            try:
                data = side.recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            sides[side].sendall(data)
        if not ready:
            return


@contextmanager
def relay(kind: type[socketserver.BaseRequestHandler],
          tls: ssl.SSLContext | None = None) -> Iterator[Relay]:  # fmt: skip
    """A running proxy."""
    with Relay(kind, tls) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
