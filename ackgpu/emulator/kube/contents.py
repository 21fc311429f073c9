"""Which function gives the objects of a resource that are more than what clients wrote."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.emulator.kube import (
    accounts,
    autoscaling,
    claims,
    companions,
    controllers,
    cron_jobs,
    custom,
    disruption,
    endpoints,
    events,
    leases,
    metrics,
    namespaces,
    nodes,
    pods,
    quotas,
    services,
    workloads,
)
from ackgpu.emulator.kube.state import ClusterState, KubeBackend, Source
from ackgpu.emulator.store import Doc, Transaction

SOURCES: Mapping[str, Source] = {
    "apiservices": companions.api_services,
    "configmaps": accounts.config_entries,
    "cronjobs": cron_jobs.entries,
    "csinodes": companions.csi_nodes,
    "customresourcedefinitions": custom.definition_entries,
    "daemonsets": controllers.daemon_set_entries,
    "deployments": workloads.deployment_entries,
    "endpoints": endpoints.endpoint_entries,
    "endpointslices": endpoints.slice_entries,
    "events": events.entries,
    "flowschemas": companions.flow_schemas,
    "horizontalpodautoscalers": autoscaling.entries,
    "ipaddresses": companions.addresses,
    "jobs": workloads.job_entries,
    "leases": leases.entries,
    "namespaces": namespaces.entries,
    "nodes": nodes.entries,
    "nodemetrics": metrics.node_entries,
    "persistentvolumeclaims": claims.claim_entries,
    "persistentvolumes": claims.volume_entries,
    "poddisruptionbudgets": disruption.budget_entries,
    "podmetrics": metrics.pod_entries,
    "pods": pods.entries,
    "resourcequotas": quotas.quota_entries,
    "replicasets": workloads.replica_set_entries,
    "statefulsets": controllers.stateful_set_entries,
    "serviceaccounts": accounts.account_entries,
    "servicecidrs": companions.service_ranges,
    "services": services.entries,
}


def open_cluster(session: Transaction, cluster: Doc, backend: KubeBackend) -> ClusterState:
    """The cluster's state at this moment, within a transaction."""
    return ClusterState(session, cluster, backend, SOURCES)
