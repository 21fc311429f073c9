"""The steps of changes of one node pool of a cluster that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import AttachRequest, Cloud, Cluster, KubeConnect, NodePool, VSwitch
from ackgpu.engine.step import Context, Step
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.attach import AttachStep
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.gpu_nodes import GpuNodesStep
from ackgpu.steps.graph_of import additions, least_nodes
from ackgpu.steps.lookup import given
from ackgpu.steps.node_pool import NodePoolStep
from ackgpu.steps.pool_change import PoolRemoval, PoolSizeStep, pool_named
from ackgpu.steps.running_cluster import RunningCluster, TemporaryAccess
from ackgpu.steps.security_group import SecurityGroupStep
from ackgpu.steps.vpc import VpcStep
from ackgpu.steps.vswitch import VSwitchStep

Steps = tuple[Step[Any], ...]


@dataclass(frozen=True)
class Standing:
    """A cluster as it stands. ``verify``: whether its Kubernetes API is reached from here."""

    cloud: Cloud
    connect: KubeConnect
    cluster: Cluster
    verify: bool


def add_graph(standing: Standing, plan: Blueprint) -> Steps:
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
    return (*steps, *_proof(standing, running, (made, *more), pool.name, least_nodes(pool)))


def scale_graph(standing: Standing, pool: NodePool, *, nodes: int) -> Steps:
    """Another size for ``pool``, as it was read for the question."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    size = PoolSizeStep(
        standing.cloud, name=pool.name, before=pool.desired, nodes=nodes, cluster=running
    )
    return (running, size, *_proof(standing, running, (size,), pool.name, nodes))


def attach_graph(standing: Standing, *, name: str, request: AttachRequest, total: int) -> Steps:
    """Existing instances. ``total``: the nodes that the pool has in the end."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    attached = AttachStep(
        standing.cloud,
        name=name,
        request=request,
        flannel=bool(standing.cluster.pod_cidr),
        cluster=running,
    )
    return (running, attached, *_proof(standing, running, (attached,), name, total))


def removal_graph(standing: Standing, *, name: str, pool_id: str) -> Steps:
    """One pool less."""
    running = RunningCluster(standing.cloud, standing.cluster.id)
    gone = PoolRemoval(standing.cloud, standing.cluster.id, name=name, pool_id=pool_id)
    return (running, gone)


def _proof(
    standing: Standing, running: Step[Cluster], after: Steps, name: str, nodes: int
) -> Steps:
    if not standing.verify or not nodes:
        return ()
    access = TemporaryAccess(standing.cloud, cluster=running)

    def wanted(ctx: Context) -> Mapping[str, int]:
        pool = pool_named(standing.cloud, ctx[running].id, name)
        return {pool.id: nodes} if pool else {name: nodes}

    nodes_step = GpuNodesStep(
        standing.connect, access=access, pools=after, wanted=wanted, expect=ExpectSpec()
    )
    return (access, nodes_step)
