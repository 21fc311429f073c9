"""What an API server refuses, and what goes wrong on the way to it, as ackgpu's own errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ackgpu.clock import Clock
from ackgpu.cloud.kube.access import Access, certificate_of
from ackgpu.cloud.kube.answers import MAX_MESSAGE, MIB
from ackgpu.cloud.kube.insistence import TooLarge, TooSlow, Unresolved
from ackgpu.errors import (
    AccessDenied,
    AckGpuError,
    CloudError,
    LocalError,
    Throttled,
    Unauthenticated,
    Unavailable,
)

_CHECK = "Check that this machine reaches the API server, and the kubeconfig's server."
_FETCH = "Fetch the kubeconfig again from where it came from."
_SLOW = "Its answers come, and too slowly: try it from a machine that is nearer."
_MAX_TEXT = 2048
_NAMELESS = {"WebSocketNetworkError": "the connection was cut"}
_UNREACHED = {"HTTPError", "TransportError", "OSError", "HTTPXWSException"}
_MESSAGE_MIB = MAX_MESSAGE // MIB
_THROTTLED, _BAD_REQUEST, _SERVER_FAILED = 429, 400, 500
_KINDS: dict[int, tuple[type[CloudError], str]] = {
    401: (Unauthenticated, _FETCH),
    403: (AccessDenied, "Have RBAC grant it to this user: a (Cluster)Role and its binding."),
}
_WEBHOOK = "failed calling webhook"
_PLAIN_TO_TLS = "Client sent an HTTP request to an HTTPS server"


@dataclass(frozen=True)
class Failures:
    """Words the failures of calls to one API server. ``clock`` tells what has expired."""

    access: Access
    clock: Clock

    def refused(self, response: Any) -> CloudError:
        """The error of an answer that is none of success."""
        server, status = self.access.server, int(response.status_code)
        said = _redirect(response) or status_message(response) or response.reason_phrase
        message = f"The Kubernetes API at {server} refused: {said} (HTTP {status})"
        if status == _THROTTLED:
            return self._throttled(said, _retry_after(response))
        if status == _BAD_REQUEST and _PLAIN_TO_TLS in said:
            message = f"{server} speaks TLS, and was spoken to without (HTTP {status})."
            resolution: str | None = "Let the kubeconfig's server begin with https://."
            return CloudError(message, status=status, resolution=resolution)
        kind, resolution = _KINDS.get(status, (CloudError, None))
        # A webhook that is down is no API server that is.
        if status >= _SERVER_FAILED and _WEBHOOK not in said:
            kind, resolution = Unavailable, _CHECK
        if kind is Unauthenticated and (expired := self._expiry()):
            message += f" The kubeconfig's client certificate {expired}."
        return kind(message, status=status, resolution=resolution)

    def _throttled(self, said: str, retry_after: float | None) -> Throttled:
        error = Throttled(
            f"The Kubernetes API at {self.access.server} is throttled: {said} (HTTP {_THROTTLED})",
            status=_THROTTLED,
            resolution="The API server is overloaded, or its flow control holds this user back"
            " (kubectl get flowschemas): run it again later.",
        )
        error.retry_after = retry_after
        return error

    def translated(self, error: Exception) -> AckGpuError:
        """The error of a call that had no answer, or none that can be read."""
        if isinstance(error, AckGpuError):
            return error
        answer = getattr(error, "response", None)
        if answer is not None:  # it did not switch to a WebSocket
            return self.refused(answer)
        name = type(error).__name__
        words = " ".join(str(error).split()) or _NAMELESS.get(name, name)
        if "MESSAGE_TOO_BIG" in words:
            return TooLarge(f"{self.access.server} sent a message of more than {_MESSAGE_MIB} MiB.")
        names = _names(error)
        if "SSLCertVerificationError" in names or "CERTIFICATE_VERIFY_FAILED" in words:
            return _untrusted(words, self.access)
        if names & _UNREACHED:
            return self._unreached(words, names)
        server = self.access.server
        if isinstance(error, LookupError | AttributeError | TypeError):
            words = "an object lacks what it has there"
        return CloudError(f"{server} answered something that is not the Kubernetes API: {words}")

    def _unreached(self, words: str, names: set[str]) -> AckGpuError:
        if "LocalProtocolError" in names:  # nothing was sent, and nothing will be
            return Unauthenticated(
                "The kubeconfig's credential has characters that no request can carry.",
                resolution=_FETCH,
            )
        server = self.access.server
        expired = self._expiry()
        if expired and names & {"SSLError", "ReadError"}:  # the server ends the handshake over it
            return Unauthenticated(
                f"{server} refused the kubeconfig's client certificate, which {expired}.",
                resolution=_FETCH,
            )
        # Data flowed: smaller pages help, where for a server that is down they would not.
        if "TimeoutError" in names and "complete" in words:
            return TooSlow(f"{server} is slow: {words}", resolution=_SLOW)
        through = f" through the proxy {shown_proxy(self.access)}" if self.access.proxy else ""
        message = f"{server} cannot be reached{through}: {words}"
        # No restart explains a name that does not resolve:
        # it is given up after seconds, not a minute.
        kind = Unresolved if "gaierror" in names else Unavailable
        return kind(message, resolution=_CHECK)

    def _expiry(self) -> str:
        """``expired on 2026-01-02`` where the kubeconfig's client certificate has; else empty."""
        try:
            pair = certificate_of(self.access.user)
            if pair is None:
                return ""
            # Imported only after a failure: it is heavy.
            from cryptography import x509

            ends = x509.load_pem_x509_certificate(pair[0].encode()).not_valid_after_utc
        except (LocalError, ValueError):
            return ""
        return f"expired on {ends:%Y-%m-%d}" if ends < self.clock.wall() else ""


def status_message(response: Any) -> str:
    """The message of a Kubernetes Status, or the text of an answer that is none."""
    try:
        text = str(response.text)
    except RuntimeError:  # its body was not read
        return ""
    try:
        return str(response.json().get("message") or "").strip()[:_MAX_TEXT]
    except (ValueError, AttributeError):
        plain = text if "text/plain" in response.headers.get("content-type", "") else ""
        return " ".join(plain.split())[:_MAX_TEXT]


def shown_proxy(access: Access) -> str:
    """The proxy without its password."""
    parts = urlsplit(access.proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _untrusted(words: str, access: Access) -> CloudError:
    if "ostname mismatch" in words or "IP address mismatch" in words:
        resolution = (
            "Its certificate is for another name: let tls-server-name of the kubeconfig's cluster"
            " say which, if that is the right server."
        )
    else:
        resolution = _FETCH
    return CloudError(
        f"{access.server} has a certificate that the kubeconfig does not trust: {words}",
        resolution=resolution,
    )


def _names(error: BaseException) -> set[str]:
    """The names of the classes of an error and of those behind it."""
    found: set[str] = set()
    link: BaseException | None = error
    # Bounded: contexts may form a circle.
    for _ in range(8):
        if link is None:
            break
        found |= {kind.__name__ for kind in type(link).__mro__}
        link = link.__cause__ or link.__context__
    return found


def _redirect(response: Any) -> str:
    """Where a redirect, which is never followed, leads to; the rest of it may hold secrets."""
    if not response.has_redirect_location:
        return ""
    target = urlsplit(str(response.headers["location"]))
    return f"a redirect to {target.netloc.rpartition('@')[2] or target.path}"


def _retry_after(response: Any) -> float | None:
    """The seconds of Retry-After, which an API server gives as a number."""
    text = str(response.headers.get("retry-after") or "")
    return float(text) if text.isdecimal() else None
