"""How objects get into the documents, change there and go."""

from __future__ import annotations

import copy
import uuid

from ackgpu.emulator.kube.defaults import apply_defaults
from ackgpu.emulator.kube.nodes import leave_out_computed
from ackgpu.emulator.kube.objects import SAFE_LETTERS, Obj
from ackgpu.emulator.kube.resources import ApiResource
from ackgpu.emulator.kube.state import KIND, ClusterState, Key, StoredObject, doc_id
from ackgpu.emulator.shared.merge_patches import merge_difference
from ackgpu.emulator.store import Doc


def new_object(state: ClusterState, obj: Obj) -> Obj:
    """The object with a generated name where it asks for one."""
    metadata = obj["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        letters = "".join(state.rng.choices(SAFE_LETTERS, k=5))
        metadata["name"] = f"{metadata['generateName']}{letters}"
    return obj


def store_new(state: ClusterState, resource: ApiResource, obj: Obj) -> Doc:
    """Store an object that a client or a controller makes; its metadata is completed."""
    metadata = obj["metadata"]
    metadata.pop("resourceVersion", None)
    metadata["uid"] = str(uuid.UUID(int=state.rng.getrandbits(128), version=4))
    metadata["creationTimestamp"] = state.stamp(state.now)
    if resource.generation:
        metadata["generation"] = 1
    if not resource.custom or "status" in resource.subresources:
        obj.pop("status", None)
    apply_defaults(resource, obj)
    version = state.next_version()
    body = {"object": obj, "created": version, "version": version, "at": state.now}
    doc = _doc(state, resource, (metadata.get("namespace", ""), metadata["name"]), body)
    doc.created_at = state.now
    state.forget_entries()
    return state.session.put(doc)


def _doc(state: ClusterState, resource: ApiResource, key: Key, body: Obj) -> Doc:
    id_ = doc_id(state.id, resource.key, key)
    return Doc(KIND, id_, state.cluster.region, state.id, resource.key, body=body)


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
    doc.deleted_at = state.now + after
    store_again(state, doc)


def lay_over(state: ClusterState, resource: ApiResource, entry: StoredObject, obj: Obj) -> None:
    """Keep what a client changed of an object that the cluster itself brings."""
    base = state.plain(resource.key, entry.key).build()
    changed = copy.deepcopy(obj)
    for field in ("uid", "creationTimestamp", "resourceVersion"):
        changed["metadata"].pop(field, None)
        base["metadata"].pop(field, None)
    changed.pop("status", None)
    base.pop("status", None)
    if resource.key == "nodes":
        leave_out_computed(changed)
    store_again(state, _delta(state, resource, entry, merge_difference(base, changed)))


def hide(state: ClusterState, resource: ApiResource, entry: StoredObject) -> None:
    """Take away an object that the cluster itself brought."""
    doc = _delta(state, resource, entry, {})
    doc.deleted_at = state.now
    store_again(state, doc)


def _delta(state: ClusterState, resource: ApiResource, entry: StoredObject, delta: Obj) -> Doc:
    body = {"delta": delta, "uid": entry.uid, "created": entry.created}
    return _doc(state, resource, entry.key, body)
