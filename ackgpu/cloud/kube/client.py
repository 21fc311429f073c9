"""The Kubernetes API of a cluster, over lightkube."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ackgpu.clock import Clock, SystemClock
from ackgpu.cloud.api import ExecOrder, Executed, KubeNode, KubePod
from ackgpu.cloud.kube import document as doc
from ackgpu.cloud.kube import objects
from ackgpu.cloud.kube.exec import execute
from ackgpu.cloud.kube.exec_credential import resolve
from ackgpu.errors import (
    AccessDenied,
    AckGpuError,
    CloudError,
    LocalError,
    Transient,
    Unauthenticated,
    Unavailable,
)
from ackgpu.patience import give_up_after

T = TypeVar("T")

_PAUSES = (0.5, 1.0, 2.0)  # real seconds: an API server that restarts refuses for a moment
CALL_SECONDS = 40.0
"""Real seconds that a request may take: a timeout between two bytes ends no answer that drips."""
_CHECK = "Check that this machine reaches the API server, and the kubeconfig's server."


def connect(
    kubeconfig: str,
    *,
    context: str | None = None,
    clock: Clock | None = None,
    call_seconds: float = CALL_SECONDS,
) -> KubeClient:
    """Connect to the cluster of a kubeconfig's text; nothing is called yet.

    Raises LocalError where the text is no kubeconfig or has no such context.
    """
    document = doc.parse(kubeconfig, "The kubeconfig")
    name = context or str(document.get("current-context") or "")
    chosen = doc.found([document], "contexts", name)
    if not chosen:
        raise LocalError(
            f"The kubeconfig has no context {name!r}.",
            resolution="Give one of its contexts with --context.",
        )
    inner = chosen[0].get("context") or {}
    parts = {}
    for kind in ("cluster", "user"):
        rows = doc.found([document], f"{kind}s", inner.get(kind))
        parts[kind] = dict((rows[0].get(kind) if rows else None) or {})
    if not parts["cluster"].get("server"):
        raise LocalError(
            f"The kubeconfig's context {name!r} names no server.",
            resolution="Fetch it again with `ackgpu kubeconfig write NAME`, or repair its cluster.",
        )
    return KubeClient(parts["cluster"], parts["user"], clock or SystemClock(), call_seconds)


class KubeClient:
    """:class:`~ackgpu.cloud.api.KubeApi`. Each call opens its connection and closes it."""

    def __init__(
        self,
        cluster: Mapping[str, Any],
        user: Mapping[str, Any],
        clock: Clock,
        call_seconds: float,
    ) -> None:
        self._cluster = cluster
        self._user = user
        self._clock = clock
        self._call_seconds = call_seconds
        self._resolved: Mapping[str, Any] | None = None

    def nodes(self) -> list[KubeNode]:
        """Every node, read in pages; restarted from the beginning on an expired continue token."""
        return self._request(objects.nodes)

    def pods(self, namespace: str, selector: str) -> list[KubePod]:
        """The pods of a namespace with the labels of ``selector``."""
        return self._request(lambda client: objects.pods(client, namespace, selector))

    def labels_of(self, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The labels of the object of that kind and name, or None where there is none."""
        return self._request(lambda client: objects.labels_of(client, manifest))

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Apply an object on the server's side, as the field manager ``ackgpu``."""
        self._request(lambda client: objects.apply(client, manifest))

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object and what it owns, in the background; nothing where there is none."""
        self._request(lambda client: objects.delete_object(client, manifest))

    def delete_pod(self, pod: KubePod, *, grace_seconds: int) -> None:
        """Delete a pod, whose processes get so long to end; nothing where there is none."""
        self._request(lambda client: objects.delete_pod(client, pod, grace_seconds))

    def execute(
        self, pod: KubePod, command: Sequence[str], order: ExecOrder | None = None
    ) -> Executed:
        """Run a command in the pod's only container; raises TimedOut where it takes too long."""

        def run(config: Any) -> Executed:
            from lightkube import Client

            with Client(config, trust_env=not _local(config.cluster.server)) as client:
                return execute(client, pod, command, order or ExecOrder())

        return self._ask(run)

    def _request(self, call: Callable[[Any], T]) -> T:
        """The result of plain requests to the API."""

        def ask(config: Any) -> T:
            from lightkube.config.client_adapter import Client, ConnectionParams

            params = ConnectionParams(trust_env=not _local(config.cluster.server))
            with Client(config, params) as client:
                return call(client)

        return self._ask(lambda config: give_up_after(self._call_seconds, lambda: ask(config)))

    def _ask(self, call: Callable[[Any], T]) -> T:
        """The call's result; asked again a little while where the server may be restarting."""
        began = self._clock.now()
        for pause in _PAUSES:
            try:
                return self._once(call)
            except Transient:
                if self._clock.now() - began >= self._call_seconds * self._clock.speed:
                    raise
                self._clock.sleep(pause * self._clock.speed)
            except Unauthenticated:
                if not self._user.get("exec") or self._resolved is None:
                    raise
                self._resolved = None  # the plugin's credential may have expired
        return self._once(call)

    def _once(self, call: Callable[[Any], T]) -> T:
        config = self._config()
        server = str(self._cluster.get("server") or "")
        failure: AckGpuError
        try:
            return call(config)
        except Exception as error:  # noqa: BLE001 -- lightkube raises what httpx and ssl do
            failure = _translated(error, server)
        raise failure

    def _config(self) -> Any:
        from lightkube.config.kubeconfig import KubeConfig
        from lightkube.core.exceptions import ConfigError

        if self._resolved is None:
            user = dict(self._user)
            resolve(user, self._cluster)
            self._resolved = user
        try:
            single = doc.single("ackgpu", {}, dict(self._cluster), dict(self._resolved))
            plain = json.loads(json.dumps(single))  # lightkube takes no subclasses of str and dict
            return KubeConfig.from_dict(plain).get()
        except (ConfigError, ValueError, TypeError) as error:
            raise LocalError(f"The kubeconfig cannot be used: {error}") from None


def _translated(error: Exception, server: str) -> AckGpuError:
    if isinstance(error, AckGpuError):
        return error
    response = getattr(error, "response", None)
    if response is not None:
        return _answered(response, _status_message(response) or str(error), server)
    names = {
        kind.__name__
        for link in (error, error.__cause__, error.__context__)
        if link is not None
        for kind in type(link).__mro__
    }
    words = " ".join(str(error).split()) or type(error).__name__
    if "SSLCertVerificationError" in names or "CERTIFICATE_VERIFY_FAILED" in words:
        return CloudError(
            f"{server} has a certificate that the kubeconfig does not trust: {words}",
            resolution="Fetch the kubeconfig again: `ackgpu kubeconfig write NAME`.",
        )
    if "SSLError" in names and "PEM" in words:
        return LocalError(f"The kubeconfig's certificates cannot be used: {words}")
    if names & {"HTTPError", "TransportError", "OSError"}:
        return Unavailable(f"{server} cannot be reached: {words}", resolution=_CHECK)
    return CloudError(f"{server} answered something that is not the Kubernetes API: {words}")


def _status_message(response: Any) -> str:
    """The message of a Kubernetes Status; empty where the answer is none."""
    try:
        return str(response.json().get("message") or "")
    except (ValueError, AttributeError, RuntimeError):  # no JSON, or a body that was not read
        return ""


def _answered(response: Any, words: str, server: str) -> CloudError:
    status = int(response.status_code)
    kinds: dict[int, type[CloudError]] = {401: Unauthenticated, 403: AccessDenied}
    refusal = kinds.get(status, CloudError)
    if status == 429 or status >= 500:  # noqa: PLR2004 -- HTTP
        refusal = Unavailable
    advice = {
        Unauthenticated: "Fetch the kubeconfig again: `ackgpu kubeconfig write NAME`.",
        AccessDenied: "Have RBAC grant it to this user, in ACK's console under Authorizations.",
        Unavailable: _CHECK,
    }
    said = _redirect(response) or next(iter(words.splitlines()), "")
    return refusal(
        f"The Kubernetes API at {server} refused: {said} (HTTP {status})",
        status=status,
        resolution=advice.get(refusal),
    )


def _redirect(response: Any) -> str:
    """Where a redirect, which is never followed, leads to; the rest of it may hold secrets."""
    if not response.has_redirect_location:
        return ""
    target = urlsplit(str(response.headers["location"]))
    return f"a redirect to {target.netloc.rpartition('@')[2] or target.path}"


def _local(server: str) -> bool:
    """Whether the server is on this machine: it is then never reached through a proxy."""
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
