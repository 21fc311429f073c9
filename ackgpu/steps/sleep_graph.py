"""The steps that put a cluster to sleep, and those that wake it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ackgpu.cloud.api import NodePool
from ackgpu.engine.step import Step
from ackgpu.steps.pool_change import AutoScalingStep, PoolSizeStep
from ackgpu.steps.pool_graph import ClusterHandle, Steps, proof
from ackgpu.steps.pool_settings import AutoScalingOffStep
from ackgpu.steps.running_cluster import RunningCluster
from ackgpu.steps.sleep_record import PoolSize, SleepEndStep, SleepRecordStep


def sleep_graph(
    standing: ClusterHandle, sizes: Sequence[PoolSize], tags: Mapping[str, str]
) -> Steps:
    """The record first; then each pool's autoscaling off, and its nodes released."""
    cloud = standing.cloud
    running = RunningCluster(cloud, standing.cluster.id)
    record = SleepRecordStep(cloud, standing.cluster, tags, running=running)
    steps: list[Step[Any]] = [running, record]
    for size in sizes:
        off: Step[Any] = record
        if size.bounds.enabled:
            off = AutoScalingOffStep(cloud, name=size.pool, cluster=record)
            steps.append(off)
        before = None if size.bounds.enabled else size.nodes
        steps.append(PoolSizeStep(cloud, name=size.pool, before=before, nodes=0, cluster=off))
    return tuple(steps)


def wake_graph(
    standing: ClusterHandle, sizes: Sequence[PoolSize], pools: Mapping[str, NodePool]
) -> Steps:
    """Each pool's size and then its bounds; the record taken off; the GPUs verified.

    ``pools``: as they are now, by name. One that has its bounds again is past its size.
    """
    cloud = standing.cloud
    running = RunningCluster(cloud, standing.cluster.id)
    steps: list[Step[Any]] = [running]
    for size in sizes:
        sized: Step[Any] = running
        if not pools[size.pool].auto_scaling.enabled:
            sized = PoolSizeStep(
                cloud, name=size.pool, before=None, nodes=size.nodes, cluster=running
            )
            steps.append(sized)
        if size.bounds.enabled:
            steps.append(
                AutoScalingStep(
                    cloud, name=size.pool, bounds=size.bounds, cluster=running, pool=sized
                )
            )
    steps.append(SleepEndStep(cloud, standing.cluster, after=tuple(steps)))
    wanted = {name: pool.desired or pool.total for name, pool in pools.items()}
    wanted |= {size.pool: size.nodes for size in sizes}
    return (*steps, *proof(standing, running, tuple(steps[1:]), wanted))
