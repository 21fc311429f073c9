"""Existing instances taken into a node pool by ACK, which replaces their system disks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import AttachRequest, Cloud, Cluster, ClusterNode, NodePool
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import ResourceNotFound
from ackgpu.steps.cluster import task_error
from ackgpu.steps.node_pool import instance_resource
from ackgpu.steps.pool_change import PoolStep


class AttachStep(PoolStep[NodePool]):
    """The instances, each a Ready node of the pool. It takes about five minutes (ACK help page).

    Who is a node already is not asked for again, so that a repeat does no harm.
    """

    typical = 300
    timeout = 30 * 60
    awaits_pool = True
    reads = ("containers.node_pools", "containers.nodes", "containers.task")
    writes = ("containers.attach_instances",)

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        *,
        name: str,
        request: AttachRequest,
        flannel: bool,
        cluster: Step[Cluster],
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        kind = "attached instances"
        super().__init__(cloud, "instances", kind, name=name, cluster=cluster, needs=needs)
        self._request = request
        self._flannel = flannel
        self.title = f"{', '.join(self._request.instance_ids)}: system disks are replaced"

    @property
    def consumes(self) -> Mapping[str, int]:
        """Places in the cluster, and with Flannel routes: the instances exist already."""
        count = len(self._request.instance_ids)
        return {"nodes": count} | ({"route_entries": count} if self._flannel else {})

    def _judge(self, ctx: Context, cluster: Cluster, pool: NodePool) -> Finding[NodePool]:
        nodes = self._joined(cluster.id, pool.id)
        ready = [node for node in nodes if node.node_status == "Ready"]
        wanted = len(self._request.instance_ids)
        if len(ready) == wanted and pool.state == "active":
            names = ", ".join(node.name for node in ready)
            resources = tuple(instance_resource(node, self._cloud.region) for node in ready)
            return Ready(pool, pool.id, names, resources=resources)
        task_id = ctx.recall(self, "task")
        task = self._cloud.containers.task(task_id) if task_id else None
        if task is not None and task.failed:
            return Broken(task_error(task, f"{self.name} could not be attached"), id=pool.id)
        # While the task runs, who is missing may still come.
        over = task is None or task.state == "success"
        if len(nodes) < wanted and over and pool.state == "active":
            return self._left_out(nodes) if task is not None else Absent()
        reasons = "".join(f"; {node.instance_id}: {node.error}" for node in nodes if node.error)
        return Pending(
            f"{pool.state}: {len(ready)} of {wanted} nodes ready{reasons}",
            id=pool.id,
            before=task is None and len(nodes) < wanted,
        )

    def _ask(self, ctx: Context, cluster_id: str, pool: NodePool) -> None:
        joined = {node.instance_id for node in self._joined(cluster_id, pool.id)}
        # There is no client token, and attaching replaces
        # system disks: who is a node already is left out.
        ids = tuple(i for i in self._request.instance_ids if i not in joined)
        request = replace(self._request, instance_ids=ids)
        task_id = self._cloud.containers.attach_instances(cluster_id, pool.id, request)
        ctx.remember(self, "task", task_id)

    def _joined(self, cluster_id: str, pool_id: str) -> list[ClusterNode]:
        wanted = set(self._request.instance_ids)
        nodes = self._cloud.containers.nodes(cluster_id, node_pool_id=pool_id)
        return [node for node in nodes if node.instance_id in wanted]

    def _left_out(self, nodes: Sequence[ClusterNode]) -> Broken:
        """ACK takes those that it can, and calls the task a success."""
        joined = {node.instance_id for node in nodes}
        left = [i for i in self._request.instance_ids if i not in joined]
        error = ResourceNotFound(
            f"ACK did not take {', '.join(left)} into {self._name}.",
            resolution=f"`ackgpu describe NAME {flag.EVENTS}` shows what ACK says; the others are"
            " nodes now.",
        )
        return Broken(error)
