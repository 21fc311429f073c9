"""The Kubernetes API of a cluster, over httpx."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock, SystemClock
from ackgpu.cloud.api import (
    DeploymentState,
    ExecOrder,
    Executed,
    KubeEvent,
    KubeNode,
    KubePod,
)
from ackgpu.cloud.kube import document as doc
from ackgpu.cloud.kube import node_objects, objects
from ackgpu.cloud.kube.access import Access, access_of
from ackgpu.cloud.kube.connection import extensions, open_client
from ackgpu.cloud.kube.exec import Where, execute
from ackgpu.cloud.kube.exec_credential import resolve
from ackgpu.cloud.kube.failures import Failures
from ackgpu.cloud.kube.insistence import Insistence
from ackgpu.cloud.kube.requests import CALL_SECONDS, KeptConnection, Send, Sender
from ackgpu.errors import AckGpuError, Unauthenticated

T = TypeVar("T")


def connect(
    kubeconfig: str,
    *,
    context: str | None = None,
    clock: Clock | None = None,
    cancel: CancelToken | None = None,
    call_seconds: float = CALL_SECONDS,
) -> KubeClient:
    """Connect to the cluster of a kubeconfig's text; nothing is called yet.

    ``cancel``: once a stop was asked for, a server that is down is not waited for. Raises
    LocalError where kubectl would refuse the text.
    """
    document = doc.parse_quickly(kubeconfig, "The kubeconfig")
    insistence = Insistence(clock or SystemClock(), cancel or CancelToken())
    access = access_of(document, context)
    doc.learn_secrets(access.user)
    return KubeClient(access, insistence, call_seconds)


class KubeClient:
    """:class:`~ackgpu.cloud.api.KubeApi`. A call opens its connection and closes it."""

    def __init__(self, access: Access, insistence: Insistence, call_seconds: float) -> None:
        self._access = access
        self._insistence = insistence
        self._call_seconds = call_seconds
        self._failures = Failures(access, insistence.clock)
        self._resolved: Mapping[str, Any] | None = None

    def nodes(self) -> list[KubeNode]:
        """Every node, read in pages; restarted from the beginning on an expired continue token."""
        with self._sending() as send:
            return objects.nodes(send)

    def pods(self, namespace: str, selector: str) -> list[KubePod]:
        """The pods of a namespace with the labels of ``selector``."""
        with self._sending() as send:
            return objects.pods(send, namespace, selector)

    def node(self, name: str) -> KubeNode | None:
        """The node of that name, or None if there is none."""
        with self._sending() as send:
            return node_objects.node(send, name)

    def pods_on(self, node: str) -> list[KubePod]:
        """The pods of every namespace that are on the node."""
        with self._sending() as send:
            return objects.pods_on(send, node)

    def pods_waiting(self) -> list[KubePod]:
        """The pods of every namespace whose phase is Pending."""
        with self._sending() as send:
            return objects.pods_waiting(send)

    def warnings(self) -> list[KubeEvent]:
        """The events of type Warning of every namespace."""
        with self._sending() as send:
            return objects.warnings(send)

    def set_unschedulable(self, node: str, *, unschedulable: bool) -> None:
        """Close the node to new pods, or open it again."""
        with self._sending() as send:
            node_objects.set_unschedulable(send, node, unschedulable=unschedulable)

    def evict(self, pod: KubePod) -> str:
        """Ask that the pod leaves its node; why not now, empty if it does or is gone."""
        with self._sending() as send:
            return node_objects.evict(send, pod)

    def labels_of(self, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The labels of the object of that kind and name, or None where there is none."""
        with self._sending() as send:
            return objects.labels_of(send, manifest)

    def deployments(self, namespace: str, selector: str) -> list[DeploymentState]:
        """The Deployments of a namespace with the labels of ``selector``."""
        with self._sending() as send:
            return objects.deployments(send, namespace, selector)

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Apply an object on the server's side, as the field manager ``ackgpu``."""
        with self._sending() as send:
            objects.apply(send, manifest)

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object and what it owns, in the background; nothing where there is none."""
        with self._sending() as send:
            objects.delete_object(send, manifest)

    def delete_pod(self, pod: KubePod, *, grace_seconds: int) -> None:
        """Delete a pod, whose processes get so long to end; nothing where there is none."""
        with self._sending() as send:
            objects.delete_pod(send, pod, grace_seconds)

    def execute(
        self, pod: KubePod, command: Sequence[str], order: ExecOrder | None = None
    ) -> Executed:
        """Run a command in the pod's only container; raises TimedOut where it takes too long."""

        def run() -> Executed:
            with self._open() as client:
                url = f"{self._access.server}{objects.exec_path(pod)}"
                where = Where(url, pod.name, extensions(self._access))
                return execute(client, where, command, order or ExecOrder())

        return self._insistence.on(lambda: self._identified(run))

    @contextmanager
    def _sending(self) -> Iterator[Send]:
        """How requests are sent: over one connection for all of them, made when it is needed."""
        sender = Sender(
            self._access,
            self._failures,
            open_line=lambda: KeptConnection(self._open, self._call_seconds),
            insist=lambda ask: self._insistence.on(lambda: self._identified(ask)),
        )
        try:
            yield sender
        except AckGpuError:
            raise
        except Exception as error:  # noqa: BLE001 -- what an answer lacks shows in many ways
            raise self._failures.translated(error) from None
        finally:
            sender.close()

    def _identified(self, ask: Callable[[], T]) -> T:
        """Ask; once more with a new credential where a plugin's may have expired."""
        reused = self._resolved is not None
        try:
            return self._worded(ask)
        except Unauthenticated:
            if not (reused and self._access.user.get("exec")):
                raise
            self._resolved = None
            return self._worded(ask)

    def _worded(self, ask: Callable[[], T]) -> T:
        failure: AckGpuError
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 -- httpx, ssl and the answer's bytes all raise
            failure = self._failures.translated(error)
        raise failure

    def _open(self) -> Any:
        if self._resolved is None:
            user = dict(self._access.user)
            if self._access.secure:
                resolve(user, self._access)
            self._resolved = user
        return open_client(self._access, self._resolved)
