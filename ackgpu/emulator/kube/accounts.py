"""What every namespace gets: its default service account and the cluster's CA."""

from __future__ import annotations

from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, written_entry

AUTHORITY = "kube-root-ca.crt"


def account_entries(state: ClusterState) -> list[StoredObject]:
    """Every service account; a client's own stands in the place of one that is brought."""
    brought = [_brought(state, "ServiceAccount", n, "default", {}) for n in _namespaces(state)]
    return [*brought, *(written_entry(doc) for doc in state.written("serviceaccounts"))]


def config_entries(state: ClusterState) -> list[StoredObject]:
    """Every ConfigMap."""
    from ackgpu.emulator.certificates import authority_pem

    data = {"data": {"ca.crt": authority_pem(state.session)}}
    brought = [_brought(state, "ConfigMap", n, AUTHORITY, data) for n in _namespaces(state)]
    return [*brought, *(written_entry(doc) for doc in state.written("configmaps"))]


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
