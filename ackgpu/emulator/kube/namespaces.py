"""Namespaces: the four that every cluster has, and those that clients made."""

from __future__ import annotations

from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, written_entry

SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")


def entries(state: ClusterState) -> list[StoredObject]:
    """Every namespace; one that is being deleted shows ``Terminating``."""
    rows = [_system(state, name) for name in SYSTEM]
    for doc in state.written("namespaces"):
        leaving = "deletionTimestamp" in doc.body["object"]["metadata"]
        phase = "Terminating" if leaving else "Active"
        rows.append(written_entry(doc, status={"phase": phase}))
    return rows


def _system(state: ClusterState, name: str) -> StoredObject:
    labels = {"kubernetes.io/metadata.name": name}
    return brought_entry(state, {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })  # fmt: skip
