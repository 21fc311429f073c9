"""The Kubernetes API of every emulated cluster, as an aiohttp application."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar
from weakref import WeakSet

from aiohttp import web

from ackgpu.emulator.container.channels import refuse_forwarded
from ackgpu.emulator.container.exec_session import execute, running_pod
from ackgpu.emulator.kube.access import KubeUser, credentials, identify
from ackgpu.emulator.kube.contents import open_cluster
from ackgpu.emulator.kube.cron_jobs import is_behind, make_due
from ackgpu.emulator.kube.custom import resources_of
from ackgpu.emulator.kube.deletion import delete, delete_collection
from ackgpu.emulator.kube.documents import Document, Question, document
from ackgpu.emulator.kube.impersonation import impersonated
from ackgpu.emulator.kube.logs import follow_log
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.permissions import require_access
from ackgpu.emulator.kube.pod_timeline import settle
from ackgpu.emulator.kube.reads import Snapshots, as_table, get, list_objects
from ackgpu.emulator.kube.request import KubeRequest, as_yaml, parse_path, require_known_form
from ackgpu.emulator.kube.resources import SUBRESOURCE_VERBS, ApiResource
from ackgpu.emulator.kube.state import ClusterState, KubeBackend
from ackgpu.emulator.kube.status import KubeError, NoSuchPathError, not_allowed
from ackgpu.emulator.kube.subresources import evict, review, scale_of, set_scale
from ackgpu.emulator.kube.tokens import issue_token
from ackgpu.emulator.kube.trouble import Trouble
from ackgpu.emulator.kube.views import as_asked
from ackgpu.emulator.kube.watch import watch
from ackgpu.emulator.kube.writes import create, patch, update
from ackgpu.emulator.store import Transaction

LARGEST_BODY = 3 * 1024 * 1024  # a real API server's limit
log = logging.getLogger(__name__)
T = TypeVar("T")


def build_app(backend: KubeBackend) -> web.Application:
    """The application to serve over TLS with optional client certificates."""
    app = web.Application(client_max_size=LARGEST_BODY)
    server = KubeServer(backend)
    app.router.add_route("*", "/{path:.*}", server.handle)
    app.on_cleanup.append(server.hang_up)
    return app


class KubeServer:
    """Answers requests; keeps nothing between them but the lists that clients page through."""

    def __init__(self, backend: KubeBackend) -> None:
        self._backend = backend
        self._trouble = Trouble()
        self._snapshots = Snapshots(self._trouble)
        self._connections: WeakSet[asyncio.Transport] = WeakSet()

    async def hang_up(self, _app: web.Application) -> None:
        """Cut the connections that clients left open: TLS would wait for them to say goodbye."""
        for connection in list(self._connections):
            connection.abort()
        # One turn of the loop, in which the transports notice.
        await asyncio.sleep(0)

    async def handle(self, http: web.Request) -> web.StreamResponse:
        """Answer one request; whatever goes wrong becomes a ``Status``."""
        if http.transport is not None:
            self._connections.add(http.transport)
        try:
            self._meet_trouble(http)
            return await self._answer(http)
        except NoSuchPathError as error:
            return web.Response(text=f"{error.message}\n", status=error.code)
        except KubeError as error:
            refusal = error
        except web.HTTPException as error:
            refusal = KubeError(error.status, "BadRequest", error.reason)
        except Exception:
            log.exception("%s %s", http.method, http.path)
            refusal = KubeError(500, "InternalError", "Internal error occurred")
        refused = _encoded(http, refusal.status(), refusal.code)
        refused.headers.update(refusal.headers)
        return refused

    def _meet_trouble(self, http: web.Request) -> None:
        settings = self._backend.settings
        if self._trouble.strikes(settings, "kube_unavailable"):
            text = "the server is currently unable to handle the request"
            raise KubeError(503, "ServiceUnavailable", text)
        if fault := self._trouble.strikes(settings, "kube_throttled"):
            text = "Too many requests, please try again later."
            seconds = int(fault.get("retry_after", 1))
            raise KubeError(429, "TooManyRequests", text, retry_after=seconds)
        if self._trouble.strikes(settings, "kube_reset") and http.transport is not None:
            http.transport.abort()

    async def _answer(self, http: web.Request) -> web.StreamResponse:
        identity, resources, served = self._look(http, lambda s, who: _begin(s, who, http))
        if served is not None:
            return web.Response(body=served.body, headers={"Content-Type": served.content_type})
        request = KubeRequest(
            method=http.method,
            path=http.path,
            query=dict(http.query),
            headers={key.lower(): value for key, value in http.headers.items()},
            body=await http.read(),
            identity=identity,
            target=parse_path(http.path, resources),
        )
        return await self._dispatch(http, request)

    async def _dispatch(self, http: web.Request, request: KubeRequest) -> web.StreamResponse:
        target = request.target
        verbs = SUBRESOURCE_VERBS.get(target.subresource, target.resource.verbs)
        if request.verb not in verbs:
            raise not_allowed()
        # Before anything of the body is looked at, as the API server authorises first.
        self._look(http, lambda state, _: require_access(state, request))
        require_known_form(request)
        if target.subresource in {"attach", "exec"}:
            return await execute(http, request, self._backend)
        if target.subresource == "portforward":
            self._look(http, lambda state, _: running_pod(state, target.key))
            return await refuse_forwarded(http, target.name)
        if target.subresource == "log":
            return await follow_log(http, request, lambda do: self._look(http, lambda s, _: do(s)))
        if request.verb == "watch":
            return await watch(http, request, lambda do: self._look(http, lambda s, _: do(s)))
        if request.method == "GET":
            body, status = self._look(http, lambda s, _: self._read(s, request)), 200
        else:
            body, status = self._change(http, request)
        response = _encoded(http, as_asked(target.resource.api_version, body), status)
        if target.resource.deprecated:
            request.warnings.insert(0, target.resource.deprecated)
        for text in request.warnings:
            # A quoted string of HTTP (RFC 7234, Warning), which kubectl unquotes.
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            response.headers.add("Warning", f'299 - "{quoted}"')
        return response

    def _read(self, state: ClusterState, request: KubeRequest) -> Obj:
        if request.verb == "list":
            return list_objects(state, request, self._snapshots)
        if request.target.subresource == "scale":
            scale = scale_of(state, request)
            return as_table(state, request, [scale]) if request.wants("Table") else scale
        return get(state, request)

    def _change(self, http: web.Request, request: KubeRequest) -> tuple[Obj, int]:
        """Carry out a write; undone in the end where it is a dry run."""
        dry_run = request.dry_run
        # A dry run does everything and is rolled back: what it answers is what a real write would.
        with suppress(_Undo), self._backend.transaction(write=True) as session:
            # Again, within the writing transaction: the certificate
            # may have been revoked since the first look.
            state, _ = self._open(session, http)
            # Before the write: what time has brought about so far must not look different after it.
            if is_behind(state):
                make_due(state)
            settle(state)
            answer = write(state, request)
            if dry_run:
                raise _Undo
        return answer

    def _look(self, http: web.Request, do: Callable[[ClusterState, KubeUser], T]) -> T:
        """Run ``do`` on the caller's cluster, reading."""
        with self._backend.transaction() as session:
            state, identity = self._open(session, http)
            if not is_behind(state):
                return do(state, identity)
        # Jobs of a CronJob are written when they are first seen to be due.
        with self._backend.transaction(write=True) as session:
            state, identity = self._open(session, http)
            make_due(state)
            return do(state, identity)

    def _open(self, session: Transaction, http: web.Request) -> tuple[ClusterState, KubeUser]:
        now = self._backend.timeline_now(session)
        cluster, identity = identify(session, now, *credentials(http))
        return open_cluster(session, cluster, self._backend), identity


def _begin(
    state: ClusterState, who: KubeUser, http: web.Request
) -> tuple[KubeUser, Sequence[ApiResource], Document | None]:
    """Who asks, what is served, and the answer if no resource was requested."""
    identity = impersonated(state, who, [*http.headers.items()])
    resources = resources_of(state)
    asked = Question(http.path, http.query, http.headers.get("Accept", ""), http.host, resources)
    return identity, resources, document(state, asked)


class _Undo(Exception):
    """Undoes the transaction of a dry run."""


def write(state: ClusterState, request: KubeRequest) -> tuple[Obj, int]:
    """Carry out a write; the answer and its HTTP status."""
    if request.target.subresource:
        return _write_subresource(state, request)
    if request.verb == "create":
        asks = request.target.resource.verbs == ("create",)
        return review(state, request) if asks else create(state, request), 201
    if request.verb == "patch":
        obj, created = patch(state, request)
        return obj, 201 if created else 200
    change = {"update": update, "delete": delete}.get(request.verb, delete_collection)
    return change(state, request), 200


def _write_subresource(state: ClusterState, request: KubeRequest) -> tuple[Obj, int]:
    kind = request.target.subresource
    if kind == "scale":
        return set_scale(state, request), 200
    if kind == "eviction":
        return evict(state, request), 201
    if kind == "token":
        return issue_token(state, request), 201
    if request.verb == "patch":
        return patch(state, request)[0], 200
    return update(state, request), 200


def _encoded(http: web.Request, body: Obj, status: int = 200) -> web.Response:
    """The answer in the form that the client prefers, JSON where it can take it."""
    accepted = http.headers.get("Accept", "").replace(" ", "")
    if not any(form in accepted for form in ("json", "*/*")) and "yaml" in accepted:
        return web.Response(
            body=as_yaml(body), status=status, headers={"Content-Type": "application/yaml"}
        )
    text = json.dumps(body, separators=(",", ":"))
    kind = {"Content-Type": "application/json"}
    return web.Response(body=text.encode(), status=status, headers=kind)
