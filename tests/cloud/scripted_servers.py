"""Servers that answer exactly what a test scripts, over TCP and TLS, and certificates for them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RESET = b"reset"


def http(status: str, body: str, *headers: str, content_type: str = "application/json") -> bytes:
    """A whole HTTP answer that closes its connection."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body.encode())}",
        "Connection: close",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass
class Answering:
    """A server on loopback that gives its answers in turn, the last one for ever."""

    answers: list[bytes]
    tls: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    port: int = 0
    keep_alive: bool = False
    connections: int = 0
    peers: list[str] = field(default_factory=list)
    _socket: socket.socket | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        assert self._socket is not None
        assert self._thread is not None
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        assert self._socket is not None
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with plain:
                plain.settimeout(5)
                try:
                    self._answer(plain)
                except (OSError, ssl.SSLError):
                    continue

    def _answer(self, plain: socket.socket) -> None:
        connection = plain
        if self.tls is not None:
            connection = self.tls.wrap_socket(plain, server_side=True)
        self.connections += 1
        self.peers.append(_common_name(connection))
        with connection:
            while self._answer_one(connection) and self.keep_alive:
                pass

    def _answer_one(self, connection: socket.socket) -> bool:
        request = _read_request(connection)
        if not request:
            return False
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        if answer is RESET:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        connection.sendall(answer)
        return True


def _common_name(connection: socket.socket) -> str:
    """The name in the client's certificate; empty without one."""
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    subject: Any = (shown or {}).get("subject", ())
    return next((value for group in subject for key, value in group if key == "commonName"), "")


def _read_request(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return ""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


Answer = Callable[..., Answering]


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a directory."""

    directory: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    key_identifiers: bool

    @property
    def file(self) -> str:
        return str(self.directory / "ca.pem")

    def server(
        self,
        *,
        host: str = "127.0.0.1",
        client_auth: bool = False,
        asks: bool = False,
        age_days: int = 0,
    ) -> ssl.SSLContext:
        """A server's context, with a certificate for ``host``.

        ``client_auth``: it refuses clients without a certificate; ``asks``: it takes one or none.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(host, age_days=age_days))
        if client_auth:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        elif asks:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(self.file)
        return context

    def issue(self, name: str, *, age_days: int = 0) -> tuple[str, str]:
        """A certificate and its key, as files; it is good for a day before and after its age."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        builder = _builder(name, self.certificate.subject, age_days).public_key(key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        if self.key_identifiers:
            builder = builder.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        certificate = builder.sign(self.key, hashes.SHA256())
        pem = self.directory / f"{name}.pem"
        key_file = self.directory / f"{name}.key"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(_pem(key))
        return str(pem), str(key_file)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    name: str, issuer: x509.Name | None = None, age_days: int = 0
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC) - age_days * day
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
    )


def new_authority(directory: Path, *, key_identifiers: bool = True) -> Authority:
    """An authority that no trust store has.

    Without ``key_identifiers`` neither it nor what it issues says whose key is whose, as RFC 5280
    demands: Python's own verification refuses that since 3.13, and old clusters have it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder("Test authority")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_SIGNS_CERTIFICATES, critical=True)
    )
    if key_identifiers:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    certificate = builder.sign(key, hashes.SHA256())
    (directory / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(directory, key, certificate, key_identifiers)
