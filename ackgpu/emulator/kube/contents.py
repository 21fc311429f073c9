"""Everything in a cluster: which function gives the objects of each resource."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.kube import (
    accounts,
    events,
    leases,
    namespaces,
    nodes,
    pods,
    services,
    system,
    workloads,
)
from ackgpu.emulator.kube.resources import RESOURCES
from ackgpu.emulator.kube.state import Backend, ClusterState, Entry, Source, written_entry
from ackgpu.emulator.store import Doc, Session


def _as_written(plural: str) -> Source:
    def source(state: ClusterState) -> list[Entry]:
        return [written_entry(doc) for doc in state.written(plural)]

    return source


SOURCES: Mapping[str, Source] = {
    **{resource.plural: _as_written(resource.plural) for resource in RESOURCES},
    "configmaps": accounts.config_entries,
    "daemonsets": system.daemonset_entries,
    "deployments": workloads.deployment_entries,
    "endpoints": services.endpoint_entries,
    "events": events.entries,
    "jobs": workloads.job_entries,
    "leases": leases.entries,
    "namespaces": namespaces.entries,
    "nodes": nodes.entries,
    "pods": pods.entries,
    "replicasets": workloads.replica_set_entries,
    "serviceaccounts": accounts.account_entries,
    "services": services.entries,
}


def open_cluster(session: Session, cluster: Doc, backend: Backend) -> ClusterState:
    """The cluster's state at this moment, within a transaction."""
    return ClusterState(session, cluster, backend, SOURCES)
