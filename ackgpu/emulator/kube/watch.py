"""Watch: what changed since a resource version, then each change as it comes.

A watch compares what it last told its client with what the cluster shows. Changes that fall between
two looks arrive as one event, as they may from a real API server after a reconnect.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.reads import preferred, require_version, select
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.state import ClusterState, Key, StoredObject, version_at
from ackgpu.emulator.kube.status import KubeError, expired
from ackgpu.emulator.kube.views import as_asked

LOOK_EVERY = 0.1  # real seconds, or five times what a look costs where that is more
BOOKMARK_EVERY = 60.0  # real seconds
REMEMBERED = 3600.0  # emulated seconds of changes that a watch can still catch up on
MAX_WATCH_SECONDS = 1800.0  # real seconds; a real API server ends a watch after 30 to 60 minutes

Look = Callable[[Callable[[ClusterState], list[Obj]]], list[Obj]]
"""Runs a function on the cluster's present state, in a transaction."""


@dataclass
class Watch:
    """What the client of one watch has been told: the uid, version and object of each key."""

    request: KubeRequest
    known: dict[Key, StoredObject] = field(default_factory=dict)
    version: int = 0

    def begin(self, state: ClusterState) -> list[Obj]:
        """The events that bring the client from its resource version to the present."""
        require_version(state, self.request)
        entries = select(state, self.request)
        self.known = {entry.key: entry for entry in entries}
        self.version = state.version
        since = self._since()
        if since == 0:
            events = [self._event(state, "ADDED", entry.object) for entry in entries]
            if self.request.flag("sendInitialEvents"):
                events.append(self.bookmark(initial=True))
            return events
        # 410, as after etcd's compaction: clients list anew, which has to be tried here as well.
        if since < version_at(state.now - REMEMBERED):
            raise expired(f"too old resource version: {since} ({self.version})")
        events = [
            self._event(state, "ADDED" if entry.created > since else "MODIFIED", entry.object)
            for entry in entries
            if entry.version > since
        ]
        return [*self._deleted(state, since), *events]

    def changes(self, state: ClusterState) -> list[Obj]:
        """The events since the last look."""
        present = {entry.key: entry for entry in select(state, self.request)}
        events = []
        for key, entry in self.known.items():
            after = present.get(key)
            # Deleted and made again between two looks: the client has to hear of both.
            if after is None or after.uid != entry.uid:
                events.append(self._event(state, "DELETED", entry.object))
        for key, entry in present.items():
            before = self.known.get(key)
            if before is None or before.uid != entry.uid:
                events.append(self._event(state, "ADDED", entry.object))
            elif before.version != entry.version:
                events.append(self._event(state, "MODIFIED", entry.object))
        self.known, self.version = present, state.version
        return events

    def bookmark(self, *, initial: bool = False) -> Obj:
        """A bookmark at the present version."""
        metadata: Obj = {"resourceVersion": str(self.version)}
        if initial:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        resource = self.request.target.resource
        shape = {"kind": resource.kind, "apiVersion": resource.api_version}
        return {"type": "BOOKMARK", "object": {**shape, "metadata": metadata}}

    def _since(self) -> int:
        initial = self.request.flag("sendInitialEvents")
        return 0 if initial else int(self.request.query.get("resourceVersion") or "0")

    def _deleted(self, state: ClusterState, since: int) -> list[Obj]:
        """Deletions since a version, of objects that clients had made."""
        target = self.request.target
        rows: list[Obj] = []
        for key, doc in state.documents(target.resource.key).items():
            chosen = target.namespace in {"", key[0]} and target.name in {"", key[1]}
            if (
                not chosen
                or "object" not in doc.body
                or doc.deleted_at is None
                or doc.deleted_at > state.now
            ):
                continue
            if max(int(doc.body["version"]), version_at(doc.deleted_at)) > since:
                rows.append(self._event(state, "DELETED", doc.body["object"]))
        return rows

    def _event(self, state: ClusterState, kind: str, obj: Obj) -> Obj:
        if kind == "DELETED":
            # The version of its deletion: a client goes on from
            # there, and from its last one would hear it twice.
            obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(state.version)}}
        shown = preferred(state, self.request, obj)
        return {"type": kind, "object": as_asked(self.request.target.resource.api_version, shown)}


async def watch(http: web.Request, request: KubeRequest, look: Look) -> web.StreamResponse:
    """Stream events until the client leaves or its timeout has passed."""
    watching = Watch(request)
    first = look(watching.begin)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(http)
    with contextlib.suppress(ConnectionResetError):
        await _send(response, first)
        await _follow(http, watching, response, look)
        await response.write_eof()
    return response


async def _follow(
    http: web.Request, watching: Watch, response: web.StreamResponse, look: Look
) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + float(watching.request.query.get("timeoutSeconds") or MAX_WATCH_SECONDS)
    marked, pause = loop.time(), LOOK_EVERY
    while loop.time() < end and http.transport is not None and not http.transport.is_closing():
        await asyncio.sleep(min(pause, max(0.0, end - loop.time())))
        began = loop.time()
        try:
            events = look(watching.changes)
        except KubeError as error:
            # The caller's certificate was revoked meanwhile,
            # or the cluster is gone: said within the stream.
            await _send(response, [{"type": "ERROR", "object": error.status()}])
            return
        # Of many watches on a large cluster none may take more than a sixth of the loop's time.
        pause = max(LOOK_EVERY, 5 * (loop.time() - began))
        due = loop.time() - marked > BOOKMARK_EVERY
        if due and watching.request.flag("allowWatchBookmarks"):
            events.append(watching.bookmark())
            marked = loop.time()
        await _send(response, events)


async def _send(response: web.StreamResponse, events: list[Obj]) -> None:
    if events:
        lines = (json.dumps(event, separators=(",", ":")) + "\n" for event in events)
        await response.write("".join(lines).encode())
