"""The emulator's own API under ``/_emulator/``: for its command line and for tests.

``GET status``; ``GET ca.pem``, the authority that signs its certificates; ``POST reset``; ``GET``
and ``DELETE requests``; ``PUT faults`` with the JSON of a fault file; ``POST advance`` with
``{"seconds": n}``, where the clock is moved by hand. Pages of other sites that a browser shows
cannot use it: their requests carry an Origin or another Host.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ackgpu.clock import ManualClock
from ackgpu.emulator.account import ACCOUNT_ID, REGION
from ackgpu.emulator.faults import ConfigurationError, Faults
from ackgpu.emulator.gateway import Gateway

OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The handlers of the control API. ``reset`` restores the account to its beginning."""

    def __init__(self, gateway: Gateway, reset: Callable[[], None]) -> None:
        self._gateway = gateway
        self._reset = reset

    def routes(self) -> list[web.RouteDef]:
        """The routes, to be added to the cloud's application."""
        return [
            web.get("/_emulator/status", _local(self._status)),
            web.get("/_emulator/ca.pem", _local(self._authority)),
            web.post("/_emulator/reset", _local(self._do_reset)),
            web.get("/_emulator/requests", _local(self._requests)),
            web.delete("/_emulator/requests", _local(self._forget_requests)),
            web.put("/_emulator/faults", _local(self._put_faults)),
            web.post("/_emulator/advance", _local(self._advance)),
        ]

    async def _status(self, _request: web.Request) -> web.Response:
        backend = self._gateway.backend
        with backend.transaction() as session:
            timeline, now = backend.timeline(session), backend.timeline_now(session)
            documents = session.kinds(at=now)
        return web.json_response(
            {
                "pid": os.getpid(),
                "state": str(backend.store.path) if backend.store.path else None,
                "accountId": ACCOUNT_ID,
                "region": REGION,
                "kubeEndpoint": backend.kube_endpoint,
                "speed": timeline.speed,
                "seconds": now,
                "enforceRam": self._gateway.enforce_ram,
                "requests": len(self._gateway.requests),
                "documents": documents,
            }
        )

    async def _authority(self, _request: web.Request) -> web.Response:
        from ackgpu.emulator.certificates import authority_pem

        with self._gateway.backend.transaction(write=True) as session:
            return web.Response(text=authority_pem(session), content_type="application/x-pem-file")

    async def _do_reset(self, _request: web.Request) -> web.Response:
        self._reset()
        return web.json_response({})

    async def _requests(self, _request: web.Request) -> web.Response:
        return web.json_response({"requests": self._gateway.requests.rows()})

    async def _forget_requests(self, _request: web.Request) -> web.Response:
        self._gateway.requests.clear()
        return web.json_response({})

    async def _put_faults(self, request: web.Request) -> web.Response:
        try:
            self._gateway.set_faults(Faults(await _json(request)))
        except (ConfigurationError, TypeError) as error:
            return _wrong(str(error))
        return web.json_response({})

    async def _advance(self, request: web.Request) -> web.Response:
        clock = self._gateway.backend.clock
        if not isinstance(clock, ManualClock):
            return _wrong("this emulator's clock moves by itself")
        seconds = (await _json(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            return _wrong("seconds: a number is expected")
        clock.advance(seconds)
        return web.json_response({})


def _local(handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        host = request.host.rpartition(":")[0] or request.host
        # A page in a browser of this machine may send requests here, and must not empty an account.
        if host not in OWN_HOSTS or "Origin" in request.headers:
            return web.json_response({"error": "for this machine's own programs"}, status=403)
        return await handler(request)

    return checked


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def _wrong(why: str) -> web.Response:
    return web.json_response({"error": why}, status=400)
