"""Leases: the kubelets' heartbeats in ``kube-node-lease``, and what clients hold."""

from __future__ import annotations

from ackgpu.emulator.kube.nodes import NodeFacts, facts, node_uid
from ackgpu.emulator.kube.objects import Obj, uid_of
from ackgpu.emulator.kube.state import ClusterState, Entry, version_at, written_entry

RENEWED_EVERY = 10  # seconds between renewals (kubelet, nodeLeaseDurationSeconds / 4)
LASTS = 40


def entries(state: ClusterState) -> list[Entry]:
    """Every lease."""
    written = [written_entry(doc) for doc in state.written("leases")]
    return [*written, *(_lease(state, row) for row in facts(state))]


def _lease(state: ClusterState, row: NodeFacts) -> Entry:
    uid = uid_of(state.id, "lease", row.doc.id)
    renewed = row.joined + (state.now - row.joined) // RENEWED_EVERY * RENEWED_EVERY

    def build() -> Obj:
        owner = {"apiVersion": "v1", "kind": "Node", "name": row.name}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": row.name,
                "namespace": "kube-node-lease",
                "uid": uid,
                "creationTimestamp": state.stamp(row.joined),
                "ownerReferences": [{**owner, "uid": node_uid(state, row.doc)}],
            },
            "spec": {
                "holderIdentity": row.name,
                "leaseDurationSeconds": LASTS,
                "renewTime": state.stamp_micro(renewed),
            },
        }

    return Entry(
        key=("kube-node-lease", row.name),
        uid=uid,
        created=version_at(row.joined),
        version=version_at(renewed),
        build=build,
    )
