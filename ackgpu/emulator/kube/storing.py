"""How objects get into the documents, change there and go."""

from __future__ import annotations

import copy
import uuid

from ackgpu.emulator.kube.admission import apply_defaults
from ackgpu.emulator.kube.nodes import leave_out_computed
from ackgpu.emulator.kube.objects import SAFE_LETTERS, Obj
from ackgpu.emulator.kube.patching import merge_difference
from ackgpu.emulator.kube.resources import Resource
from ackgpu.emulator.kube.state import KIND, ClusterState, Entry, doc_id
from ackgpu.emulator.store import Doc

GENERATIONS = frozenset({"deployments", "replicasets", "jobs", "pods"})


def new_object(state: ClusterState, obj: Obj) -> Obj:
    """The object with a generated name where it asks for one."""
    metadata = obj["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        letters = "".join(state.rng.choices(SAFE_LETTERS, k=5))
        metadata["name"] = f"{metadata['generateName']}{letters}"
    return obj


def store_new(state: ClusterState, resource: Resource, obj: Obj) -> Doc:
    """Store an object that a client or a controller makes; its metadata is completed."""
    metadata = obj["metadata"]
    metadata.pop("resourceVersion", None)
    metadata["uid"] = str(uuid.UUID(int=state.rng.getrandbits(128), version=4))
    metadata["creationTimestamp"] = state.stamp(state.now)
    if resource.plural in GENERATIONS:
        metadata["generation"] = 1
    obj.pop("status", None)
    apply_defaults(resource, obj)
    version = state.next_version()
    body = {"object": obj, "created": version, "version": version, "at": state.now}
    key = (metadata.get("namespace", ""), metadata["name"])
    doc = Doc(
        KIND,
        doc_id(state.id, resource.plural, key),
        state.cluster.region,
        state.id,
        resource.plural,
        state.now,
        None,
        body,
    )
    state.forget_entries()
    return state.session.put(doc)


def store_again(state: ClusterState, doc: Doc) -> Doc:
    """Store a changed object under the next resource version."""
    doc.body["version"] = state.next_version()
    doc.body["at"] = state.now
    state.forget_entries()
    return state.session.put(doc)


def remove(state: ClusterState, doc: Doc, *, after: float = 0.0) -> None:
    """Let an object go after so many seconds; until then it shows that it is being deleted."""
    if after:
        metadata = doc.body["object"]["metadata"]
        metadata["deletionTimestamp"] = state.stamp(state.now + after)
        metadata["deletionGracePeriodSeconds"] = int(after)
    doc.gone = state.now + after
    store_again(state, doc)


def lay_over(state: ClusterState, resource: Resource, entry: Entry, obj: Obj) -> None:
    """Keep what a client changed of an object that the cluster itself brings."""
    base = state.plain(resource.plural, entry.key).build()
    changed = copy.deepcopy(obj)
    for field in ("uid", "creationTimestamp", "resourceVersion"):
        changed["metadata"].pop(field, None)
        base["metadata"].pop(field, None)
    changed.pop("status", None)
    base.pop("status", None)
    if resource.plural == "nodes":
        leave_out_computed(changed)
    _store_delta(state, resource, entry, merge_difference(base, changed))


def hide(state: ClusterState, resource: Resource, entry: Entry) -> None:
    """Take away an object that the cluster itself brought."""
    _store_delta(state, resource, entry, {}, gone=state.now)


def _store_delta(
    state: ClusterState, resource: Resource, entry: Entry, delta: Obj, gone: float | None = None
) -> None:
    body = {"delta": delta, "uid": entry.uid, "created": entry.created}
    doc = Doc(
        KIND,
        doc_id(state.id, resource.plural, entry.key),
        state.cluster.region,
        state.id,
        resource.plural,
        gone=gone,
        body=body,
    )
    store_again(state, doc)
