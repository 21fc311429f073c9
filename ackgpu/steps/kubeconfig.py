"""The kubeconfig: the cluster's context in the user's file."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, KubeconfigFile
from ackgpu.engine.step import Absent, Broken, Context, Finding, Ready, Step
from ackgpu.errors import ConflictError
from ackgpu.steps.blueprint import Blueprint


@dataclass(frozen=True)
class ClusterAccess:
    """How to reach the cluster: a kubeconfig with one context, and whether from anywhere."""

    kubeconfig: str
    public: bool


class KubeconfigStep(Step[ClusterAccess]):
    """The context named like the cluster. Other contexts, and which is current, stay as they are.

    A private endpoint's context is written too: it works from within the VPC.
    """

    typical = 1
    writes = ("containers.kubeconfig",)

    def __init__(
        self, cloud: Cloud, plan: Blueprint, *, cluster: Step[Cluster], file: KubeconfigFile
    ) -> None:
        super().__init__("kubeconfig", "kubeconfig", (cluster,))
        self._containers = cloud.containers
        self._plan = plan
        self._cluster = cluster
        self._file = file
        self.title = f"context {self._plan.name} in {self._file.path}"

    def find(self, ctx: Context) -> Finding[ClusterAccess]:
        """Look into the file. An entry of ackgpu's that lost its server or user is written anew."""
        entry = self._file.entry(self._plan.name)
        cluster = ctx.get(self._cluster)
        if entry is None:
            # Already in the plan: to learn after ten minutes
            # that the file cannot be written is too late.
            self._file.check_writable()
            return Absent()
        # kubectl users give contexts such names themselves; theirs is never overwritten.
        if not entry.cluster_id:
            error = ConflictError(
                f"{self._file.path} has a context {self._plan.name} that ackgpu did not write.",
                resolution=f"Give another file with {flag.KUBECONFIG}, or rename that context.",
            )
            return Broken(error)
        # Of a deleted cluster of the same name: written anew, or kubectl would talk to nobody.
        if cluster is None or entry.cluster_id != cluster.id or not entry.whole:
            return Absent()
        return Ready(ClusterAccess(entry.text, bool(cluster.public_endpoint)), detail=self.title)

    def create(self, ctx: Context, token: str) -> None:
        del token
        cluster = ctx[self._cluster]
        private = not cluster.public_endpoint
        text = self._containers.kubeconfig(cluster.id, private=private, minutes=None)
        # Not made current: kubectl in another window
        # would change the cluster under somebody's hands.
        self._file.merge(text, context=self._plan.name, cluster_id=cluster.id, set_current=False)

    def delete(self, ctx: Context, found_id: str) -> None:
        del ctx, found_id
        self._file.remove(self._plan.name)
