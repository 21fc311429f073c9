"""The Kubernetes API of a cluster, over httpx."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock, SystemClock
from ackgpu.cloud.api import ExecOrder, Executed, KubePod
from ackgpu.cloud.kube import document as doc
from ackgpu.cloud.kube import node_objects, objects
from ackgpu.cloud.kube.access import Access, access_of
from ackgpu.cloud.kube.connection import extensions, open_client
from ackgpu.cloud.kube.exec import Where, execute
from ackgpu.cloud.kube.exec_credential import resolve
from ackgpu.cloud.kube.failures import Failures
from ackgpu.cloud.kube.insistence import Insistence
from ackgpu.cloud.kube.requests import CALL_SECONDS, KeptConnection, Send
from ackgpu.errors import AckGpuError, Unauthenticated

P = ParamSpec("P")
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
    # Before anything is called, whose error or record could quote a key.
    doc.learn_secrets(access.user)
    return KubeClient(access, insistence, call_seconds)


def _sent(call: Callable[Concatenate[Send, P], T]) -> Callable[Concatenate[KubeClient, P], T]:
    """A method that makes the call, over a connection of its own."""

    @wraps(call)
    def method(self: KubeClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._sending() as send:
            return call(send, *args, **kwargs)

    return method


class KubeClient:
    """:class:`~ackgpu.cloud.api.KubeApi`. A call opens its connection and closes it."""

    nodes = _sent(objects.nodes)
    pods = _sent(objects.pods)
    node = _sent(node_objects.node)
    pods_on = _sent(objects.pods_on)
    pods_waiting = _sent(objects.pods_waiting)
    warnings = _sent(objects.warnings)
    set_unschedulable = _sent(node_objects.set_unschedulable)
    evict = _sent(node_objects.evict)
    deployments = _sent(objects.deployments)
    labels_of = _sent(objects.labels_of)
    apply = _sent(objects.apply)
    delete = _sent(objects.delete_object)
    delete_pod = _sent(objects.delete_pod)

    def __init__(self, access: Access, insistence: Insistence, call_seconds: float) -> None:
        self._access = access
        self._insistence = insistence
        self._call_seconds = call_seconds
        self._failures = Failures(access, insistence.clock)
        self._resolved: Mapping[str, Any] | None = None

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
        sender = Send(
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
            # A credential that was made for this very call is not refused for its age.
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
        # Out of the except block, where the error has no request with its headers for a context.
        raise failure

    def _open(self) -> Any:
        # The plugin's answer is kept over connections: to run it takes up to seconds.
        if self._resolved is None:
            user = dict(self._access.user)
            if self._access.secure:
                resolve(user, self._access)
            self._resolved = user
        return open_client(self._access, self._resolved)
