"""Upgrades: the check before, the control plane, the nodes' kubelets."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, ClusterCheck
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import NoSuchCluster, PreflightFailed
from ackgpu.naming import UPGRADE_TAG
from ackgpu.steps.cluster import task_error
from ackgpu.steps.pool_change import GOING, no_such_pool, pool_named, the_pool

CHECK_KIND = "ClusterUpgrade"


class UpgradeCheckStep(Step[ClusterCheck]):
    """ACK's own check of the cluster, made anew for each upgrade (RunClusterCheck)."""

    typical = 30
    reads = ("containers.check",)
    writes = ("containers.begin_check",)
    title = "ACK's own, before anything changes"

    def __init__(self, cloud: Cloud, cluster: Cluster, *, running: Step[Cluster]) -> None:
        super().__init__("upgrade check", "upgrade check", (running,))
        self._containers = cloud.containers
        self._cluster_id = cluster.id

    def find(self, ctx: Context) -> Finding[ClusterCheck]:
        """Look at the check that this run, or the one that it goes on with, began."""
        check_id = ctx.recall(self, "id")
        found = self._containers.check(self._cluster_id, check_id) if check_id else None
        if found is None:
            return Absent()
        if found.state == "running":
            return Pending("running", id=found.id)
        if found.state == "succeeded" and not found.problems:
            return Ready(found, found.id, found.message)
        error = PreflightFailed(
            f"ACK's check before the upgrade ended as {found.state}; nothing was changed.",
            details=found.problems or [found.message],
            resolution="Mend what it names, and run the upgrade again.",
        )
        return Broken(error, id=found.id)

    def create(self, ctx: Context, token: str) -> None:
        del token
        ctx.remember(self, "id", self._containers.begin_check(self._cluster_id, CHECK_KIND))


class ControlPlaneUpgradeStep(Step[Cluster]):
    """The control plane's version."""

    typical = 420
    timeout = 60 * 60
    changes = True
    reads = ("containers.cluster", "containers.task")
    writes = ("containers.set_tags", "containers.upgrade_cluster")

    def __init__(
        self, cloud: Cloud, cluster: Cluster, version: str, *, check: UpgradeCheckStep
    ) -> None:
        super().__init__("control plane", "control plane", (check,))
        self._containers = cloud.containers
        self._cluster = cluster
        self._version = version
        self.title = f"{self._cluster.version} to {self._version}"

    def find(self, ctx: Context) -> Finding[Cluster]:
        found = self._containers.cluster(self._cluster.id)
        if found is None:
            return Broken(NoSuchCluster(f"The cluster {self._cluster.id} is gone."))
        task_id = ctx.recall(self, "task")
        if found.state != "running":
            return Pending(found.state, id=found.id, before=not task_id)
        if found.version == self._version:
            return Ready(found, found.id, found.version)
        task = self._containers.task(task_id) if task_id else None
        if task is not None and task.failed:
            return Broken(task_error(task, "The upgrade of the control plane failed"), id=found.id)
        return Absent() if task is None else Pending(f"{task.state}: {task.current_stage}")

    def create(self, ctx: Context, token: str) -> None:
        """Request the upgrade; there is no client token."""
        del token
        # Before the request: who repeats "to the next version" after an
        # upgrade whose end nobody saw would otherwise go one minor too far.
        self._containers.set_tags(self._cluster.id, {UPGRADE_TAG: self._version})
        task_id = self._containers.upgrade_cluster(self._cluster.id, self._version)
        ctx.remember(self, "task", task_id)


class PoolUpgradeStep(Step[str]):
    """The kubelets of a pool's nodes, in place: system disks are not replaced.

    No answer tells a pool's version, so that a run of its own asks again: what is of that version
    already is left as it is (UNCONFIRMED).
    """

    typical = 180
    timeout = 2 * 60 * 60
    changes = True
    reads = ("containers.node_pools", "containers.task")
    writes = ("containers.upgrade_node_pool",)

    def __init__(
        self, cloud: Cloud, cluster: Cluster, name: str, version: str, *, after: Step[Any]
    ) -> None:
        super().__init__(f"kubelets of {name}", "kubelets", (after,))
        self._cloud = cloud
        self._cluster_id = cluster.id
        self._name = name
        self._version = version
        self.title = f"to {self._version}, in place"

    def find(self, ctx: Context) -> Finding[str]:
        """Look at the task that this run began."""
        pool = pool_named(self._cloud, self._cluster_id, self._name)
        if pool is None or pool.state in {*GOING, "failed"}:
            return no_such_pool(self._name, pool)
        task_id = ctx.recall(self, "task")
        if pool.state != "active":
            return Pending(pool.state, id=pool.id, before=not task_id)
        task = self._cloud.containers.task(task_id) if task_id else None
        if task is None:
            return Absent()
        if task.failed:
            return Broken(task_error(task, f"{self.name} were not upgraded"), id=pool.id)
        if task.state != "success":
            return Pending(f"{task.state}: {task.current_stage}", id=pool.id)
        return Ready(self._version, pool.id, self._version)

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the upgrade; NotYet while the pool is busy."""
        del token
        pool = the_pool(self._cloud, self._cluster_id, self._name)
        containers = self._cloud.containers
        task_id = containers.upgrade_node_pool(self._cluster_id, pool.id, self._version)
        ctx.remember(self, "task", task_id)
