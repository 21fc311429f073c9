"""Everything in a cluster: which function gives the objects of each resource."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.kube import leases, namespaces, nodes
from ackgpu.emulator.kube.resources import RESOURCES
from ackgpu.emulator.kube.state import Backend, ClusterState, Entry, Source, written_entry
from ackgpu.emulator.store import Doc, Session


def _as_written(plural: str) -> Source:
    def source(state: ClusterState) -> list[Entry]:
        return [written_entry(doc) for doc in state.written(plural)]

    return source


SOURCES: Mapping[str, Source] = {
    **{resource.plural: _as_written(resource.plural) for resource in RESOURCES},
    "leases": leases.entries,
    "namespaces": namespaces.entries,
    "nodes": nodes.entries,
}


def open_cluster(session: Session, cluster: Doc, backend: Backend) -> ClusterState:
    """The cluster's state at this moment, within a transaction."""
    return ClusterState(session, cluster, backend, SOURCES)
