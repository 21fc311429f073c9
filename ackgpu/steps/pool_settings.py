"""Changes of a pool's settings in place: its nodes' labels and taints, its scaling itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, NodePool
from ackgpu.engine.step import Absent, Context, Finding, Pending, Ready, Step
from ackgpu.steps.pool_change import PoolStep

Taints = tuple[tuple[str, str, str], ...]
Marks = tuple[Mapping[str, str], Taints]
"""The labels and the taints of a pool's nodes."""


class NodeMarksStep(PoolStep[NodePool]):
    """The labels and taints of a pool and of the nodes that it has.

    ``wanted`` tells them from those that it has: what ACK put there itself stays.
    """

    typical = 15
    timeout = 20 * 60
    reads = ("containers.node_pools",)
    writes = ("containers.set_node_marks",)

    def __init__(
        self,
        cloud: Cloud,
        *,
        name: str,
        wanted: Callable[[NodePool], Marks],
        cluster: Step[Cluster],
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        what = "labels and taints"
        super().__init__(cloud, what, "node labels", name=name, cluster=cluster, needs=needs)
        self._wanted = wanted

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[NodePool]:
        del ctx, cluster
        labels, taints = self._wanted(pool)
        same = dict(pool.labels) == dict(labels) and sorted(pool.taints) == sorted(taints)
        if pool.state not in {"active", "failed"}:
            return Pending(pool.state, id=pool.id, before=not same)
        if not same:
            return Absent()
        return Ready(pool, pool.id, f"{len(labels)} labels, {len(taints)} taints")

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        del ctx
        labels, taints = self._wanted(pool)
        self._cloud.containers.set_node_marks(cluster_id, pool.id, labels, taints)


class PoolSettingsStep(PoolStep[NodePool]):
    """Settings of a pool that are sent as they stand; they count for the nodes made from then on.

    ``wanted``: their values, by their paths in ModifyClusterNodePool.
    """

    typical = 15
    timeout = 20 * 60
    reads = ("containers.node_pools",)
    writes = ("containers.set_pool_settings",)

    def __init__(
        self, cloud: Cloud, *, name: str, wanted: Mapping[str, Any], cluster: Step[Cluster]
    ) -> None:
        super().__init__(cloud, "settings", "pool settings", name=name, cluster=cluster)
        self._wanted = wanted
        self.title = ", ".join(str(value) for value in wanted.values())

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[NodePool]:
        del ctx, cluster
        same = all(pool.settings.get(path) == value for path, value in self._wanted.items())
        if pool.state not in {"active", "failed"}:
            return Pending(pool.state, id=pool.id, before=not same)
        return Ready(pool, pool.id, self.title) if same else Absent()

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        del ctx
        self._cloud.containers.set_pool_settings(cluster_id, pool.id, self._wanted)


class AutoScalingOffStep(PoolStep[Cluster]):
    """A pool that does not scale itself any more, so that it takes a size.

    The API takes no desired size in the same call (CS API reference, ModifyClusterNodePool).
    """

    typical = 10
    reads = ("containers.node_pools",)
    writes = ("containers.set_auto_scaling",)
    title = "off"

    def __init__(
        self, cloud: Cloud, *, name: str, cluster: Step[Cluster], needs: Sequence[Step[Any]] = ()
    ) -> None:
        super().__init__(
            cloud, "autoscaling", "autoscaling", name=name, cluster=cluster, needs=needs
        )

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[Cluster]:
        del ctx
        if not pool.auto_scaling.enabled:
            return Ready(cluster, pool.id, self.title)
        settled = pool.state in {"active", "failed"}
        return Absent() if settled else Pending(pool.state, id=pool.id, before=True)

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        """Switch it off; the bounds are left as they are."""
        del ctx
        off = replace(pool.auto_scaling, enabled=False)
        self._cloud.containers.set_auto_scaling(cluster_id, pool.id, off)
