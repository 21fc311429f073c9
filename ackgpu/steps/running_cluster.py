"""A cluster that stands already: what a change of its pools begins with."""

from __future__ import annotations

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.engine.step import Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.errors import CloudError, NoSuchCluster
from ackgpu.steps.kubeconfig import ClusterAccess

SETTLING = frozenset({"initial", "updating", "upgrading", "scaling", "removing", "draining"})
KUBECONFIG_MINUTES = 120


class RunningCluster(CheckStep[Cluster]):
    """The cluster, once it takes changes: ACK refuses them while it is busy with another one."""

    typical = 30
    timeout = 40 * 60
    reads = ("containers.cluster",)

    def __init__(self, cloud: Cloud, cluster_id: str, *, name: str = "cluster") -> None:
        super().__init__(name, "cluster")
        self._containers = cloud.containers
        self._id = cluster_id
        self.title = self._id

    def find(self, ctx: Context) -> Finding[Cluster]:
        del ctx
        found = self._containers.cluster(self._id)
        if found is None or found.state == "deleting":
            return Broken(NoSuchCluster(f"The cluster {self._id} is gone, or on its way out."))
        if found.state == "running":
            return Ready(found, found.id, found.version)
        if found.state in SETTLING:
            return Pending(found.state, id=found.id)
        error = CloudError(
            f"The cluster {found.name} ({found.id}) is {found.state}: it takes no changes.",
            resolution=f"`ackgpu describe {found.name} {flag.EVENTS}` shows what happened.",
        )
        return Broken(error, id=found.id)


class TemporaryAccess(CheckStep[ClusterAccess]):
    """A kubeconfig only for this run; the user's file is left as it is."""

    typical = 1
    reads = ("containers.kubeconfig",)
    title = f"for {KUBECONFIG_MINUTES} minutes"

    def __init__(self, cloud: Cloud, *, cluster: Step[Cluster], private: bool = False) -> None:
        super().__init__("access", "kubeconfig", (cluster,))
        self._containers = cloud.containers
        self._cluster = cluster
        self._private = private

    def find(self, ctx: Context) -> Finding[ClusterAccess]:
        cluster = ctx[self._cluster]
        text = self._containers.kubeconfig(
            cluster.id, private=self._private, minutes=KUBECONFIG_MINUTES
        )
        return Ready(ClusterAccess(text, public=not self._private))
