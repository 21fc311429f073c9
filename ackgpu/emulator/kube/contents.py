"""Which functions say what there is of a resource beside what clients wrote, and its status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

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
    nodes,
    pods,
    quotas,
    services,
    system,
    workloads,
)
from ackgpu.emulator.kube.state import ClusterState, KubeBackend, Source, Status
from ackgpu.emulator.store import Doc, Transaction

SOURCES: Mapping[str, Source] = {
    "apiservices": companions.api_services,
    "configmaps": accounts.config_entries,
    "cronjobs": cron_jobs.entries,
    "csinodes": companions.csi_nodes,
    "daemonsets": system.daemonset_entries,
    "deployments": partial(system.deployment_entries, "Deployment"),
    "endpoints": endpoints.endpoint_entries,
    "endpointslices": endpoints.slice_entries,
    "events": events.entries,
    "flowschemas": companions.flow_schemas,
    "ipaddresses": companions.addresses,
    "leases": leases.entries,
    "nodes": nodes.entries,
    "nodemetrics": metrics.node_entries,
    "podmetrics": metrics.pod_entries,
    "pods": pods.entries,
    "replicasets": partial(system.deployment_entries, "ReplicaSet"),
    "serviceaccounts": accounts.account_entries,
    "servicecidrs": companions.service_ranges,
    "services": services.system_services,
}
STATUSES: Mapping[str, Status] = {
    "customresourcedefinitions": custom.definition_status,
    "daemonsets": controllers.daemon_set_status,
    "deployments": workloads.deployment_status,
    "events": events.recent,
    "horizontalpodautoscalers": autoscaling.status,
    "jobs": workloads.job_status,
    "namespaces": accounts.namespace_status,
    "persistentvolumeclaims": claims.claim_status,
    "persistentvolumes": claims.volume_status,
    "poddisruptionbudgets": disruption.budget_status,
    "pods": lambda *_: None,
    "replicasets": workloads.replica_set_status,
    "resourcequotas": quotas.quota_status,
    "services": services.status,
    "statefulsets": controllers.stateful_set_status,
}


def open_cluster(session: Transaction, cluster: Doc, backend: KubeBackend) -> ClusterState:
    """The cluster's state at this moment, within a transaction."""
    return ClusterState(session, cluster, backend, SOURCES, STATUSES)
