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
from ackgpu.cloud.aliyun.codes import is_read, meaning
from ackgpu.cloud.aliyun.error_words import meaning_of_words
from ackgpu.errors import (
    AccessDenied,
    AckGpuError,
    CloudError,
    CredentialsError,
    LostReply,
    NoAnswer,
    NotYet,
    TaskFailed,
    Throttled,
    Transient,
    Unreachable,
)

_SDK_PREFIX = re.compile(r"^code: \d{3}, ")
_SDK_SUFFIX = re.compile(r" request id: \S*$")
_QUOTED_CODE = re.compile(r'code:\s*"([\w.]+)"')
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
# Their SDK models turn a missing list into an empty one, and no TotalCount contradicts it.
_TOKENED = {
    "DescribeDisks": ("Disks", "Disk"),
    "DescribeInstances": ("Instances", "Instance"),
    "DescribeNetworkInterfaces": ("NetworkInterfaceSets", "NetworkInterfaceSet"),
    "DescribeRouteEntryList": ("RouteEntrys", "RouteEntry"),
    "DescribeSecurityGroupAttribute": ("Permissions", "Permission"),
    "DescribeSecurityGroups": ("SecurityGroups", "SecurityGroup"),
    "ListTagResources": ("TagResources", "TagResource"),
}
_DONE = "Success"
"""What the billing API says of a success, in the place of an error's code."""
_MAX_QUOTED, _MAX_NESTED, _MAX_ID = 2048, 20, 100
_TLS = frozenset({"SSLError", "SSLCertVerificationError", "CertificateError"})


def translate(action: str, error: Exception, handled: BaseException | None = None) -> AckGpuError:
    """What ``error``, raised by an SDK call of ``action``, means.

    ``handled``: what the caller was handling when it made the call. Python makes it the context of
    ``error``, and it is no cause of it.
    """
    chain = list(_chain(error, without=handled))
    # It is wrapped several times on its way through the SDK.
    ours = next((link for link in chain if isinstance(link, AckGpuError)), None)
    if ours is not None:  # of the provider of credentials, which the SDK calls within the call
        return ours
    body = getattr(error, "data", None)
    if getattr(error, "status_code", None) is not None or isinstance(body, dict):
        return _answered(action, error, body if isinstance(body, dict) else {})
    return _unanswered(action, chain)


def warning_in(error: Exception) -> Warning | None:
    """The warning that ``-W error`` made an error of: it says nothing of the cloud."""
    return next((link for link in _chain(error) if isinstance(link, Warning)), None)


def refuse_hidden_error(action: str, answer: Any) -> None:
    """Raise the error that a 200 carries in its body; the SDK would see a success without data."""
    body = answer.get("body") if isinstance(answer, dict) else None
    if not isinstance(body, dict):
        return
    code = str(body.get("Code") or body.get("code") or "")
    message = body.get("Message") or body.get("message")
    # Some products say a success in the same place: "200", or "Success" of the billing API.
    if code and message and not code.startswith("2") and code != _DONE:
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
    message = _quoted(message) or "no reason was given"
    code, status = ("", status or int(code)) if _is_status(code) else (code, status)
    detail = body.get("AccessDeniedDetail") or body.get("accessDeniedDetail")
    denied = detail if isinstance(detail, dict) else {}
    refusal = meaning(code, status=status, message=message, action=action)
    # ACK wraps another product's refusal in words of its own; the code within decides.
    quoted = _QUOTED_CODE.search(message) if not refusal.classified else None
    if quoted:
        refusal = meaning(quoted[1], status=status, message=message, action=action)
        code = code if not refusal.classified else quoted[1]
    if denied and (not refusal.classified or issubclass(refusal, AccessDenied)):
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


def of_task(kind: str, code: str, message: str) -> CloudError:
    """Why an ACK task of ``kind`` failed.

    ACK wraps the reason of another product in a text of its own: ``Fail to scale instances for
    scaling group(code:"OperationDenied.NoStock", msg:"…")``. The innermost code that means
    something decides; of a bare HTTP status the words do.
    """
    message = " ".join(message.split()) or "no reason was given"
    named = [*_QUOTED_CODE.findall(message), code]
    named = [word for word in named if word and not _is_status(word)]
    known = ((word, meaning(word, status=None, message="", action="")) for word in named)
    code, refusal = next(
        ((word, found) for word, found in known if found.classified),
        (named[0] if named else "", CloudError),
    )
    # A bare HTTP status: with the current SDKs only
    # the words tell (the vendor's CLI does the same).
    if not code:
        refusal = meaning_of_words(message, action="")
    # What was to pass has not passed by itself: the task is over.
    passing = issubclass(refusal, Transient | NotYet)
    refusal = TaskFailed if passing or not refusal.classified else refusal
    way_on = None if refusal is TaskFailed and not code else resolution(refusal, code)
    return refusal(message, action=kind, cloud_code=code, resolution=way_on)


def is_unserved(error: CloudError) -> bool:
    """Whether the service does not offer the operation, or not any more."""
    return error.cloud_code in {"InvalidAction.NotFound", "InvalidApi.NotFound"}


def _is_status(code: str) -> bool:
    """Whether it is an HTTP status in a code's place, which says nothing of the reason."""
    return code.isdecimal()


def _answered(action: str, error: Any, body: dict[str, Any]) -> CloudError:
    status = getattr(error, "status_code", None) or body.get("statusCode")
    said = _SDK_SUFFIX.sub("", _SDK_PREFIX.sub("", str(error.message or "")))
    code = "" if error.code in {None, "None"} else str(error.code)
    message = "" if said in {"", "None"} else said
    translated = from_body(action, body, status=status, code=code, message=message)
    wait = getattr(error, "retry_after", None)
    if wait is None:
        return translated
    # Who says when to come back has not carried it out, whatever its code.
    throttled = translated if isinstance(translated, Throttled) else _throttled(translated)
    throttled.retry_after = wait / 1000  # the header x-acs-retry-after is in milliseconds
    return throttled


def _throttled(error: CloudError) -> Throttled:
    return Throttled(
        error.message,
        action=error.action,
        cloud_code=error.cloud_code,
        status=error.status,
        request_id=error.request_id,
        resolution=resolution(Throttled, error.cloud_code),
        details=error.details,
    )


def _unanswered(action: str, chain: Sequence[BaseException]) -> AckGpuError:
    names = {name for link in chain for name in _class_names(link)}
    if "CredentialException" in names:
        return CredentialsError(
            f"The credentials could not be obtained: {_last_words(chain)}",
            resolution="Check the profile or role that gives them: `ackgpu doctor`.",
        )
    page = next((link for link in chain if "UnusableAnswer" in _class_names(link)), None)
    if page is not None:
        return _unusable(action, page)
    # Before what was never sent: a certificate that is refused is no network that comes back.
    if names & _TLS:
        return CloudError(
            f"{action} was not sent: the certificate of {_host(chain)} is not trusted:"
            f" {_last_words(chain)}",
            action=action,
            resolution="Check the endpoint; for your own authority set SSL_CERT_FILE to its file.",
        )
    if names & _NEVER_SENT:
        through = " through the proxy" if "ProxyError" in names else ""
        return Unreachable(
            f"{action} was not sent: {_host(chain)} cannot be reached{through}:"
            f" {_last_words(chain)}.",
            action=action,
            resolution=resolution(Unreachable, ""),
        )
    return _lost(action, chain, names)


def _lost(action: str, chain: Sequence[BaseException], names: set[str]) -> AckGpuError:
    if "RetryError" in names:
        why = _last_words(chain)
    elif "RuntimeError" in names or "JSONDecodeError" in names:
        why = "it is empty or not JSON"
    else:
        why = f"{type(chain[-1]).__name__}: {_last_words(chain)}"
    return NoAnswer(
        f"{action} got no answer that can be used{_doubt(action)}: {why}.",
        action=action,
        resolution=resolution(NoAnswer, ""),
    )


def _doubt(action: str) -> str:
    return "" if is_read(action) else ", and may have been carried out"


def _host(chain: Sequence[BaseException]) -> str:
    """The host that was to be called; nothing else of the request is looked at."""
    requests = (getattr(link, "request", None) for link in chain)
    urls = (str(getattr(request, "url", "") or "") for request in requests)
    return next((urlsplit(url).netloc for url in urls if url), "the endpoint")


def _unusable(action: str, page: Any) -> CloudError:
    kind = f"HTTP {page.status} and {page.content_type or 'something'} instead of JSON"
    if page.redirect:
        kind = f"HTTP {page.status}, a redirect to {page.redirect}"
    return NoAnswer(
        f"{action} was answered with {kind}: a proxy or another server spoke{_doubt(action)}.",
        action=action,
        status=page.status,
        resolution=resolution(NoAnswer, ""),
    )


def _chain(
    error: BaseException, *, without: BaseException | None = None
) -> Iterator[BaseException]:
    """``error`` and everything that it wraps, outermost first, up to ``without``."""
    # Python links contexts by itself, also to circles.
    seen = {id(without)}
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
    # The innermost: urllib3 and requests only wrap it, with the address and its signature.
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


def _quoted(text: str) -> str:
    """What the cloud said, up to 2 KiB: a link that grants roles is nearly as long."""
    if len(text) <= _MAX_QUOTED:
        return text
    return f"{text[:_MAX_QUOTED]}… ({len(text) - _MAX_QUOTED:,} characters more)"


def _nested(body: Mapping[str, Any], message: str) -> list[str]:
    """CS puts every validation error into ``data``; the first is the message itself."""
    rows = body.get("data")
    if not isinstance(rows, list):
        return []
    lines = [
        _quoted(f"{row.get('code', '')}: {row.get('message', '')}")
        for row in rows[:_MAX_NESTED]
        if isinstance(row, dict)
    ]
    return [] if len(lines) == 1 and message in lines[0] else lines


def _request_id(body: Mapping[str, Any]) -> str | None:
    found = body.get("RequestId") or body.get("requestId") or body.get("request_id")
    return str(found)[:_MAX_ID] if found else None
