"""The one translation from what the SDKs raise and answer to :mod:`ackgpu.errors`.

SDK exceptions are looked at by their attributes, so that no SDK is imported here. Nothing of the
request is ever read from them: it holds the signature and the security token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ackgpu.cloud.aliyun.advice import resolution
from ackgpu.cloud.aliyun.codes import meaning
from ackgpu.errors import (
    AccessDenied,
    AckGpuError,
    CloudError,
    CredentialsError,
    LostReply,
    Throttled,
    Unavailable,
)

_SDK_PREFIX = re.compile(r"^code: \d{3}, ")
_SDK_SUFFIX = re.compile(r" request id: \S*$")
_FORBIDDEN_ACTION = re.compile(r"policy Forbidden for action (\w+:\w+)")
_NEVER_SENT = frozenset(
    {
        "ConnectTimeout",
        "ConnectTimeoutError",
        "NewConnectionError",
        "NameResolutionError",
        "ProxyError",
        "ConnectionRefusedError",
        "gaierror",
    }
)
_TOKENED = {
    "DescribeDisks": ("Disks", "Disk"),
    "DescribeInstances": ("Instances", "Instance"),
    "DescribeNetworkInterfaces": ("NetworkInterfaceSets", "NetworkInterfaceSet"),
    "DescribeRouteEntryList": ("RouteEntrys", "RouteEntry"),
    "DescribeSecurityGroupAttribute": ("Permissions", "Permission"),
    "DescribeSecurityGroups": ("SecurityGroups", "SecurityGroup"),
    "ListTagResources": ("TagResources", "TagResource"),
}
_READS = ("Describe", "List", "Get", "Check")
_TLS = frozenset({"SSLError", "SSLCertVerificationError", "CertificateError"})


def translate(action: str, error: Exception) -> AckGpuError:
    """What ``error``, raised by an SDK call of ``action``, means."""
    if isinstance(error, AckGpuError):
        return error
    body = getattr(error, "data", None)
    if getattr(error, "status_code", None) is not None or isinstance(body, dict):
        return _answered(action, error, body if isinstance(body, dict) else {})
    return _unanswered(action, error)


def refuse_hidden_error(action: str, answer: Any) -> None:
    """Raise the error that a 200 carries in its body; the SDK would see a success without data."""
    body = answer.get("body") if isinstance(answer, dict) else None
    if not isinstance(body, dict):
        return
    code = str(body.get("Code") or body.get("code") or "")
    message = body.get("Message") or body.get("message")
    if code and message and not code.startswith("2"):
        raise from_body(action, body, status=None)


def refuse_missing_list(action: str, answer: Any) -> None:
    """Raise LostReply where an answer lacks its list; the SDK's models make an empty one of that.

    Only for lists that no TotalCount speaks for. An empty list keeps its place in every answer
    (API reference of the products, answers without rows).
    """
    body = answer.get("body") if isinstance(answer, dict) else None
    wrapper, name = _TOKENED.get(action, ("", ""))
    if not wrapper or not isinstance(body, dict):
        return
    rows = body.get(wrapper)
    if not isinstance(rows, dict) or not isinstance(rows.get(name), list):
        raise missing(action, "its list", _request_id(body))


def missing(action: str, what: str, request_id: str | None = None) -> LostReply:
    """The answer to ``action`` lacks ``what``, so that nobody knows what was done."""
    return LostReply(
        f"{action} was answered without {what}{_doubt(action)}.",
        action=action,
        request_id=request_id,
        resolution=resolution(LostReply, ""),
    )


def contradictory(action: str, why: str) -> LostReply:
    """The list that ``action`` answered with cannot be what there is."""
    return LostReply(
        f"{action} contradicts itself: {why}.",
        action=action,
        resolution="The list was not believed. Run it again; where it lasts, look for a proxy that"
        " changes or keeps answers, and check ACKGPU_ENDPOINT_URL.",
    )


def from_body(
    action: str,
    body: Mapping[str, Any],
    *,
    status: int | None,
    code: str = "",
    message: str = "",
) -> CloudError:
    """The error that an answer's ``body`` describes."""
    code = code or str(body.get("Code") or body.get("code") or "")
    message = " ".join((message or str(body.get("Message") or body.get("message") or "")).split())
    message = message or "no reason was given"
    detail = body.get("AccessDeniedDetail") or body.get("accessDeniedDetail")
    denied = detail if isinstance(detail, dict) else {}
    refusal = meaning(code, status=status, message=message, action=action)
    if denied and refusal in {CloudError, AccessDenied}:
        refusal = AccessDenied
        message = _denial(message, denied)
    return refusal(
        f"{action} was refused: {message}",
        action=action,
        cloud_code=code,
        status=status,
        request_id=_request_id(body),
        resolution=_how_to(refusal, code, message, denied),
        details=_nested(body, message),
    )


def _answered(action: str, error: Any, body: dict[str, Any]) -> CloudError:
    status = getattr(error, "status_code", None) or body.get("statusCode")
    said = _SDK_SUFFIX.sub("", _SDK_PREFIX.sub("", str(error.message or "")))
    code = "" if error.code in {None, "None"} else str(error.code)
    message = "" if said in {"", "None"} else said
    translated = from_body(action, body, status=status, code=code, message=message)
    wait = getattr(error, "retry_after", None)
    if wait is None:
        return translated
    throttled = _as(Throttled, translated)
    throttled.retry_after = wait / 1000  # the header x-acs-retry-after is in milliseconds
    return throttled


def _as(refusal: type[Throttled], error: CloudError) -> Throttled:
    if isinstance(error, refusal):
        return error
    return refusal(
        error.message,
        action=error.action,
        cloud_code=error.cloud_code,
        status=error.status,
        request_id=error.request_id,
        resolution=resolution(refusal, error.cloud_code),
        details=error.details,
    )


def _unanswered(action: str, error: Exception) -> AckGpuError:
    chain = list(_chain(error))
    names = {name for link in chain for name in _class_names(link)}
    if "CredentialException" in names:
        return CredentialsError(
            f"The credentials could not be obtained: {_last_words(chain)}",
            resolution="Check the profile or role that gives them: `ackgpu doctor`.",
        )
    page = next((link for link in chain if type(link).__name__ == "UnusableAnswer"), None)
    if page is not None:
        return _unusable(action, page)
    if names & _TLS:
        return CloudError(
            f"{action} was not sent: the certificate of {_host(chain)} is not trusted:"
            f" {_last_words(chain)}",
            action=action,
            resolution="Check the endpoint; for your own authority set SSL_CERT_FILE to its file.",
        )
    if names & _NEVER_SENT:
        return Unavailable(
            f"{action} was not sent: {_host(chain)} cannot be reached: {_last_words(chain)}",
            action=action,
            resolution="Check the network, the proxy settings and ACKGPU_ENDPOINT_URL.",
        )
    return _lost(action, chain, names)


def _lost(action: str, chain: Sequence[BaseException], names: set[str]) -> AckGpuError:
    if "RetryError" in names:
        why = _last_words(chain)
    elif "RuntimeError" in names or "JSONDecodeError" in names:
        why = "it is empty or not JSON"
    else:
        why = f"{type(chain[-1]).__name__}: {_last_words(chain)}"
    return LostReply(
        f"{action} got no answer that can be used{_doubt(action)}: {why}.",
        action=action,
        resolution=resolution(LostReply, ""),
    )


def _doubt(action: str) -> str:
    return "" if action.startswith(_READS) else ", and may have been carried out"


def _host(chain: Sequence[BaseException]) -> str:
    """The host that was to be called; nothing else of the request is looked at."""
    requests = (getattr(link, "request", None) for link in chain)
    urls = (str(getattr(request, "url", "") or "") for request in requests)
    return next((urlsplit(url).netloc for url in urls if url), "the endpoint")


def _unusable(action: str, page: Any) -> CloudError:
    kind = f"HTTP {page.status} and {page.content_type or 'something'} instead of JSON"
    if page.redirect:
        kind = f"HTTP {page.status}, a redirect to {page.redirect}"
    refusal = Unavailable if page.status == 503 else LostReply  # noqa: PLR2004 -- HTTP
    return refusal(
        f"{action} was answered with {kind}: a proxy or another server spoke.",
        action=action,
        status=page.status,
        resolution="Check the proxy settings and ACKGPU_ENDPOINT_URL, then run it again.",
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything that it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        wrapped = [getattr(link, "inner_exception", None), getattr(link, "reason", None)]
        waiting += [*wrapped, link.__cause__ or link.__context__, *link.args]


def _class_names(link: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(link).__mro__]


def _last_words(chain: Sequence[BaseException]) -> str:
    """The innermost text worth reading, on one line."""
    for link in reversed(chain):
        words = str(link.args[-1] if isinstance(link, OSError) and link.args else link)
        words = " ".join(words.split()).rstrip(".")
        if words and words != "None":
            return words.split(">: ")[-1][:300]
    return type(chain[0]).__name__


def _denial(message: str, denied: Mapping[str, Any]) -> str:
    refused = denied.get("AuthAction") or ""
    who = denied.get("AuthPrincipalDisplayName") or denied.get("AuthPrincipalType") or "the caller"
    return f"RAM does not allow {refused} to {who}" if refused else message


def _how_to(refusal: type[CloudError], code: str, message: str, denied: Mapping[str, Any]) -> str:
    if refusal is AccessDenied:
        found = _FORBIDDEN_ACTION.search(message)
        refused = denied.get("AuthAction") or (found.group(1) if found else "")
        if refused:
            return f"Grant {refused} to this identity: `ackgpu policy generate` writes the policy."
    return resolution(refusal, code)


def _nested(body: Mapping[str, Any], message: str) -> list[str]:
    """CS puts every validation error into ``data``; the first is the message itself."""
    rows = body.get("data")
    if not isinstance(rows, list):
        return []
    lines = [
        f"{row.get('code', '')}: {row.get('message', '')}" for row in rows if isinstance(row, dict)
    ]
    return [] if len(lines) == 1 and message in lines[0] else lines


def _request_id(body: Mapping[str, Any]) -> str | None:
    found = body.get("RequestId") or body.get("requestId") or body.get("request_id")
    return str(found) if found else None
