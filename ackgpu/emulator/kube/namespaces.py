"""Namespaces: the four that every cluster has, and those that clients made."""

from __future__ import annotations

from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, Entry, version_at, written_entry

SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")


def entries(state: ClusterState) -> list[Entry]:
    """Every namespace; one that is being deleted shows ``Terminating``."""
    rows = [_system(state, name) for name in SYSTEM]
    for doc in state.written("namespaces"):
        leaving = "deletionTimestamp" in doc.body["object"]["metadata"]
        phase = "Terminating" if leaving else "Active"
        rows.append(written_entry(doc, status={"phase": phase}))
    return rows


def _system(state: ClusterState, name: str) -> Entry:
    uid = uid_of(state.id, "namespace", name)
    version = version_at(state.cluster.born)

    def build() -> Obj:
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "uid": uid,
                "creationTimestamp": state.stamp(state.cluster.born),
                "labels": {"kubernetes.io/metadata.name": name},
            },
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }

    return Entry(key=("", name), uid=uid, created=version, version=version, build=build)
