"""What every namespace gets: its default service account and the cluster's CA."""

from __future__ import annotations

from ackgpu.emulator.certificates import authority_pem
from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, Entry, version_at, written_entry

AUTHORITY = "kube-root-ca.crt"


def account_entries(state: ClusterState) -> list[Entry]:
    """Every service account."""
    rows = [written_entry(doc) for doc in state.written("serviceaccounts")]
    made = {row.key for row in rows}
    missing = [name for name in _namespaces(state) if (name, "default") not in made]
    brought = [_brought(state, "ServiceAccount", name, "default", {}) for name in missing]
    return [*rows, *brought]


def config_entries(state: ClusterState) -> list[Entry]:
    """Every ConfigMap."""
    rows = [written_entry(doc) for doc in state.written("configmaps")]
    made = {row.key for row in rows}
    data = {"data": {"ca.crt": authority_pem(state.session)}}
    missing = [name for name in _namespaces(state) if (name, AUTHORITY) not in made]
    return [*rows, *(_brought(state, "ConfigMap", name, AUTHORITY, data) for name in missing)]


def _namespaces(state: ClusterState) -> list[str]:
    return [entry.key[1] for entry in state.entries("namespaces")]


def _brought(state: ClusterState, kind: str, namespace: str, name: str, rest: Obj) -> Entry:
    entry = state.entry("namespaces", ("", namespace))
    version = entry.created if entry else version_at(state.cluster.born)
    stamp = entry.object["metadata"]["creationTimestamp"] if entry else ""
    uid = uid_of(state.id, kind, namespace, name)

    def build() -> Obj:
        metadata = {"name": name, "namespace": namespace, "uid": uid, "creationTimestamp": stamp}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}

    key = (namespace, name)
    return Entry(key=key, uid=uid, created=version, version=version, build=build)
