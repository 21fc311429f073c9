"""Leases: the kubelets' heartbeats in ``kube-node-lease``."""

from __future__ import annotations

from ackgpu.emulator.kube.nodes import NodeFacts, facts, node_uid
from ackgpu.emulator.kube.objects import uid_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, version_at

RENEWED_EVERY = 10  # seconds between renewals (kubelet, nodeLeaseDurationSeconds / 4)
LEASE_TTL = 40


def entries(state: ClusterState) -> list[StoredObject]:
    """The leases of the kubelets."""
    return [_lease(state, row) for row in facts(state)]


def _lease(state: ClusterState, row: NodeFacts) -> StoredObject:
    renewed = row.joined + (state.now - row.joined) // RENEWED_EVERY * RENEWED_EVERY
    owner = {"apiVersion": "v1", "kind": "Node", "name": row.name}
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": row.name,
            "namespace": "kube-node-lease",
            "uid": uid_of(state.id, "lease", row.doc.id),
            "ownerReferences": [{**owner, "uid": node_uid(state, row.doc)}],
        },
        "spec": {
            "holderIdentity": row.name,
            "leaseDurationSeconds": LEASE_TTL,
            "renewTime": state.stamp_micro(renewed),
        },
    }
    return brought_entry(state, lease, version_at(renewed), version_at(row.joined))
