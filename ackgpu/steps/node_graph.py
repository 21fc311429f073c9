"""The steps of changes of one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import Cluster, ClusterNode, KubeApi, NodePool
from ackgpu.engine.step import Context, Step
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.kubeconfig import ClusterAccess
from ackgpu.steps.node_change import NodeRemovalStep, RepairStep, ReplacementStep
from ackgpu.steps.node_drain import CordonStep, DrainStep, DrainWishes
from ackgpu.steps.pool_graph import ClusterHandle, Steps
from ackgpu.steps.running_cluster import RunningCluster, TemporaryAccess


@dataclass(frozen=True)
class NodeOfPool:
    """A node, its pool, and how many nodes that has with it. ``stays``: its instance does."""

    node: ClusterNode
    pool: NodePool
    nodes: int
    stays: bool = False


def drain_graph(standing: ClusterHandle, node: str, wishes: DrainWishes, *, private: bool) -> Steps:
    """Closed and emptied; the instance stays."""
    running, access = _reached(standing, private=private)
    return (running, access, *_emptied(standing, access, node, wishes))


def replace_graph(
    standing: ClusterHandle, what: NodeOfPool, wishes: DrainWishes, *, private: bool
) -> Steps:
    """Emptied, taken out, made anew and verified."""
    running, access = _reached(standing, private=private)
    cordon, drain = _emptied(standing, access, what.node.name, wishes)
    removal = NodeRemovalStep(
        standing.cloud, what.node, stays=what.stays, cluster=running, needs=(drain,)
    )
    again = ReplacementStep(
        standing.cloud, what.pool, nodes=what.nodes, cluster=running, removal=removal
    )
    verified = _verified(standing, access, again, {what.pool.id: what.nodes})
    return (running, access, cordon, drain, removal, again, verified)


def repair_graph(standing: ClusterHandle, what: NodeOfPool, *, private: bool) -> Steps:
    """Repaired in place, and verified."""
    running, access = _reached(standing, private=private)
    repair = RepairStep(standing.cloud, what.node, cluster=running)
    verified = _verified(standing, access, repair, {what.pool.id: what.nodes})
    return (running, access, repair, verified)


def _reached(
    standing: ClusterHandle, *, private: bool
) -> tuple[Step[Cluster], Step[ClusterAccess]]:
    running = RunningCluster(standing.cloud, standing.cluster.id)
    return running, TemporaryAccess(standing.cloud, cluster=running, private=private)


def _emptied(
    standing: ClusterHandle, access: Step[ClusterAccess], node: str, wishes: DrainWishes
) -> tuple[CordonStep, DrainStep]:
    def reach(ctx: Context) -> KubeApi | None:
        found = ctx.get(access)
        return standing.connect(found.kubeconfig) if found else None

    cordon = CordonStep(node, reach, needs=(access,))
    return cordon, DrainStep(node, reach, wishes, needs=(access, cordon))


def _verified(
    standing: ClusterHandle, access: Step[ClusterAccess], after: Step[Any], sizes: Mapping[str, int]
) -> GpuNodesStep:
    return GpuNodesStep(
        standing.connect,
        access=access,
        pools=(after,),
        wanted=lambda _: sizes,
        expect=ExpectSpec(),
        console=standing.cloud.compute.console_output,
    )
