"""A node that pods leave: closed to new ones, then each asked to go, as ``kubectl drain`` does.

What stays is what kubectl leaves: pods of DaemonSets, and pods that the kubelet runs from files.
A PodDisruptionBudget is obeyed: the API server refuses the eviction for now, and it is asked again
(Kubernetes, "Safely Drain a Node", "API-initiated Eviction").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import KubeApi, KubePod
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import ConflictError, NoSuchCluster, TimedOut

Reach = Callable[[Context], KubeApi | None]
POLL_INTERVAL = 5.0  # cloud seconds, as kubectl does
NAMED_PODS = 3


@dataclass(frozen=True)
class DrainWishes:
    """Which pods may be lost for good. ``timeout`` in cloud seconds.

    ``unmanaged``: those that nothing makes again; ``local_data``: those with files on the node.
    """

    unmanaged: bool = False
    local_data: bool = False
    timeout: float = 30 * 60


def leaving(pods: Sequence[KubePod]) -> list[KubePod]:
    """The pods that a drain asks to go."""
    # Both would come back at once: their controller,
    # or the kubelet, ignores that a node is cordoned.
    return [pod for pod in pods if pod.controller != "DaemonSet" and not pod.mirror]


def in_the_way(pods: Sequence[KubePod], wishes: DrainWishes) -> ConflictError | None:
    """What would be lost without leave; None if nothing would."""
    going = [pod for pod in leaving(pods) if not pod.ended]
    bare = [pod for pod in going if not pod.controller and not wishes.unmanaged]
    local = [pod for pod in going if pod.local_data and not wishes.local_data]
    if not bare and not local:
        return None
    lines = [f"{_named(pod)}: nothing makes it again" for pod in bare]
    lines += [f"{_named(pod)}: its emptyDir is lost with it" for pod in local]
    flags = [*([flag.FORCE] if bare else []), *([flag.DELETE_EMPTYDIR_DATA] if local else [])]
    return ConflictError(
        "The node has pods that would be lost for good.",
        details=lines,
        resolution=f"Move them away first, or give {' and '.join(flags)}.",
    )


class CordonStep(Step[bool]):
    """The node takes no new pods."""

    typical = 2
    changes = True
    in_real_time = True

    def __init__(self, node: str, reach: Reach, *, needs: Sequence[Step[Any]]) -> None:
        super().__init__("cordon", "cordon", needs)
        self._node = node
        self._reach = reach
        self.title = f"{self._node} takes no new pods"

    def find(self, ctx: Context) -> Finding[bool]:
        """Look whether it is closed; a node that is gone takes none either."""
        api = self._reach(ctx)
        if api is None:
            return Absent()
        node = api.node(self._node)
        if node is None or node.unschedulable:
            return Ready(True, self._node, "cordoned" if node else "gone")  # noqa: FBT003
        return Absent()

    def create(self, ctx: Context, token: str) -> None:
        del token
        api = self._reach(ctx)
        if api is None or api.node(self._node) is None:
            raise NoSuchCluster(f"The cluster has no node {self._node}.")
        api.set_unschedulable(self._node, unschedulable=True)


class DrainStep(Step[bool]):
    """No pod is left on the node but those that belong to it."""

    typical = 40
    changes = True
    in_real_time = True

    def __init__(
        self, node: str, reach: Reach, wishes: DrainWishes, *, needs: Sequence[Step[Any]]
    ) -> None:
        super().__init__("drain", "drain", needs)
        self.timeout = wishes.timeout
        self._node = node
        self._reach = reach
        self._wishes = wishes
        self._begun = False
        self.title = f"the pods of {self._node} are evicted"

    def find(self, ctx: Context) -> Finding[bool]:
        """Look who is left; once begun, ask those that stay again."""
        api = self._reach(ctx)
        if api is None:
            return Absent()
        pods = api.pods_on(self._node)
        going = leaving(pods)
        if not going:
            return Ready(True, self._node, "no pods left")  # noqa: FBT003
        refusal = in_the_way(pods, self._wishes)
        if refusal is not None:
            return Broken(refusal, id=self._node)
        # A look changes nothing: the first pods are asked
        # to go by create, which the engine announces.
        if not self._begun:
            return Absent()
        blocked = self._evict(api, going)
        detail = f"{len(going)} left; {blocked}" if blocked else f"{len(going)} left"
        return Pending(detail, again_in=POLL_INTERVAL, id=self._node)

    def create(self, ctx: Context, token: str) -> None:
        del token
        api = self._reach(ctx)
        if api is not None:
            self._begun = True
            self._evict(api, leaving(api.pods_on(self._node)))

    def overdue(self, detail: str, seconds: float) -> Exception:
        """Pods stay: a budget allows no disruption, or one does not end."""
        return TimedOut(
            f"{self._node} is not drained after {seconds:.0f} s: {detail}.",
            resolution="`kubectl get poddisruptionbudgets -A` shows what stands against it; more"
            " replicas let the pods go. The node stays cordoned: `kubectl uncordon"
            f" {self._node}` opens it again.",
        )

    @staticmethod
    def _evict(api: KubeApi, pods: Sequence[KubePod]) -> str:
        """Ask those to go that are not going yet; why the first that stays does."""
        blocked = ""
        for pod in pods:
            if not pod.terminating:
                why = api.evict(pod)
                blocked = blocked or (f"{_named(pod)}: {why}" if why else "")
        return blocked


def shown(pods: Sequence[KubePod]) -> str:
    """Pods for a question: their names, or how many there are."""
    going = [_named(pod) for pod in leaving(pods)]
    more = f" and {len(going) - NAMED_PODS} more" if len(going) > NAMED_PODS else ""
    return f"{', '.join(going[:NAMED_PODS])}{more}" if going else "no pods"


def _named(pod: KubePod) -> str:
    return f"{pod.namespace}/{pod.name}"
