"""The steps of ``apply``: what differs is changed, then the steps of ``create`` find it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from ackgpu.cloud.api import Cluster, NodePool
from ackgpu.engine.step import Drift, Step
from ackgpu.spec.fields import sent
from ackgpu.spec.model import ClusterSpec, NodePoolSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster_change import (
    AddonStep,
    ProtectionStep,
    PublicEndpointStep,
    TagChange,
    TagsStep,
)
from ackgpu.steps.field_values import request_settings
from ackgpu.steps.graph_of import Ports, create_graph, least_nodes, verifies
from ackgpu.steps.observed_pool import marks_of
from ackgpu.steps.pool_change import PoolSizeStep
from ackgpu.steps.pool_settings import AutoScalingOffStep, NodeMarksStep, PoolSettingsStep
from ackgpu.steps.running_cluster import RunningCluster, TemporaryAccess
from ackgpu.steps.verification import Verified, verification

Steps = tuple[Step[Any], ...]
TAGS, TTL = "metadata.tags.", "lifecycle.ttl"


@dataclass(frozen=True)
class ClusterDifference:
    """The cluster that is changed, its pools, and how it differs from the spec.

    ``tags`` and ``lifetime``: what is to be tagged, and with what; None if nothing is.
    """

    ports: Ports
    cluster: Cluster
    pools: Sequence[NodePool]
    drift: Sequence[Drift]
    tags: TagChange | None = None
    lifetime: TagChange | None = None

    def differs(self, setting: str) -> bool:
        """Whether a setting, or one under it, is not what the spec says."""
        return any(d.field.startswith(setting) for d in self.drift)


def base_graph(ports: Ports, plan: Blueprint) -> Steps:
    """The steps of ``create`` but for what concerns this machine, and the proof."""
    left_out: set[Step[Any]] = set()
    steps = create_graph(ports, plan)
    for step in steps:  # behind their needs
        if step.kind == "kubeconfig" or left_out.intersection(step.needs):
            left_out.add(step)
    return tuple(step for step in steps if step not in left_out)


def apply_graph(standing: ClusterDifference, plan: Blueprint, prove: Sequence[str]) -> Steps:
    """The changes, the steps of ``create`` behind them, and the proof of the pools ``prove``.

    ::

        running cluster ── its settings, addons ──┬── pool: its settings ── size ────┐
                                                  └── cluster ─────────────── node pool ── gpu nodes

    One change at a time: ACK refuses one while the cluster is busy with another. Pools are changed
    beside each other. A step of ``create`` that still finds a difference fails, so that nothing is
    taken for changed which is not.
    """
    running = RunningCluster(standing.ports.cloud, standing.cluster.id, name="running cluster")
    settings = _settings(standing, plan.spec, running)
    _chain(settings)
    base = base_graph(standing.ports, plan)
    named = {step.name: step for step in base}
    named["cluster"].follow((running, *settings))
    found = {pool.name: pool for pool in standing.pools}
    changes: list[Step[Any]] = []
    for pool in plan.spec.node_pools:
        if pool.name in found:
            steps = _of_pool(standing, pool, found[pool.name], running)
            _chain([*settings[-1:], *steps])
            named[f"node pool {pool.name}"].follow(steps)
            changes += steps
    graph = (running, *settings, *changes, *base)
    return (*graph, *_proof(standing, plan, named, prove))


def _chain(steps: Sequence[Step[Any]]) -> None:
    for before, after in pairwise(steps):
        after.follow((before,))


def _settings(
    standing: ClusterDifference, spec: ClusterSpec, running: Step[Cluster]
) -> list[Step[Any]]:
    cloud = standing.ports.cloud
    steps: list[Step[Any]] = []
    if standing.differs("lifecycle.deletionProtection"):
        enabled = spec.lifecycle.deletion_protection
        steps.append(ProtectionStep(cloud, enabled=enabled, running=running))
    for name, change in (("tags", standing.tags), ("lifetime", standing.lifetime)):
        if change is not None:
            steps.append(TagsStep(cloud, name, change, running=running))
    if standing.differs("cluster.endpointPublicAccess"):
        public = spec.cluster.endpoint_public_access
        steps.append(PublicEndpointStep(cloud, public=public, running=running))
    # An addon that an earlier run asked for shows no difference while it is being installed.
    steps += [AddonStep(cloud, addon, running=running) for addon in spec.cluster.addons]
    return steps


def _of_pool(
    standing: ClusterDifference, pool: NodePoolSpec, found: NodePool, running: Step[Cluster]
) -> list[Step[Any]]:
    cloud, key = standing.ports.cloud, f"nodePools[{pool.name}]."
    steps: list[Step[Any]] = []
    if standing.differs(f"{key}labels") or standing.differs(f"{key}taints"):
        wanted = partial(marks_of, pool)
        steps.append(NodeMarksStep(cloud, name=pool.name, wanted=wanted, cluster=running))
    asked = request_settings(pool)
    settings = {
        row.api: asked[row.api]
        for row in sent(pool=True)
        if row.applied and standing.differs(f"{key}{row.in_pool}")
    }
    if settings:
        steps.append(PoolSettingsStep(cloud, name=pool.name, wanted=settings, cluster=running))
    scaled_itself = standing.differs(f"{key}autoScaling.enable")
    if scaled_itself:
        steps.append(AutoScalingOffStep(cloud, name=pool.name, cluster=running))
    if scaled_itself or standing.differs(f"{key}desiredSize"):
        before = None if scaled_itself else found.desired
        nodes = pool.desired_size
        size = PoolSizeStep(cloud, name=pool.name, before=before, nodes=nodes, cluster=running)
        steps.append(size)
    return steps


def _proof(
    standing: ClusterDifference,
    plan: Blueprint,
    named: Mapping[str, Step[Any]],
    prove: Sequence[str],
) -> Steps:
    """The GPUs of the pools ``prove``, over an access only of this run."""
    pools = [pool for pool in plan.spec.node_pools if pool.name in prove]
    if not pools or not verifies(plan):
        return ()
    access = TemporaryAccess(standing.ports.cloud, cluster=named["cluster"])
    sizes = [(named[f"node pool {pool.name}"], least_nodes(pool)) for pool in pools]
    after = [step for step, _ in sizes]
    after += [step for step in named.values() if any(pool in step.needs for pool, _ in sizes)]
    wants = Verified(
        plan,
        access,
        sizes,
        after=list(dict.fromkeys(after)),
        console=standing.ports.cloud.compute.console_output,
        image_registry=standing.ports.image_registry,
    )
    return (access, *verification(standing.ports.connect, wants))
