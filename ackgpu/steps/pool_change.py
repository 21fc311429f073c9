"""Changes of a node pool that exists: its size, and whether it scales itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

from ackgpu import flag
from ackgpu.cloud.api import AutoScaling, Cloud, Cluster, NodePool
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import ConflictError, NoSuchCluster
from ackgpu.steps.cluster import task_error
from ackgpu.steps.leftovers import RemovalStep
from ackgpu.steps.node_pool import instance_resource, newest_task

T = TypeVar("T")


def pool_named(cloud: Cloud, cluster_id: str, name: str) -> NodePool | None:
    """The cluster's pool of that name."""
    pools = cloud.containers.node_pools(cluster_id)
    return next((pool for pool in pools if pool.name == name), None)


def the_pool(cloud: Cloud, cluster_id: str, name: str) -> NodePool:
    """The cluster's pool of that name. Raises NoSuchCluster where there is none."""
    pool = pool_named(cloud, cluster_id, name)
    if pool is None:
        raise NoSuchCluster(f"There is no node pool {name}.")
    return pool


def no_such_pool(name: str, pool: NodePool | None = None) -> Broken:
    """What a step finds where its pool is not there, or is on its way out."""
    if pool is None:
        return Broken(NoSuchCluster(f"There is no node pool {name}."))
    gone = f"`ackgpu nodepool delete NAME {name}` removes it, or waits until it is gone."
    if pool.state == "failed":
        again = f"nodepool scale NAME {name} {flag.NODES} {pool.desired}"
        gone = f"`ackgpu {again}` asks for its nodes again."
    return Broken(ConflictError(f"The node pool {name} is {pool.state}.", resolution=gone))


GOING = frozenset({"deleting", "delete_failed", "deleted_failed"})
"""States of a pool that takes no changes any more."""


class PoolStep(Step[T]):
    """A change of one pool of a cluster that stands.

    ``awaits_pool``: an earlier step of the same run may make the pool.
    """

    changes = True
    awaits_pool = False

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        what: str,
        kind: str,
        *,
        name: str,
        cluster: Step[Cluster],
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        super().__init__(f"{what} of {name}", kind, (cluster, *needs))
        self._cloud = cloud
        self._name = name
        self._cluster = cluster

    def find(self, ctx: Context) -> Finding[T]:
        cluster = ctx.get(self._cluster)
        pool = pool_named(self._cloud, cluster.id, self._name) if cluster else None
        if cluster is None or (pool is None and self.awaits_pool):
            return Absent()
        if pool is None or (pool.state in GOING and not self.awaits_pool):
            return no_such_pool(self._name, pool)
        return self._judge(ctx, cluster, pool)

    def create(self, ctx: Context, token: str) -> None:
        """Ask for it; NotYet while the pool or its cluster is busy. There is no client token."""
        del token
        cluster = ctx[self._cluster]
        self._ask(ctx, cluster.id, the_pool(self._cloud, cluster.id, self._name))

    @abstractmethod
    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[T]:
        """How the change stands by what the pool says."""

    @abstractmethod
    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        """Ask for the change."""


class PoolSizeStep(PoolStep[NodePool]):
    """The absolute size of a pool: requested twice, it is the same size.

    ``before`` is the desired size that the change starts from. If somebody else sets another one
    meanwhile, that is a conflict: theirs may need nodes that this one would take away. None: from
    whatever it is.
    """

    typical = 180
    timeout = 30 * 60
    reads = ("containers.node_pools", "containers.nodes", "containers.task")
    writes = ("containers.set_desired_size",)

    def __init__(
        self, cloud: Cloud, *, name: str, before: int | None, nodes: int, cluster: Step[Cluster]
    ) -> None:
        super().__init__(cloud, "size", "node pool size", name=name, cluster=cluster)
        self._before = before
        self._nodes = nodes
        self.title = "1 node" if self._nodes == 1 else f"{self._nodes} nodes"

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[NodePool]:
        """What the pool should have, what it has, and how its last scaling ended."""
        if self._is_overruled(pool):
            return Broken(self._overruled(pool), id=pool.id)
        # Total as well: a node that is being removed is no longer healthy and still there.
        if pool.state == "active" and pool.desired == self._nodes == pool.healthy == pool.total:
            nodes = self._cloud.containers.nodes(cluster.id, node_pool_id=pool.id)
            region = self._cloud.region
            resources = tuple(instance_resource(node, region) for node in nodes)
            return Ready(pool, pool.id, self.title, resources=resources)
        progress = f"{pool.state}: {pool.healthy} of {self._nodes} nodes ready"
        if pool.state not in {"active", "failed"}:
            return Pending(progress, id=pool.id, before=pool.desired != self._nodes)
        task_id = ctx.recall(self, "task")
        # Without a task of this run the size may be right and nobody be at work on
        # it, as after a scaling that found no stock: it is requested once more.
        if pool.desired != self._nodes or not task_id:
            return Absent()
        task = self._cloud.containers.task(task_id)
        if task is not None and task.failed:
            return Broken(task_error(task, f"The node pool {self._name}"), id=pool.id)
        return Pending(progress, id=pool.id)

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        # Looked at again right before the request; the read and the question may be minutes ago.
        if self._is_overruled(pool):
            raise self._overruled(pool)
        task_id = self._cloud.containers.set_desired_size(cluster_id, pool.id, self._nodes)
        ctx.remember(self, "task", task_id)

    def _is_overruled(self, pool: NodePool) -> bool:
        return self._before is not None and pool.desired not in {self._before, self._nodes}

    def _overruled(self, pool: NodePool) -> ConflictError:
        return ConflictError(
            f"Somebody else set the node pool {self._name} to {pool.desired} nodes meanwhile: it"
            f" was {self._before}, and {self._nodes} is not requested now.",
            resolution="Where it is to have another size all the same, run the command again.",
        )


class AutoScalingStep(PoolStep[NodePool]):
    """Whether a pool scales itself, and between what bounds.

    The API takes no desired size beside it: the pool is made with one first, and then given its
    bounds (CS API reference, InvalidDesiredSizeOrCount.NotNull).
    """

    typical = 10
    awaits_pool = True
    reads = ("containers.node_pools",)
    writes = ("containers.set_auto_scaling",)

    def __init__(
        self,
        cloud: Cloud,
        *,
        name: str,
        bounds: AutoScaling,
        cluster: Step[Cluster],
        pool: Step[Any],
    ) -> None:
        needs = (pool,)
        super().__init__(
            cloud, "autoscaling", "autoscaling", name=name, cluster=cluster, needs=needs
        )
        self._bounds = bounds
        self.title = f"{self._bounds.least} to {self._bounds.most} nodes, by {self._bounds.kind}"

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[NodePool]:
        del ctx, cluster
        if pool.state != "active":
            return Pending(pool.state, id=pool.id, before=pool.auto_scaling != self._bounds)
        if pool.auto_scaling != self._bounds:
            return Absent()
        return Ready(pool, pool.id, self.title)

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        del ctx
        self._cloud.containers.set_auto_scaling(cluster_id, pool.id, self._bounds)


class PoolRemoval(RemovalStep):
    """A pool that is to go, with the nodes that it may release."""

    typical = 90
    timeout = 40 * 60
    reads = ("containers.node_pools", "containers.task", "containers.tasks")
    writes = ("containers.delete_node_pool",)

    def __init__(self, cloud: Cloud, cluster_id: str, *, name: str, pool_id: str) -> None:
        super().__init__(f"node pool {name}", "node pool")
        self._cloud = cloud
        self._cluster_id = cluster_id
        self._pool_id = pool_id

    def find(self, ctx: Context) -> Finding[NodePool]:
        del ctx
        pools = self._cloud.containers.node_pools(self._cluster_id)
        found = next((pool for pool in pools if pool.id == self._pool_id), None)
        if found is None:
            return Absent()
        if found.state == "deleting":
            return Pending(f"deleting: {found.total} nodes left", id=found.id, removing=True)
        if found.state in {"delete_failed", "deleted_failed"}:
            task = newest_task(self._cloud, self._cluster_id, found.id)
            why = task_error(task, f"{self.name} is {found.state}")
            return Broken(why, id=found.id)
        return Ready(found, found.id, f"{found.total} nodes")

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes with its nodes; NotYet while it or its cluster is busy."""
        del ctx
        self._cloud.containers.delete_node_pool(self._cluster_id, found_id)
