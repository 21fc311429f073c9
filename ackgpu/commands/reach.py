"""Reaching the Kubernetes API of a cluster that a command names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.app import App
from ackgpu.cloud.api import Cluster, KubeApi
from ackgpu.commands.estates import cluster_named
from ackgpu.errors import UsageError

TEMPORARY_MINUTES = 60


@dataclass(frozen=True)
class Reached:
    """The API, and the cluster where it is one of ackgpu's."""

    api: KubeApi
    cluster: Cluster | None = None


def by_name(app: App, name: str, *, private: bool = False) -> Reached:
    """Reach a cluster of ours with a certificate that lives for an hour.

    Raises UsageError where the API server has no public endpoint and ``private`` is not given.
    """
    cloud = app.cloud()
    cluster = cluster_named(cloud, name)
    if not cluster.public_endpoint and not private:
        raise UsageError(
            f"The API server of {name} has no public endpoint.",
            resolution="From a machine in the VPC, give --private.",
        )
    text = cloud.containers.kubeconfig(cluster.id, private=private, minutes=TEMPORARY_MINUTES)
    return Reached(app.connect(text), cluster)


def by_kubeconfig(app: App, path: Path, context: str) -> Reached:
    """Reach whatever cluster a kubeconfig names; raises LocalError where it cannot be read."""
    return Reached(app.connect(app.kubeconfig_text(path), context=context or None))
