"""The emulator's two ports on loopback, served by one event loop in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from ackgpu.emulator.backend import Backend
from ackgpu.emulator.certificates import authority_pem, server_certificate
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.doors import Door
from ackgpu.emulator.wire import WireRequest

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 4 * 1024 * 1024
SHUTDOWN = 0.2  # real seconds that answers in progress get when the server stops


class Server:
    """Serves a backend until stopped. ``port`` and ``kube_port`` are known once started."""

    def __init__(
        self, backend: Backend, gateway: Gateway, *, port: int = 0, kube_port: int = 0
    ) -> None:
        self.backend = backend
        self.gateway = gateway
        self._listeners = (_listen(port), _listen(kube_port))
        self.port, self.kube_port = (each.getsockname()[1] for each in self._listeners)
        backend.kube_endpoint = f"https://{LOOPBACK}:{self.kube_port}"
        with backend.transaction(write=True) as session:
            self._certificate = server_certificate(session)
            self._authority = authority_pem(session)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="ackgpu-emulator", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns once both ports answer."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Stop serving and wait until the thread has ended."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        cloud = web.AppRunner(self._cloud_app(), access_log=None, shutdown_timeout=SHUTDOWN)
        kube = web.AppRunner(self._kube_app(), access_log=None, shutdown_timeout=SHUTDOWN)
        await cloud.setup()
        await kube.setup()
        await web.SockSite(kube, self._listeners[1], ssl_context=self._tls()).start()
        assert cloud.server is not None  # noqa: S101 -- set up above
        door = asyncio.create_task(Door(self._listeners[0], cloud.server, self._tls()).run())
        self._ready.set()
        await self._stop.wait()
        door.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await door
        await kube.cleanup()
        await cloud.cleanup()

    def _cloud_app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    def _kube_app(self) -> web.Application:
        try:
            module = importlib.import_module("ackgpu.emulator.kube.app")
        except ModuleNotFoundError:
            return web.Application()
        app: web.Application = module.build_app(self.backend)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = self.gateway.answer(
            WireRequest(
                request.method,
                _origin_form(request.raw_path),
                tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.raw_headers),
                await request.read(),
            )
        )
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as directory:
            chain = Path(directory, "server.pem")
            chain.touch(mode=0o600)
            chain.write_text("".join(self._certificate))
            context.load_cert_chain(chain)
        context.load_verify_locations(cadata=self._authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def _listen(port: int) -> socket.socket:
    listener = socket.create_server((LOOPBACK, port), backlog=512)
    listener.setblocking(False)
    return listener


def _origin_form(target: str) -> str:
    """Path and query of a target that may be absolute, as sent to a proxy."""
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
