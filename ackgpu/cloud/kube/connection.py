"""An HTTP client of one API server, as a kubeconfig's access says."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ackgpu.cloud.kube.access import Access, certificate_of, token_of
from ackgpu.cloud.kube.answers import read_bounded
from ackgpu.errors import LocalError

BYTE_SECONDS = 10.0
"""Real seconds between two bytes of an answer."""
_UNUSABLE = "The kubeconfig's certificates cannot be used"


def open_client(access: Access, user: Mapping[str, Any]) -> Any:
    """An ``httpx2.Client``; ``user`` has the credentials, a plugin's among them.

    Raises LocalError where certificates cannot be used.
    """
    import httpx2

    tls = _tls(access.authority, certificate_of(user), insecure=access.insecure)
    # Go trusts a proxy over TLS as it trusts the server.
    to_proxy = tls if access.proxy.startswith("https:") else None
    return httpx2.Client(
        verify=tls,
        headers=_headers(access, user),
        timeout=BYTE_SECONDS,
        proxy=httpx2.Proxy(access.proxy, ssl_context=to_proxy) if access.proxy else None,
        # Go reaches no server on this machine through the environment's proxies, nor do we.
        trust_env=not access.proxy and not _local(access.server),
        event_hooks={"response": [read_bounded]},
    )


def extensions(access: Access) -> dict[str, str]:
    """What each request carries for the TLS handshake."""
    return {"sni_hostname": access.server_name} if access.server_name else {}


def _headers(access: Access, user: Mapping[str, Any]) -> list[tuple[str, str]]:
    # No other encoding: httpx would offer br and zstd where they are installed.
    encoding = "gzip" if access.compressed else "identity"
    headers = [("Accept", "application/json"), ("Accept-Encoding", encoding)]
    headers += access.impersonation
    if not access.secure:
        return headers  # whoever listens on the way would have the credentials
    token = token_of(user)
    if token:
        return [*headers, ("Authorization", f"Bearer {token}")]
    name, password = (str(user.get(key) or "") for key in ("username", "password"))
    if name or password:
        pair = b64encode(f"{name}:{password}".encode()).decode()
        headers.append(("Authorization", f"Basic {pair}"))
    return headers


@lru_cache(maxsize=4)
def _tls(authority: str, pair: tuple[str, str] | None, *, insecure: bool) -> ssl.SSLContext:
    """Kept for the next look at the same cluster: reading certificates takes 5 ms of CPU."""
    try:
        context = ssl.create_default_context(cadata=authority or None)
    except ssl.SSLError as error:
        raise LocalError(f"{_UNUSABLE}: the authority: {error.reason or error}.") from None
    # As Go: any certificate of the file is trusted as it is, and ACK's authorities of 2019 and
    # 2020 have no key identifiers, which Python asks for from 3.13 on.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if pair is not None:
        # Python's ssl loads a client's certificate from files only.
        with _as_file("".join(f"{text.rstrip()}\n" for text in pair)) as path:
            try:
                # An empty password: for a key that has one OpenSSL would ask at the terminal.
                context.load_cert_chain(path, password="")
            except (ssl.SSLError, ValueError) as error:
                why = getattr(error, "reason", None) or error
                raise LocalError(f"{_UNUSABLE}: the client's: {why}.") from None
    return context


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """The text in a file that only this user reads, and that is there only for the block."""
    handle, name = tempfile.mkstemp(prefix="ackgpu-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield name
    finally:
        Path(name).unlink()


def _local(server: str) -> bool:
    """Whether the server is on this machine: it is then never reached through a proxy."""
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
