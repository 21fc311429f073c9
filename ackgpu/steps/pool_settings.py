"""Changes of a pool's settings in place: its nodes' labels and taints, its scaling itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, NodePool
from ackgpu.engine.step import Absent, Context, Finding, Pending, Ready, Step
from ackgpu.steps.pool_change import GOING, no_such_pool, pool_named, the_pool

Taints = tuple[tuple[str, str, str], ...]
Marks = tuple[Mapping[str, str], Taints]
"""The labels and the taints of a pool's nodes."""


class NodeMarksStep(Step[NodePool]):
    """The labels and taints of a pool and of the nodes that it has.

    ``wanted`` tells them from those that it has: what ACK put there itself stays.
    """

    typical = 15
    timeout = 20 * 60
    changes = True
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
        super().__init__(f"labels and taints of {name}", "node labels", (cluster, *needs))
        self._cloud = cloud
        self._name = name
        self._wanted = wanted
        self._cluster = cluster

    def find(self, ctx: Context) -> Finding[NodePool]:
        """Look at the pool's."""
        cluster = ctx.get(self._cluster)
        if cluster is None:
            return Absent()
        pool = pool_named(self._cloud, cluster.id, self._name)
        if pool is None or pool.state in GOING:
            return no_such_pool(self._name, pool)
        labels, taints = self._wanted(pool)
        same = dict(pool.labels) == dict(labels) and sorted(pool.taints) == sorted(taints)
        if pool.state not in {"active", "failed"}:
            return Pending(pool.state, id=pool.id, before=not same)
        if not same:
            return Absent()
        return Ready(pool, pool.id, f"{len(labels)} labels, {len(taints)} taints")

    def create(self, ctx: Context, token: str) -> None:
        """Ask for them; NotYet while the pool or its cluster is busy."""
        del token
        cluster = ctx[self._cluster]
        pool = the_pool(self._cloud, cluster.id, self._name)
        labels, taints = self._wanted(pool)
        self._cloud.containers.set_node_marks(cluster.id, pool.id, labels, taints)


class PoolSettingsStep(Step[NodePool]):
    """Settings of a pool that are sent as they stand; they count for the nodes made from then on.

    ``wanted``: their values, by their paths in ModifyClusterNodePool.
    """

    typical = 15
    timeout = 20 * 60
    changes = True
    reads = ("containers.node_pools",)
    writes = ("containers.set_pool_settings",)

    def __init__(
        self, cloud: Cloud, *, name: str, wanted: Mapping[str, Any], cluster: Step[Cluster]
    ) -> None:
        super().__init__(f"settings of {name}", "pool settings", (cluster,))
        self._cloud = cloud
        self._name = name
        self._wanted = wanted
        self._cluster = cluster

    @property
    def title(self) -> str:
        """What they become."""
        return ", ".join(str(value) for value in self._wanted.values())

    def find(self, ctx: Context) -> Finding[NodePool]:
        """Look at the pool's."""
        cluster = ctx.get(self._cluster)
        if cluster is None:
            return Absent()
        pool = pool_named(self._cloud, cluster.id, self._name)
        if pool is None or pool.state in GOING:
            return no_such_pool(self._name, pool)
        same = all(pool.settings.get(path) == value for path, value in self._wanted.items())
        if pool.state not in {"active", "failed"}:
            return Pending(pool.state, id=pool.id, before=not same)
        return Ready(pool, pool.id, self.title) if same else Absent()

    def create(self, ctx: Context, token: str) -> None:
        """Ask for them; NotYet while the pool or its cluster is busy."""
        del token
        cluster = ctx[self._cluster]
        pool = the_pool(self._cloud, cluster.id, self._name)
        self._cloud.containers.set_pool_settings(cluster.id, pool.id, self._wanted)


class AutoScalingOffStep(Step[Cluster]):
    """A pool that does not scale itself any more, so that it takes a size.

    The API takes no desired size in the same call (CS API reference, ModifyClusterNodePool).
    """

    typical = 10
    changes = True
    reads = ("containers.node_pools",)
    writes = ("containers.set_auto_scaling",)

    def __init__(
        self, cloud: Cloud, *, name: str, cluster: Step[Cluster], needs: Sequence[Step[Any]] = ()
    ) -> None:
        super().__init__(f"autoscaling of {name}", "autoscaling", (cluster, *needs))
        self._cloud = cloud
        self._name = name
        self._cluster = cluster

    @property
    def title(self) -> str:
        """What becomes of it."""
        return "off"

    def find(self, ctx: Context) -> Finding[Cluster]:
        """Look at the pool."""
        cluster = ctx.get(self._cluster)
        if cluster is None:
            return Absent()
        pool = pool_named(self._cloud, cluster.id, self._name)
        if pool is None or pool.state in GOING:
            return no_such_pool(self._name, pool)
        if not pool.auto_scaling.enabled:
            return Ready(cluster, pool.id, self.title)
        settled = pool.state in {"active", "failed"}
        return Absent() if settled else Pending(pool.state, id=pool.id, before=True)

    def create(self, ctx: Context, token: str) -> None:
        """Switch it off; the bounds are left as they are."""
        del token
        cluster = ctx[self._cluster]
        pool = the_pool(self._cloud, cluster.id, self._name)
        off = replace(pool.auto_scaling, enabled=False)
        self._cloud.containers.set_auto_scaling(cluster.id, pool.id, off)
