"""What a sleeping cluster cannot do, and the command that comes first."""

from __future__ import annotations

from ackgpu.cloud.api import Cluster
from ackgpu.errors import ConflictError, VerificationFailed
from ackgpu.naming import is_asleep


def refuse_asleep(cluster: Cluster | None) -> None:
    """Raise ConflictError for a cluster that sleeps: its pools have no nodes on purpose."""
    if cluster is not None and is_asleep(cluster.tags):
        raise ConflictError(
            f"The cluster {cluster.name} ({cluster.id}) sleeps: its node pools are scaled to 0.",
            resolution=f"`ackgpu wake {cluster.name}` gives it its nodes back.",
        )


def no_gpu_node(cluster: Cluster | None, purpose: str = "") -> VerificationFailed:
    """That there is no node for a purpose, and the command that gives one."""
    asleep = cluster is not None and is_asleep(cluster.tags)
    way = (
        "It sleeps: `ackgpu wake NAME` gives it its nodes back."
        if asleep
        else "`ackgpu nodepool list NAME` shows its pools: scale one of them up, or make one with"
        " `ackgpu nodepool add NAME gpu`."
    )
    return VerificationFailed(f"The cluster has no GPU node{purpose}.", resolution=way)
