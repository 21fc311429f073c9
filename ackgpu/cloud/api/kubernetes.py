"""A cluster's Kubernetes API, and the user's kubeconfig."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class KubeNode:
    """A Kubernetes node, reduced to what verification reads.

    ``taints`` are the keys of those that keep pods off (NoSchedule, NoExecute). ``instance_id`` is
    the ECS instance behind it (``spec.providerID``).
    """

    name: str
    ready: bool
    labels: Mapping[str, str]
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]
    unschedulable: bool = False
    taints: tuple[str, ...] = ()
    not_ready_reason: str = ""
    instance_id: str = ""


@dataclass(frozen=True)
class KubePod:
    """A pod. ``phase``: Pending, Running, Succeeded, Failed or Unknown.

    ``reason`` and ``message`` say why it is not ready, in the words of the scheduler, the kubelet
    or the container runtime (``Unschedulable``, ``ImagePullBackOff``, ``CrashLoopBackOff``).
    """

    name: str
    namespace: str
    node: str
    phase: str
    ready: bool
    labels: Mapping[str, str]
    reason: str = ""
    message: str = ""
    terminating: bool = False


@dataclass(frozen=True)
class Executed:
    """What a command in a container gave; ``code`` 127 also where there is no such program."""

    output: str
    errors: str
    code: int


@dataclass(frozen=True)
class ExecOrder:
    """How a command is run: its input, the real seconds it may take, who hears its output.

    ``hear`` is told each piece of what the command prints, as it arrives.
    """

    stdin: bytes | None = None
    seconds: float = 60.0
    hear: Callable[[str], None] | None = None


class KubeApi(Protocol):
    """The Kubernetes API of one cluster."""

    def nodes(self) -> list[KubeNode]:
        """Every node, read in pages; restarted from the beginning on an expired continue token."""

    def pods(self, namespace: str, selector: str) -> list[KubePod]:
        """The pods of a namespace with the labels of ``selector``."""

    def labels_of(self, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The labels of the object of that kind and name, or None where there is none."""

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Apply an object on the server's side, as the field manager ``ackgpu``."""

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object and what it owns, in the background; nothing where there is none."""

    def delete_pod(self, pod: KubePod, *, grace_seconds: int) -> None:
        """Delete a pod, whose processes get so long to end; nothing where there is none."""

    def execute(
        self, pod: KubePod, command: Sequence[str], order: ExecOrder | None = None
    ) -> Executed:
        """Run a command in the pod's only container.

        Raises TimedOut where it takes longer than it may.
        """


class KubeConnect(Protocol):
    """Connects to the cluster that a kubeconfig names."""

    def __call__(self, kubeconfig: str, *, context: str | None = None) -> KubeApi:
        """Connect with the current context, or ``context``; nothing is called yet."""


@dataclass(frozen=True)
class KubeconfigEntry:
    """A context of a kubeconfig file.

    ``cluster_id`` is the ACK cluster that ackgpu wrote it for, empty where ackgpu did not write it.
    ``text`` is a kubeconfig with this context alone, and it the current one. ``whole``: it has a
    server and a user.
    """

    cluster_id: str
    server: str
    whole: bool
    text: str


class KubeconfigFile(Protocol):
    """The user's kubeconfig, changed as kubectl changes it: locked, atomically, mode 0600.

    Raises :class:`~ackgpu.errors.LocalError` where it cannot be read or written.
    """

    @property
    def path(self) -> str:
        """The file that is written."""

    def entry(self, context: str) -> KubeconfigEntry | None:
        """The context of that name, or None."""

    def merge(self, text: str, *, context: str, cluster_id: str, set_current: bool) -> None:
        """Take the only context of ``text`` over under the name ``context``.

        An entry of that name is replaced. ``current-context`` changes only with ``set_current``.
        """

    def remove(self, context: str) -> None:
        """Remove the context with its cluster and user; nothing where there is none."""

    def check_writable(self) -> None:
        """Raise LocalError now where :meth:`merge` would."""
