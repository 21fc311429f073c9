"""The steps of changes of one node pool of a cluster that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import (
    AttachRequest,
    AutoScaling,
    Cloud,
    Cluster,
    KubeConnect,
    NodePool,
    VSwitch,
)
from ackgpu.engine.step import Context, Step
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.attach import AttachStep
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.graph_of import additions, least_nodes
from ackgpu.steps.lookup import given
from ackgpu.steps.node_pool import NodePoolStep
from ackgpu.steps.pool_change import AutoScalingStep, PoolRemoval, PoolSizeStep
from ackgpu.steps.pool_settings import AutoScalingOffStep, NodeMarksStep
from ackgpu.steps.running_cluster import RunningCluster, TemporaryAccess
from ackgpu.steps.security_group import SecurityGroupStep
from ackgpu.steps.vpc import VpcStep
from ackgpu.steps.vswitch import VSwitchStep

Steps = tuple[Step[Any], ...]


@dataclass(frozen=True)
class ClusterHandle:
    """A cluster as it stands. ``verify``: whether its Kubernetes API is reached from here."""

    cloud: Cloud
    connect: KubeConnect
    cluster: Cluster
    verify: bool


def add_graph(standing: ClusterHandle, plan: Blueprint) -> Steps:
    """A new pool: the plan's only one. Its network is all given."""
    cloud, pool = standing.cloud, plan.spec.node_pools[0]
    running = RunningCluster(cloud, standing.cluster.id)
    vpc = VpcStep(cloud, plan, pick=given(plan.spec.network.vpc.id))
    vswitches: tuple[Step[VSwitch], ...] = tuple(
        VSwitchStep(cloud, plan, zone, vpc=vpc, pick=given(zone.vswitch_id)) for zone in plan.zones
    )
    group_id = plan.spec.network.security_group_id
    group = SecurityGroupStep(cloud, plan, vpc=vpc, pick=given(group_id)) if group_id else None
    made = NodePoolStep(
        cloud, plan, pool, cluster=running, vswitches=vswitches, group=group, egress=()
    )
    more = additions(cloud, pool, cluster=running, made=made, plan=plan)
    groups = (group,) if group is not None else ()
    steps: Steps = (running, vpc, *vswitches, *groups, made, *more)
    return (*steps, *proof(standing, running, (made, *more), {pool.name: least_nodes(pool)}))


def scale_graph(standing: ClusterHandle, pool: NodePool, *, nodes: int) -> Steps:
    """Another size for ``pool``, as it was read for the question."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    size = PoolSizeStep(
        standing.cloud, name=pool.name, before=pool.desired, nodes=nodes, cluster=running
    )
    return (running, size, *proof(standing, running, (size,), {pool.name: nodes}))


@dataclass(frozen=True)
class PoolWishes:
    """What a pool's settings are to be, in whole.

    ``nodes``: its size, of one that scales itself no more and desires none yet; None leaves it.
    """

    labels: Mapping[str, str]
    taints: tuple[tuple[str, str, str], ...]
    bounds: AutoScaling
    nodes: int | None = None


def update_graph(standing: ClusterHandle, pool: NodePool, wishes: PoolWishes) -> Steps:
    """Other labels, taints and bounds for ``pool``."""
    cloud, name = standing.cloud, pool.name
    running = RunningCluster(cloud, standing.cluster.id)
    steps: list[Step[Any]] = [running]
    labels, taints, bounds = wishes.labels, wishes.taints, wishes.bounds
    if dict(pool.labels) != dict(labels) or sorted(pool.taints) != sorted(taints):
        steps.append(
            NodeMarksStep(cloud, name=name, wanted=lambda _: (labels, taints), cluster=running)
        )
    if bounds.enabled and bounds != pool.auto_scaling:
        before = steps[-1]
        steps.append(AutoScalingStep(cloud, name=name, bounds=bounds, cluster=running, pool=before))
    if wishes.nodes is not None:
        fixed = AutoScalingOffStep(cloud, name=name, cluster=running, needs=(steps[-1],))
        size = PoolSizeStep(cloud, name=name, before=None, nodes=wishes.nodes, cluster=running)
        size.follow((fixed,))
        steps += [fixed, size]
    return tuple(steps)


def attach_graph(
    standing: ClusterHandle, *, name: str, request: AttachRequest, total: int
) -> Steps:
    """Existing instances. ``total``: the nodes that the pool has in the end."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    attached = AttachStep(
        standing.cloud,
        name=name,
        request=request,
        flannel=bool(standing.cluster.pod_cidr),
        cluster=running,
    )
    return (running, attached, *proof(standing, running, (attached,), {name: total}))


def removal_graph(standing: ClusterHandle, *, name: str, pool_id: str) -> Steps:
    """One pool less."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    gone = PoolRemoval(standing.cloud, standing.cluster.id, name=name, pool_id=pool_id)
    return (running, gone)


def proof(
    standing: ClusterHandle, running: Step[Cluster], after: Steps, nodes: Mapping[str, int]
) -> Steps:
    """What verifies so many ``nodes`` of each pool, by its name, once ``after`` is done.

    Nothing if none are wanted, or the Kubernetes API cannot be reached from here.
    """
    wants = {name: number for name, number in nodes.items() if number}
    if not standing.verify or not wants:
        return ()
    access = TemporaryAccess(standing.cloud, cluster=running)

    def wanted(ctx: Context) -> Mapping[str, int]:
        pools = standing.cloud.containers.node_pools(ctx[running].id)
        ids = {pool.name: pool.id for pool in pools}
        return {ids.get(name, name): number for name, number in wants.items()}

    nodes_step = GpuNodesStep(
        standing.connect,
        access=access,
        pools=after,
        wanted=wanted,
        expect=ExpectSpec(),
        console=standing.cloud.compute.console_output,
    )
    return (access, nodes_step)
