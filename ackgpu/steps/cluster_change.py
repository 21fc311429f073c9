"""Changes of a cluster that stands: its protection, its public endpoint, its tags, its addons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.cloud.api import Addon, AddonRequest, Cloud, Cluster
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import CloudError, NoSuchCluster, is_unclassified
from ackgpu.inventory.owned import Owned, set_tags
from ackgpu.spec.model import AddonSpec
from ackgpu.steps.cluster import task_error

SETTLED = "running"
READS = ("containers.cluster",)


class ClusterSetting(Step[Cluster]):
    """A setting of the cluster itself; requested twice, it is the same setting."""

    changes = True
    typical = 30
    timeout = 20 * 60
    reads: tuple[str, ...] = READS

    def __init__(self, cloud: Cloud, name: str, *, running: Step[Cluster]) -> None:
        super().__init__(name, "cluster setting", (running,))
        self._cloud = cloud
        self._running = running

    def find(self, ctx: Context) -> Finding[Cluster]:
        running = ctx.get(self._running)
        if running is None:
            return Absent()
        found = self._cloud.containers.cluster(running.id)
        if found is None:
            return Broken(NoSuchCluster(f"The cluster {running.id} is gone."))
        return self._judge(found)

    def _judge(self, found: Cluster) -> Finding[Cluster]:
        raise NotImplementedError


class ProtectionStep(ClusterSetting):
    """Whether the cluster is protected against deletion; it counts at once."""

    typical = 2
    writes = ("containers.set_deletion_protection",)

    def __init__(self, cloud: Cloud, *, enabled: bool, running: Step[Cluster]) -> None:
        super().__init__(cloud, "deletion protection", running=running)
        self._enabled = enabled
        self.title = "on" if self._enabled else "off"

    def create(self, ctx: Context, token: str) -> None:
        del token
        cluster_id = ctx[self._running].id
        self._cloud.containers.set_deletion_protection(cluster_id, enabled=self._enabled)

    def _judge(self, found: Cluster) -> Finding[Cluster]:
        if found.deletion_protection != self._enabled:
            return Absent()
        return Ready(found, found.id, self.title)


_ALLOCATE = "aliyun vpc AllocateEipAddress --InternetChargeType PayByTraffic"


class PublicEndpointStep(ClusterSetting):
    """Whether the API server is reached from outside the VPC.

    ACK binds an EIP of its own to the server's load balancer, and releases it again (ModifyCluster,
    api_server_eip). Without an id of one ACK makes it: the doubt ``endpoint_eip``.
    """

    typical = 60
    writes = ("containers.set_public_endpoint",)

    def __init__(self, cloud: Cloud, *, public: bool, running: Step[Cluster]) -> None:
        super().__init__(cloud, "public endpoint", running=running)
        self._public = public
        self.title = "on" if self._public else "off"

    @property
    def consumes(self) -> Mapping[str, int]:
        return {"eips": 1} if self._public else {}

    def create(self, ctx: Context, token: str) -> None:
        """Ask for it; NotYet while the cluster is busy.

        A refusal that speaks of an EIP names the two calls that bind one of the user's own.
        """
        del token
        cluster_id = ctx[self._running].id
        try:
            self._cloud.containers.set_public_endpoint(cluster_id, public=self._public)
        except CloudError as refused:
            if is_unclassified(refused) and "eip" in refused.message.lower():
                refused.resolution = (
                    f"Bind an EIP of your own: `{_ALLOCATE}`, then `aliyun cs PUT"
                    f" /api/v2/clusters/{cluster_id} --body"
                    ' \'{"api_server_eip": true, "api_server_eip_id": "EIP_ID"}\'`. Then run it'
                    " again; the EIP stays yours when the cluster is deleted."
                )
            raise

    def _judge(self, found: Cluster) -> Finding[Cluster]:
        if found.state != SETTLED:
            return Pending(found.state, id=found.id, before=found.public != self._public)
        if found.public != self._public:
            return Absent()
        return Ready(found, found.id, found.public_endpoint or "none")


@dataclass(frozen=True)
class TagChange:
    """Tags for everything that was made for a cluster.

    ``shown_by``: those by which it is told whether they were set; the others are of the moment.
    """

    tags: Mapping[str, str]
    shown_by: tuple[str, ...]
    items: Sequence[Owned]


class TagsStep(ClusterSetting):
    """Tags of all that was made for the cluster; its own come last, and tell that all is done."""

    typical = 3
    writes = ("network.tag", "compute.tag", "containers.set_tags")

    def __init__(
        self, cloud: Cloud, name: str, change: TagChange, *, running: Step[Cluster]
    ) -> None:
        super().__init__(cloud, name, running=running)
        self._change = change
        self.title = ", ".join(f"{key}={self._change.tags[key]}" for key in self._change.shown_by)

    def create(self, ctx: Context, token: str) -> None:
        del ctx, token
        set_tags(self._cloud, self._change.items, self._change.tags)

    def _judge(self, found: Cluster) -> Finding[Cluster]:
        wanted = self._change.tags
        if any(found.tags.get(key) != wanted[key] for key in self._change.shown_by):
            return Absent()
        return Ready(found, found.id, self.title)


class AddonStep(Step[str]):
    """One addon as the spec asks for it: installed, of that version and configuration, or not."""

    changes = True
    typical = 40
    timeout = 20 * 60
    reads = (*READS, "containers.addons", "containers.task")
    writes = (
        "containers.install_addon",
        "containers.uninstall_addon",
        "containers.upgrade_addon",
        "containers.configure_addon",
    )

    def __init__(self, cloud: Cloud, addon: AddonSpec, *, running: Step[Cluster]) -> None:
        super().__init__(f"addon {addon.name}", "addon", (running,))
        self._containers = cloud.containers
        self._addon = addon
        self._running = running
        self.title = "uninstalled" if self._addon.disabled else self._addon.version or "installed"

    def find(self, ctx: Context) -> Finding[str]:
        """Look for it among the cluster's; that it is gone is told by the cluster's detail too."""
        cluster = ctx.get(self._running)
        if cluster is None:
            return Absent()
        found = self._found(cluster.id)
        finding = (
            self._uninstalled(cluster.id, found) if self._addon.disabled else self._wanted(found)
        )
        return self._at_work(ctx) if isinstance(finding, Absent) else finding

    def create(self, ctx: Context, token: str) -> None:
        """Ask for what differs, one thing at a time; NotYet while the cluster or it is busy."""
        del token
        ctx.remember(self, "task", self._ask(ctx[self._running].id))

    def _ask(self, cluster_id: str) -> str:
        """Ask for it; the task's id, empty of a change that tells none."""
        addon, containers = self._addon, self._containers
        found = self._found(cluster_id)
        if addon.disabled:
            # By ACK's own name, which may be longer than the spec's (flannel is kube-flannel-ds).
            return containers.uninstall_addon(cluster_id, found.name if found else addon.name)
        if found is None:
            request = AddonRequest(addon.name, addon.config, addon.version)
            return containers.install_addon(cluster_id, request)
        if addon.version and addon.version != found.version:
            # Whether an upgrade keeps a configuration that is not named is UNCONFIRMED.
            config = addon.config or found.config
            return containers.upgrade_addon(cluster_id, found.name, addon.version, config=config)
        containers.configure_addon(cluster_id, found.name, addon.config)
        return ""

    def _wanted(self, found: Addon | None) -> Finding[str]:
        if found is None:
            return Absent()
        wrong = self._differs(found)
        if found.state not in {"active", ""}:
            return Pending(found.state, id=found.name, before=wrong)
        return Absent() if wrong else Ready(found.name, found.name, found.version)

    def _at_work(self, ctx: Context) -> Finding[str]:
        """What does not show yet may be under way: the task of the change tells."""
        task_id = ctx.recall(self, "task")
        task = self._containers.task(task_id) if task_id else None
        if task is not None and task.failed:
            return Broken(task_error(task, f"The {self.name} was not changed"), id=task.id)
        if task is None or task.state == "success":
            return Absent()
        return Pending(f"{task.state}: {task.current_stage}", id=self._addon.name)

    def _found(self, cluster_id: str) -> Addon | None:
        wanted = self._addon.name
        configured = [wanted] if self._addon.config else []
        rows = self._containers.addons(cluster_id, configured=configured)
        exact = (row for row in rows if row.name == wanted)
        return next(exact, None) or next((r for r in rows if is_called(wanted, r.name)), None)

    def _uninstalled(self, cluster_id: str, found: Addon | None) -> Finding[str]:
        if found is not None:
            going = found.state == "deleting"
            return Pending(found.state, id=found.name) if going else Absent()
        cluster = self._containers.cluster(cluster_id)
        told = cluster.addons if cluster is not None else ()
        # One list proves no absence: the cluster's detail has to agree.
        if any(is_called(self._addon.name, name) for name in told):
            return Pending("going", id=self._addon.name)
        return Ready(self._addon.name, self._addon.name, "not installed")

    def _differs(self, found: Addon) -> bool:
        addon = self._addon
        other = bool(addon.version) and addon.version != found.version
        return other or (bool(addon.config) and parsed(addon.config) != parsed(found.config))


def is_called(asked: str, name: str) -> bool:
    """Whether ACK lists under ``name`` what was requested: flannel is kube-flannel-ds."""
    return asked in name


def parsed(config: str) -> Any:
    """A configuration to compare: two texts of one JSON are the same."""
    try:
        return json.loads(config or "{}")
    except ValueError:
        return config
