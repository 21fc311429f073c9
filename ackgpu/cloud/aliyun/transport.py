"""One TLS context and reused connections for every SDK client of the process.

The stock SDK loads the system's and certifi's certificates once a host and once more a connection
(57 ms of CPU together), and its sessions are made without a lock. :func:`install` replaces the two
factory methods of ``DaraCore`` concerned. What is shared is narrow on purpose: the context serves
only calls that verify with the default authorities and carry no client certificate; every other
call goes through the SDK's own adapter, so that an authority that one client trusts never serves
another host. See docs/adr/0008-transport.md.

Import this module where a client is made, never before: it brings requests.
"""

from __future__ import annotations

import functools
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import certifi
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout
from requests.utils import should_bypass_proxies

from ackgpu.call_timeout import give_up_after
from ackgpu.cloud.aliyun.endpoints import is_loopback
from ackgpu.exchange_record import is_recording, note, parsed
from ackgpu.small_file import MIB

AdapterFactory = Callable[[], HTTPAdapter]

MAX_ANSWER = 32 * MIB
"""Bytes of an answer, unpacked. The largest that is known, all instance types, has 3 MiB."""
_CHUNK = 16_384
_HOSTS_KEPT = 10
# requests keeps ten by default, and throws away what is beyond with a warning in the log.
_CONNECTIONS_KEPT = 64  # as many as a run has workers
_LOGGERS = ("darabonba-core", "alibabacloud-tea", "credentials")
_context_lock = threading.Lock()
_session_lock = threading.Lock()


RESOLVE_SECONDS = 4.0
"""Real seconds that the look-up of a host's address may take."""
_resolved: set[str] = set()

PLAIN_TEXT = "/attachscript"
"""How the path ends of the one call whose answer is a text (DescribeClusterAttachScripts)."""


class UnusableAnswer(IOError):
    """An answer that is neither JSON nor XML: a proxy's page, a captive portal, a gateway's 502.

    ``redirect``: it sends to that host, or path of the same host. The SDK would lose its HTTP
    status.
    """

    def __init__(self, status: int, content_type: str, redirect: str = "") -> None:
        what = f"a redirect to {redirect}" if redirect else content_type or "no content type"
        super().__init__(f"HTTP {status} with {what}")
        self.status = status
        self.content_type = content_type
        self.redirect = redirect


class SharedTlsAdapter(HTTPAdapter):
    """The adapter of every session: shares the TLS context where that is safe.

    It also honours NO_PROXY, which the SDK ignores; sends nothing for loopback through a proxy;
    and never follows a redirect, since that would hand the security token to whoever sent it.
    ``stock`` makes the SDK's own adapter, for the calls that must not share.
    """

    def __init__(self, protocol: str, pool_size: int | None, stock: AdapterFactory) -> None:
        self._secure = protocol == "HTTPS"
        self._make_stock = stock
        size = max(pool_size or 0, _CONNECTIONS_KEPT)
        super().__init__(pool_connections=_HOSTS_KEPT, pool_maxsize=size)

    @functools.cached_property
    def _stock(self) -> HTTPAdapter:
        return self._make_stock()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the connection pool, with the shared context for HTTPS."""
        if self._secure:
            kwargs["ssl_context"] = shared_context()
        super().init_poolmanager(*args, **kwargs)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make a proxy's connection pool, with the shared context for HTTPS."""
        if self._secure:
            proxy_kwargs["ssl_context"] = shared_context()
        return super().proxy_manager_for(proxy, **proxy_kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the authorities to the context: naming a file here reads it a connection."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None

    def send(  # noqa: PLR0913, PLR0917 -- the signature of the class it extends
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Send the request; raises :class:`UnusableAnswer` on what no SDK could parse."""
        routes = {} if goes_direct(str(request.url)) else proxies
        # Through a proxy it is the proxy that resolves names; this machine may not be able to.
        if not routes:
            _resolve(request)
        # `verify is True`, not truthy: a path of authorities is true as well, and must not share.
        shares = verify is True and not cert
        send = super().send if shares else self._stock.send
        try:
            response = send(request, stream, timeout, verify, cert, routes)
        except Exception as error:
            if is_recording():
                _note(request, None, type(error).__name__)
            raise
        # requests would follow it with the same headers, the security token among them.
        if response.is_redirect:
            response.close()
            target = _host_of(response.headers["location"])
            raise UnusableAnswer(response.status_code, "", redirect=target)
        if not stream:
            _read_bounded(response)
            if is_recording():
                _note(request, response.status_code, parsed(response.content))
            _refuse_pages(response, plain=str(request.url).partition("?")[0].endswith(PLAIN_TEXT))
        return response

    def close(self) -> None:
        """Close the connections."""
        super().close()
        if "_stock" in self.__dict__:
            self._stock.close()


def _note(request: PreparedRequest, status: int | None, answer: Any) -> None:
    """Record a call by its action's name, its parameters and its body; no header."""
    parts = urlsplit(str(request.url))
    body = request.body if isinstance(request.body, str | bytes) else b""
    form = "urlencoded" in str(request.headers.get("content-type"))
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    sent = dict(parse_qsl(parts.query)) | (dict(parse_qsl(text)) if form else {})
    if text and not form:
        sent["body"] = parsed(text)
    action = request.headers.get("x-acs-action") or sent.pop("Action", "")
    call = str(action) or f"{request.method} {parts.path}"
    note(parts.netloc, call, sent={**sent, "path": parts.path}, status=status, answer=answer)


def _resolve(request: PreparedRequest) -> None:
    """Look the host up once, and wait no longer than for a connection: a resolver may hang.

    The connection's own timeout begins only after the look-up, which the C library gives up after
    tens of seconds.
    """
    parts = urlsplit(str(request.url))
    host = parts.hostname or ""
    if host in _resolved:
        return
    hangs = False
    try:
        give_up_after(RESOLVE_SECONDS, lambda: socket.getaddrinfo(host, parts.port))
        # Once a process: a name that resolved is left
        # to the connection, which asks again each time.
        _resolved.add(host)
    except TimeoutError:
        hangs = True
    except OSError:
        return  # said by the connection itself, which asks again
    if hangs:  # raised here, where the error has no other behind it to be told instead
        why = f"its name was not resolved within {RESOLVE_SECONDS:g} s"
        raise ConnectTimeout(why, request=request)


def _host_of(location: str) -> str:
    """The host, or else the path; the rest of an address may hold secrets."""
    try:
        parts = urlsplit(location)
    except ValueError:  # half an IPv6 address
        return "no address"
    return parts.netloc.rpartition("@")[2] or parts.path or "no address"


def _read_bounded(response: Response) -> None:
    """Read the body, which may unfold to a thousand times of what was sent; raises UnusableAnswer.

    The chunk decides how much one step of the decompression can give.
    """
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER:
            response.close()
            raise UnusableAnswer(response.status_code, f"more than {MAX_ANSWER // MIB} MiB")
    response._content = bytes(body)  # noqa: SLF001 -- where requests keeps what it has read


def _refuse_pages(response: Response, *, plain: bool) -> None:
    """``plain``: the answer is a text of an UNCONFIRMED type; a page begins with ``<``."""
    content = response.content.strip()
    if plain and response.ok and not content.startswith(b"<"):
        return
    # By the first byte: the type that a gateway gives its answers is not to be relied upon.
    structured = content[:1] in {b"{", b"[", b'"'} or content == b"null"
    content_type = response.headers.get("content-type", "")
    if content and not structured and "xml" not in content_type:
        raise UnusableAnswer(response.status_code, content_type)


def goes_direct(url: str) -> bool:
    """Whether no proxy may be used for ``url``: loopback, or a host of NO_PROXY."""
    return is_loopback(url) or bool(should_bypass_proxies(url, no_proxy=None))


def shared_context() -> ssl.SSLContext:
    """The context that verifies with the system's and certifi's authorities; made once."""
    with _context_lock:
        return _context()


@functools.cache
def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@functools.cache
def install() -> None:
    """Put the adapter and the lock in place, and keep ``DEBUG=sdk`` from printing signatures."""
    from darabonba.core import DaraCore

    stock_adapter = DaraCore.get_adapter
    stock_session = DaraCore._get_session  # noqa: SLF001 -- the factory that lacks a lock

    def get_adapter(
        prefix: str, tls_min_version: str | None = None, pool_size: int | None = None
    ) -> HTTPAdapter:
        def stock() -> HTTPAdapter:
            adapter: HTTPAdapter = stock_adapter(prefix, tls_min_version, pool_size=pool_size)
            return adapter

        # A minimum version is a change to the context, which must not reach the shared one.
        return stock() if tls_min_version else SharedTlsAdapter(prefix.upper(), pool_size, stock)

    def get_session(*args: Any, **kwargs: Any) -> Any:
        with _session_lock:
            # Two threads would each make a session for a host,
            # and one would be lost with its connections.
            return stock_session(*args, **kwargs)

    DaraCore.get_adapter = staticmethod(get_adapter)
    DaraCore._get_session = staticmethod(get_session)  # noqa: SLF001
    # A child of this process must not speak on the parent's connections.
    os.register_at_fork(after_in_child=DaraCore._sessions.clear)  # noqa: SLF001
    # DEBUG=sdk prints whole requests to stderr, the Authorization header among them (ADR 0008).
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True


def close_sessions() -> None:
    """Close every connection that SDK clients keep open."""
    from darabonba.core import DaraCore

    with _session_lock:
        sessions = list(DaraCore._sessions.values())  # noqa: SLF001
        DaraCore._sessions.clear()  # noqa: SLF001
    for session in sessions:
        session.close()
