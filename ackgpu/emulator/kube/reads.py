"""Get and list: selectors, pages by ``limit`` and ``continue``, Tables.

A first page keeps the list that it was cut from, so that later pages show the same moment and
nothing is read again. It is forgotten after five minutes of real time (the compaction interval of
a real cluster's etcd) or when many others were asked for since; going on is then refused with 410.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ackgpu.emulator.kube.columns import reduced, table
from ackgpu.emulator.kube.objects import Obj, labels_of
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.resources import SCALE
from ackgpu.emulator.kube.selectors import field_selector, label_selector
from ackgpu.emulator.kube.state import ClusterState, StoredObject
from ackgpu.emulator.kube.status import bad_request, expired, not_found, too_large
from ackgpu.emulator.kube.trouble import Trouble

KEPT = timedelta(minutes=5)
MAX_KEPT = 16


@dataclass(frozen=True)
class Snapshot:
    """A list as it was at one moment."""

    entries: list[StoredObject]
    version: int
    taken: datetime


@dataclass
class Snapshots:
    """The lists that clients are paging through."""

    trouble: Trouble
    kept: OrderedDict[int, Snapshot] = field(default_factory=OrderedDict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def keep(self, snapshot: Snapshot) -> int:
        """Keep a list, and forget the oldest where too many are kept."""
        number = next(self.numbers)
        self.kept[number] = snapshot
        while len(self.kept) > MAX_KEPT:
            self.kept.popitem(last=False)
        return number

    def find(self, number: int, version: int, now: datetime) -> Snapshot | None:
        """The list kept under that number, unless it has been forgotten."""
        found = self.kept.get(number)
        # The version as well: numbers begin anew with each
        # process, and a token may be of an earlier one.
        if found is None or found.version != version or now - found.taken > KEPT:
            return None
        return found


def get(state: ClusterState, request: KubeRequest) -> Obj:
    """The object addressed; refuses with 404 where there is none."""
    require_version(state, request)
    return preferred(state, request, require(state, request).object)


def preferred(state: ClusterState, request: KubeRequest, obj: Obj) -> Obj:
    """An object in the form that the client prefers."""
    if request.wants("Table"):
        return as_table(state, request, [obj])
    return reduced(obj) if request.wants("PartialObjectMetadata") else obj


def require(state: ClusterState, request: KubeRequest) -> StoredObject:
    """The object addressed; refuses with 404 where there is none."""
    resource = request.target.resource
    entry = state.entry(resource.key, request.target.key)
    if entry is None:
        raise not_found(resource.plural, resource.group, request.target.name)
    return entry


def require_version(state: ClusterState, request: KubeRequest) -> None:
    """Refuse a resourceVersion that is none, or one that is not reached yet."""
    text = request.query.get("resourceVersion", "")
    if text and not text.isdecimal():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'resourceVersion: Invalid value: "{text}": {why}')
    match = request.query.get("resourceVersionMatch") and not request.flag("sendInitialEvents")
    if match and not text:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise bad_request(f"resourceVersionMatch: Forbidden: {why}")
    if text and int(text) > state.version:
        raise too_large(int(text), state.version)


def list_objects(state: ClusterState, request: KubeRequest, snapshots: Snapshots) -> Obj:
    """The list addressed, or a page of it."""
    require_version(state, request)
    limit = _limit(request)
    token = request.query.get("continue", "")
    instant = state.timeline.instant(state.now)
    if token:
        number, snapshot, start = _resume(state, token, snapshots, instant)
    else:
        snapshot = Snapshot(select(state, request), state.version, instant)
        number, start = -1, 0
    page = snapshot.entries[start : start + limit] if limit else snapshot.entries[start:]
    rest = len(snapshot.entries) - start - len(page)
    metadata: Obj = {"resourceVersion": str(snapshot.version)}
    if rest:
        number = snapshots.keep(snapshot) if number < 0 else number
        metadata["continue"] = _token(snapshot.version, number, start + len(page))
        metadata["remainingItemCount"] = rest
    shown = listed(state, request, [entry.object for entry in page], metadata)
    for entry in page:
        # Each object is built as its page is written: 5,000 whole nodes would be 90 MB at once.
        entry.forget()
    return shown


def listed(state: ClusterState, request: KubeRequest, rows: list[Obj], metadata: Obj) -> Obj:
    """A list of the resource addressed, in the form that the client prefers."""
    if request.wants("Table"):
        return {**as_table(state, request, rows), "metadata": metadata}
    resource = request.target.resource
    if request.wants("PartialObjectMetadataList"):
        kind = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return {**kind, "metadata": metadata, "items": [reduced(row) for row in rows]}
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": rows,
    }


def as_table(state: ClusterState, request: KubeRequest, rows: list[Obj]) -> Obj:
    """The rows as the Table that kubectl prints."""
    include = request.query.get("includeObject", "Metadata")
    resource = SCALE if request.target.subresource == "scale" else request.target.resource
    shown = table(resource, rows, state.timeline.instant(state.now), include)
    if rows:
        shown["metadata"] = {"resourceVersion": rows[-1]["metadata"]["resourceVersion"]}
    return shown


def select(state: ClusterState, request: KubeRequest) -> list[StoredObject]:
    """The entries of the collection addressed that the selectors let through."""
    target = request.target
    entries = state.entries(target.resource.key)
    if target.namespace:
        entries = [entry for entry in entries if entry.key[0] == target.namespace]
    if target.name:
        entries = [entry for entry in entries if entry.key[1] == target.name]
    labels, fields = request.query.get("labelSelector"), request.query.get("fieldSelector")
    if labels:
        wanted = label_selector(labels)
        entries = [entry for entry in entries if wanted(labels_of(entry.object))]
    if fields:
        chosen = field_selector(fields, target.resource)
        entries = [entry for entry in entries if chosen(entry.object)]
    return entries


def _limit(request: KubeRequest) -> int:
    text = request.query.get("limit") or "0"
    if not text.isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _token(version: int, number: int, start: int) -> str:
    raw = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "list": number, "start": start})
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _resume(
    state: ClusterState, token: str, snapshots: Snapshots, instant: datetime
) -> tuple[int, Snapshot, int]:
    text = b""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        raw = json.loads(text)
        number, version, start = int(raw["list"]), int(raw["rv"]), int(raw["start"])
    except (ValueError, KeyError, TypeError):
        why = f"invalid character {text[:1].decode('latin-1')!r} looking for beginning of value"
        raise bad_request(f"invalid continue token: continue key is not valid: {why}") from None
    snapshot = snapshots.find(number, version, instant)
    lost = snapshots.trouble.strikes(state.settings, "continue_expired")
    if snapshot is None or start < 0 or lost:
        raise expired(
            "The provided continue parameter is too old to display a consistent list result. You"
            " can start a new list without the continue parameter."
        )
    return number, snapshot, start
