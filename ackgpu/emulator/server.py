"""The emulator's two ports on loopback, served by one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from ackgpu.emulator.control import Control
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.kube.app import build_app
from ackgpu.emulator.listener import SniffingListener
from ackgpu.emulator.wire import WireRequest

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 4 * 1024 * 1024
SHUTDOWN = 0.2  # real seconds that answers in progress get when the server stops

log = logging.getLogger(__name__)
HTTP_LOG = logging.getLogger(f"{__name__}.http")
HTTP_LOG.setLevel(logging.CRITICAL)  # bytes that are no HTTP are the client's matter


class Server:
    """Serves a gateway and its clusters until stopped.

    A port of 0 means the one that the account had before, or a free one where it is taken or there
    was none. ``latency`` in real seconds is added to each answer. ``failure`` says what ended the
    server if nobody stopped it, and :meth:`when_it_fails` has somebody told.
    """

    def __init__(
        self,
        gateway: Gateway,
        reset: Callable[[], None],
        *,
        port: int = 0,
        kube_port: int = 0,
        latency: float = 0.0,
    ) -> None:
        self._gateway = gateway
        self._reset = reset
        self._latency = latency
        self._cloud = self._listen("port", port)
        try:
            self._kube = self._listen("kube_port", kube_port)
        except OSError:
            self._cloud.close()
            raise
        self.endpoint = f"http://{LOOPBACK}:{self._cloud.getsockname()[1]}"
        self.kube_endpoint = f"https://{LOOPBACK}:{self._kube.getsockname()[1]}"
        gateway.backend.kube_endpoint = self.kube_endpoint
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._failing = threading.Lock()  # a failure and the wish to be told of it may cross
        self._stop: Callable[[], object] = lambda: None
        self._tell_of_failure: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="ackgpu-emulator", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns once both ports answer, or raises what prevented it."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def failure(self) -> BaseException | None:
        """What ended the server; None while it serves, and after it was stopped."""
        return self._failure

    def when_it_fails(self, tell: Callable[[], object]) -> None:
        """Call ``tell`` once if the server ends without having been stopped, or already has.

        It is called from the server's thread, or from this one where the server ended before.
        """
        with self._failing:
            self._tell_of_failure = tell
            failed = self._failure is not None
        if failed:
            tell()

    def stop(self) -> None:
        """Stop serving and wait until the thread has ended."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself: it failed
            self._stop()
        self._thread.join()
        self._cloud.close()
        self._kube.close()

    def _listen(self, name: str, wanted: int) -> socket.socket:
        backend = self._gateway.backend
        with backend.transaction(write=True) as session:
            kept = int(session.meta(name) or 0)
            listener = _bind(wanted) if wanted else _bind_again(kept)
            # The first port is kept: kubeconfigs and exported
            # variables of earlier runs go on working.
            if not kept or wanted:
                session.set_meta(name, str(listener.getsockname()[1]))
        return listener

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 -- kept for whoever started the thread
            if self._ready.is_set():
                log.critical("The emulator can no longer serve: %s", error)
            # Either this thread sees the wish to be told, or who wishes sees the failure;
            # a wake-up that fell in between left `emulator serve` waiting for ever.
            with self._failing:
                self._failure = error
                tell = self._tell_of_failure
            tell()
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = functools.partial(loop.call_soon_threadsafe, stop.set)
        tls = lambda: self._tls  # noqa: E731 -- made when the first client speaks TLS
        async with contextlib.AsyncExitStack() as running:
            cloud = await _set_up(running, self._cloud_app(), logger=HTTP_LOG)
            kube = await _set_up(running, build_app(self._gateway.backend), logger=log)
            if cloud.server is None or kube.server is None:
                raise RuntimeError("a runner was set up without a server")
            listeners = (
                SniffingListener(self._cloud, cloud.server, tls),
                SniffingListener(self._kube, kube.server, tls, only_tls=True),
            )
            doors = [asyncio.create_task(listener.run()) for listener in listeners]
            stopped = asyncio.create_task(stop.wait())
            self._ready.set()
            await asyncio.wait({*doors, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            for door in doors:
                door.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await door

    def _cloud_app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes(Control(self._gateway, self._reset).routes())
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = self._gateway.answer(
            WireRequest(
                request.method,
                _origin_form(request.raw_path),
                tuple((_text(name), _text(value)) for name, value in request.raw_headers),
                await request.read(),
            )
        )
        delay = self._latency + answer.delay
        if delay:
            await asyncio.sleep(delay)
        # Not a close: the client has to see a reset, as of a server that died.
        if answer.hang_up and request.transport is not None:
            request.transport.abort()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        """TLS with our own certificate; a client's certificate is optional and must be ours."""
        from ackgpu.emulator.certificates import authority_pem, server_certificate

        with self._gateway.backend.transaction(write=True) as session:
            certificate, key = server_certificate(session)
            authority = authority_pem(session)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Python's ssl takes a chain from files only.
        with tempfile.NamedTemporaryFile("w", prefix="ackgpu-", suffix=".pem") as chain:
            chain.write(certificate + key)
            chain.flush()
            context.load_cert_chain(Path(chain.name))
        context.load_verify_locations(cadata=authority)
        # Clusters want a client's certificate, the cloud's own APIs have none.
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


MAX_REQUEST_LINE = 128 * 1024
"""The SDKs put everything into the query: user data alone may be 44 KB there."""


async def _set_up(
    running: contextlib.AsyncExitStack, app: web.Application, *, logger: logging.Logger
) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN,
        logger=logger,
        max_line_size=MAX_REQUEST_LINE,
    )
    await runner.setup()
    running.push_async_callback(_clean_up, runner)
    return runner


async def _clean_up(runner: web.AppRunner) -> None:
    """Close it with its connections; a TLS client that keeps one open would never say goodbye."""
    connections = runner.server.connections if runner.server else []
    transports = [handler.transport for handler in connections]
    await runner.cleanup()
    for transport in transports:
        if transport is not None:
            transport.abort()


def _bind(port: int) -> socket.socket:
    try:
        listener = socket.create_server((LOOPBACK, port), backlog=512)
    except OSError as error:
        where = f"{LOOPBACK}:{port}"
        raise OSError(error.errno, os.strerror(error.errno or 0), where) from error
    listener.settimeout(0)
    return listener


def _bind_again(kept: int) -> socket.socket:
    try:
        return _bind(kept)
    except OSError:
        log.info("Port %d, which this account had before, is taken: another is used", kept)
        return _bind(0)


def _origin_form(target: str) -> str:
    """Path and query of a target that may be absolute, as sent to a proxy."""
    target = target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _text(header: bytes) -> str:
    return header.decode("utf-8", "replace")
