"""How the Kubernetes API refuses: a ``Status`` object with a code, a reason and a message.

Source of shapes and reasons: Kubernetes API conventions, "Response Status Kind".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HEAD: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}}


class KubeError(Exception):
    """An answer that refuses, as the API server words it."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}
        self.retry_after = retry_after

    def status(self) -> dict[str, Any]:
        """The ``Status`` object to answer with."""
        said = {"message": self.message, "reason": self.reason, "code": self.code}
        told = {"details": self.details} if self.details else {}
        return {**HEAD, "status": "Failure", **said, **told}

    @property
    def headers(self) -> dict[str, str]:
        """What stands beside the ``Status``."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


def success(details: dict[str, Any]) -> dict[str, Any]:
    """The ``Status`` object of a deletion that is done."""
    return {**HEAD, "status": "Success", "details": details}


def qualified(plural: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` in the core group."""
    return f"{plural}.{group}" if group else plural


def _details(plural: str, group: str, name: str) -> dict[str, Any]:
    details = {"name": name, "kind": plural, "group": group}
    return {key: value for key, value in details.items() if value}


class NoSuchPathError(KubeError):
    """Nothing is served at that path; it is told as text and not as a ``Status``."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found")


def not_found(plural: str, group: str, name: str) -> KubeError:
    """No object of that name exists."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return KubeError(404, "NotFound", message, details=_details(plural, group, name))


def already_exists(plural: str, group: str, name: str) -> KubeError:
    """An object of that name exists."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return KubeError(409, "AlreadyExists", message, details=_details(plural, group, name))


def conflict(plural: str, group: str, name: str) -> KubeError:
    """The resourceVersion sent is not the one that is stored."""
    message = (
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": the object has'
        " been modified; please apply your changes to the latest version and try again"
    )
    return KubeError(409, "Conflict", message, details=_details(plural, group, name))


def invalid(kind: str, group: str, name: str, causes: Sequence[tuple[str, str]]) -> KubeError:
    """The object breaks rules: each cause is (field, what is wrong with it)."""
    listed = [f"{field}: {text}" for field, text in causes]
    joined = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    details = _details(kind, group, name)
    details["causes"] = [
        {"reason": _reason(text), "message": text, "field": field} for field, text in causes
    ]
    message = f'{qualified(kind, group)} "{name}" is invalid: {joined}'
    return KubeError(422, "Invalid", message, details=details)


def _reason(text: str) -> str:
    """The kind of a cause (apimachinery, ``field.ErrorType``), by the words that it begins with."""
    kind = text.partition(":")[0].removesuffix(" value")
    known = {"Required": "Required", "Duplicate": "Duplicate", "Unsupported": "NotSupported",
             "Forbidden": "Forbidden", "Not found": "NotFound", "Too long": "TooLong",
             "Too many": "TooMany"}  # fmt: skip
    short = known.get(kind, "Invalid")
    return f"FieldValue{short}"


def bad_request(message: str) -> KubeError:
    """The request cannot be read."""
    return KubeError(400, "BadRequest", message)


def not_allowed() -> KubeError:
    """The resource does not take that method."""
    text = "the server does not allow this method on the requested resource"
    return KubeError(405, "MethodNotAllowed", text)


def unauthorized() -> KubeError:
    """Nobody known is asking."""
    return KubeError(401, "Unauthorized", "Unauthorized")


def too_large(asked: int, current: int) -> KubeError:
    """A resourceVersion that the server has not reached; a real one waits three seconds for it."""
    why = f"Too large resource version: {asked}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    details = {"causes": causes, "retryAfterSeconds": 1}
    return KubeError(504, "Timeout", f"Timeout: {why}", details=details, retry_after=1)


def expired(message: str) -> KubeError:
    """A continue token or resourceVersion is too old to go on from."""
    return KubeError(410, "Expired", message)
