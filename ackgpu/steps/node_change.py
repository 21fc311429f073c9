"""One node of a pool: taken out, made anew, repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, ClusterNode, NodePool
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import NoSuchCluster
from ackgpu.steps.cluster import task_error
from ackgpu.steps.pool_change import PoolSizeStep


class NodeRemovalStep(Step[bool]):
    """The instance is out of its pool, and deleted if the cloud may delete it.

    The pool desires one node less then (CS API reference, RemoveNodePoolNodes).
    """

    typical = 90
    timeout = 40 * 60
    changes = True
    reads = ("containers.node_pools", "containers.nodes", "containers.task", "compute.instances")
    writes = ("containers.remove_node",)

    def __init__(
        self,
        cloud: Cloud,
        node: ClusterNode,
        *,
        stays: bool,
        cluster: Step[Cluster],
        needs: Sequence[Step[Any]],
    ) -> None:
        super().__init__(f"instance {node.instance_id}", "node removal", (cluster, *needs))
        self.title = f"{node.instance_id} {'leaves the cluster' if stays else 'is deleted'}"
        self._cloud = cloud
        self._node = node
        self._stays = stays
        self._cluster = cluster

    def find(self, ctx: Context) -> Finding[bool]:
        """Look for it among the pool's nodes, and for the instance itself.

        That one list lacks it proves nothing: the instance is gone as well, or stays.
        """
        cluster = ctx.get(self._cluster)
        if cluster is None:
            return Absent()
        instance_id = self._node.instance_id
        nodes = self._cloud.containers.nodes(cluster.id, node_pool_id=self._node.node_pool_id)
        inside = any(node.instance_id == instance_id for node in nodes)
        task_id = ctx.recall(self, "task")
        task = self._cloud.containers.task(task_id) if task_id else None
        if task is not None and task.failed:
            return Broken(task_error(task, f"{instance_id} was not removed"), id=instance_id)
        if inside:
            return Pending("leaving the cluster", id=instance_id) if task_id else Absent()
        standing = self._cloud.compute.instances(ids=[instance_id])
        if self._stays or not standing:
            return Ready(True, instance_id, self.title)  # noqa: FBT003
        return Pending("out of the cluster, being deleted", id=instance_id)

    def create(self, ctx: Context, token: str) -> None:
        """Ask for it; NotYet while the pool is busy. There is no client token."""
        del token
        cluster = ctx[self._cluster]
        task_id = self._cloud.containers.remove_node(
            cluster.id,
            self._node.node_pool_id,
            self._node.instance_id,
            release=not self._stays,
        )
        ctx.remember(self, "task", task_id)


class ReplacementStep(PoolSizeStep):
    """The pool has its size again, once the old node is out of it."""

    def __init__(
        self, cloud: Cloud, pool: NodePool, *, nodes: int, cluster: Step[Cluster],
        removal: Step[bool],
    ) -> None:  # fmt: skip
        super().__init__(cloud, name=pool.name, before=nodes - 1, nodes=nodes, cluster=cluster)
        self.needs = (*self.needs, removal)
        self._removal = removal

    def find(self, ctx: Context) -> Finding[NodePool]:
        """As for any size; before the removal the pool has the old node, and looks complete."""
        if ctx.get(self._removal) is None:
            return Absent()
        return super().find(ctx)


class RepairStep(Step[bool]):
    """ACK has repaired the node: its kubelet and container runtime were restarted."""

    typical = 90
    timeout = 20 * 60
    changes = True
    reads = ("containers.task",)
    writes = ("containers.repair_node",)

    def __init__(self, cloud: Cloud, node: ClusterNode, *, cluster: Step[Cluster]) -> None:
        super().__init__("repair", "node repair", (cluster,))
        self._cloud = cloud
        self._node = node
        self._cluster = cluster
        self.title = self._node.name

    def find(self, ctx: Context) -> Finding[bool]:
        task_id = ctx.recall(self, "task")
        task = self._cloud.containers.task(task_id) if task_id else None
        if task is None:
            return Absent()
        if task.failed:
            return Broken(task_error(task, f"{self._node.name} was not repaired"), id=task.id)
        if task.state != "success":
            return Pending(task.state, id=task.id)
        return Ready(True, self._node.name, "repaired")  # noqa: FBT003

    def create(self, ctx: Context, token: str) -> None:
        """Ask for it; NotYet while the pool is busy."""
        del token
        cluster = ctx.get(self._cluster)
        if cluster is None:
            raise NoSuchCluster("The cluster is gone, or on its way out.")
        task_id = self._cloud.containers.repair_node(
            cluster.id, self._node.node_pool_id, self._node.name
        )
        ctx.remember(self, "task", task_id)
