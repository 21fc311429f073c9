"""A cluster's Kubernetes API, and the user's kubeconfig."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class KubeNode:
    """A Kubernetes node, reduced to what verification reads.

    ``taints`` are the keys of those that keep pods off (NoSchedule, NoExecute). ``instance_id`` is
    the ECS instance behind it (``spec.providerID``). ``problems`` are the conditions besides Ready
    that hold and should not, each as ``DiskPressure: reason: message``. ``pod_cidr`` is the range
    of its pods, which a route must lead to; empty without one.
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
    problems: tuple[str, ...] = ()
    pod_cidr: str = ""


@dataclass(frozen=True)
class KubeEvent:
    """A warning of the cluster's: about what (``Pod default/web``), why, and how often."""

    about: str
    reason: str
    message: str
    count: int = 1
    last_seen: str = ""


@dataclass(frozen=True)
class KubePod:
    """A pod. ``phase``: Pending, Running, Succeeded, Failed or Unknown.

    ``reason`` and ``message`` say why it is not ready, in the words of the scheduler, the kubelet
    or the container runtime (``Unschedulable``, ``ImagePullBackOff``, ``CrashLoopBackOff``).
    ``created`` is RFC 3339 in UTC, so that texts compare as times do. ``ip`` is empty before it
    has one. ``controller`` is the kind of what made it and makes another (``ReplicaSet``,
    ``DaemonSet``), empty for nothing; ``mirror``: the kubelet runs it from a file of its own;
    ``local_data``: it has files on its node (emptyDir), which are lost with it.
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
    created: str = ""
    ip: str = ""
    controller: str = ""
    mirror: bool = False
    local_data: bool = False
    image: str = ""
    image_id: str = ""

    @property
    def ended(self) -> bool:
        """Whether it has run to its end, or was evicted: it is never started again."""
        return self.phase in {"Succeeded", "Failed"}


@dataclass(frozen=True)
class DeploymentState:
    """A Deployment. ``replica_failure`` is the API server's reason for refusing its pods."""

    name: str
    replica_failure: str = ""


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

    def node(self, name: str) -> KubeNode | None:
        """The node of that name, or None if there is none."""

    def pods_on(self, node: str) -> list[KubePod]:
        """The pods of every namespace that are on the node."""

    def pods_waiting(self) -> list[KubePod]:
        """The pods of every namespace whose phase is Pending."""

    def warnings(self) -> list[KubeEvent]:
        """The events of type Warning of every namespace; a server keeps them for an hour."""

    def set_unschedulable(self, node: str, *, unschedulable: bool) -> None:
        """Close the node to new pods, or open it again."""

    def evict(self, pod: KubePod) -> str:
        """Ask that the pod leaves its node; empty if it does, or is gone.

        Else why not now: a PodDisruptionBudget, or an API server that is throttled.
        """

    def deployments(self, namespace: str, selector: str) -> list[DeploymentState]:
        """The Deployments of a namespace with the labels of ``selector``."""

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


@dataclass(frozen=True)
class ClientCertificate:
    """A client certificate and its key, both PEM. ``end``: when it stops being valid, UTC."""

    certificate: str
    key: str
    end: datetime


class KubeconfigFile(Protocol):
    """The user's kubeconfig, changed as kubectl changes it: locked, atomically, mode 0600.

    Raises :class:`~ackgpu.errors.LocalError` where it cannot be read or written.
    """

    @property
    def path(self) -> str:
        """The file that is written."""

    def entry(self, context: str) -> KubeconfigEntry | None:
        """The context of that name, or None."""

    def merge(
        self,
        text: str,
        *,
        context: str,
        cluster_id: str,
        set_current: bool,
        plugin: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the only context of ``text`` over under the name ``context``.

        An entry of that name is replaced. ``current-context`` changes only with ``set_current``,
        but for a kubeconfig that has none: it gets this one. ``plugin`` is the program that gives
        the credentials (a kubeconfig's ``exec``) in place of those that ``text`` holds.
        """

    def certificate_in(self, text: str) -> ClientCertificate:
        """The client certificate of the only context of ``text``; LocalError if it has none."""

    def remove(self, context: str) -> None:
        """Remove the context with its cluster and user; nothing where there is none.

        Where it is the current one, no context is current any more.
        """

    def check_writable(self) -> None:
        """Raise LocalError now where :meth:`merge` would."""
