"""How the emulated services refuse: a code, a message, an HTTP status."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that refuses. ``extra`` is merged into the body (``AccessDeniedDetail``, ``data``).

    ``retry_after_ms`` becomes the header ``x-acs-retry-after``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        extra: dict[str, Any] | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra = extra or {}
        self.retry_after_ms = retry_after_ms


def missing(parameter: str) -> ApiError:
    """A required parameter was not supplied."""
    return ApiError(
        "MissingParameter",
        f'The input parameter "{parameter}" that is mandatory for processing this request'
        " is not supplied.",
    )


def invalid(parameter: str, why: str = "") -> ApiError:
    """A parameter has a value that cannot be used."""
    text = f"The specified parameter {parameter} is not valid."
    return ApiError("InvalidParameter", f"{text} {why}".strip())


def ill_typed(expected: str, value: Any, field: str) -> ApiError:
    """A JSON value of another type, in the words of ACK's Go server; the code is UNCONFIRMED."""
    names = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}
    got = names.get(type(value), "object")
    message = f"Unmarshal type error: expected={expected}, got={got}, field={field}"
    return ApiError("InvalidParameter", message)
