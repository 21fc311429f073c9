"""Reaching the Kubernetes API of a cluster that a command names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, KubeApi
from ackgpu.commands.cluster.lookup import cluster_named, only_removal
from ackgpu.errors import NotYet, UsageError
from ackgpu.session import Session

TEMPORARY_MINUTES = 60


@dataclass(frozen=True)
class Reached:
    """The API, and the cluster where it is one of ackgpu's."""

    api: KubeApi
    cluster: Cluster | None = None


def by_name(session: Session, name: str, *, private: bool = False) -> Reached:
    """Reach a cluster of ours with a certificate that lives for an hour.

    Raises UsageError where the API server has no public endpoint and ``private`` is not given, and
    NotYet where the cluster has no API server that answers.
    """
    cloud = session.cloud()
    cluster = cluster_named(cloud, name)
    if not cluster.public_endpoint and not private:
        raise UsageError(
            f"The API server of {name} has no public endpoint.",
            resolution=f"From a machine in the VPC, give {flag.PRIVATE}.",
        )
    text = kubeconfig_of(cloud, cluster, private=private, minutes=TEMPORARY_MINUTES)
    return Reached(session.connect(text), cluster)


def kubeconfig_of(cloud: Cloud, cluster: Cluster, *, private: bool, minutes: int | None) -> str:
    """The cluster's kubeconfig; ``minutes`` None: with a certificate that ACK gives for years.

    Raises NotYet where ACK gives none. Its advice fits the cluster's state: of one that failed
    there will never be any.
    """
    try:
        return cloud.containers.kubeconfig(cluster.id, private=private, minutes=minutes)
    except NotYet as error:
        from ackgpu.steps.cluster import ENDED  # not before: `kubeconfig` starts without the steps

        if cluster.state == "deleting":
            error.resolution = f"`ackgpu wait {cluster.name} {flag.FOR} deleted` waits for its end."
        elif cluster.state in ENDED:
            removal = only_removal(f"ackgpu delete {cluster.name}")
            shown = f"`ackgpu describe {cluster.name} {flag.EVENTS}` shows what ACK says happened."
            error.resolution = f"The cluster is {cluster.state}. {shown} {removal}"
        raise


def by_kubeconfig(session: Session, path: Path, context: str) -> Reached:
    """Reach whatever cluster a kubeconfig names; raises LocalError where it cannot be read."""
    return Reached(session.connect(session.kubeconfig_text(path), context=context or None))
