"""Namespaces, and what each gets: its default service account and the cluster's CA."""

from __future__ import annotations

from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, Told, brought_entry
from ackgpu.emulator.store import Doc

AUTHORITY = "kube-root-ca.crt"


def namespace_status(_state: ClusterState, doc: Doc) -> Told:
    """The phase of a namespace."""
    leaving = "deletionTimestamp" in doc.body["object"]["metadata"]
    return None, {"phase": "Terminating" if leaving else "Active"}


def account_entries(state: ClusterState) -> list[StoredObject]:
    """The default service account of every namespace."""
    return [_brought(state, "ServiceAccount", n, "default", {}) for n in _namespaces(state)]


def config_entries(state: ClusterState) -> list[StoredObject]:
    """The ConfigMap of every namespace with the cluster's CA."""
    from ackgpu.emulator.certificates import authority_pem

    data = {"data": {"ca.crt": authority_pem(state.session)}}
    return [_brought(state, "ConfigMap", n, AUTHORITY, data) for n in _namespaces(state)]


def _namespaces(state: ClusterState) -> list[str]:
    return [entry.key[1] for entry in state.entries("namespaces")]


def _brought(state: ClusterState, kind: str, namespace: str, name: str, rest: Obj) -> StoredObject:
    """What a controller makes in a namespace, and again where clients deleted it."""
    entry, metadata = state.entry("namespaces", ("", namespace)), {"name": name}
    metadata["namespace"] = namespace
    created = entry.created if entry else 0
    doc = state.documents(f"{kind.lower()}s").get((namespace, name))
    if doc is not None and doc.deleted_at is not None:
        created = int(doc.body["version"])
        metadata["uid"] = uid_of(state.id, kind, namespace, name, str(created))
    obj = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}
    return brought_entry(state, obj, created=created)
