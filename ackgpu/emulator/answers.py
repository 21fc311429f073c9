"""What the gateway says: success with its request id, refusals in the product's own envelope."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import ApiOperation
from ackgpu.emulator.wire import HttpAnswer

JSON = "application/json;charset=utf-8"
XML = "text/xml;charset=utf-8"


def success(operation: ApiOperation, result: Any, request_id: str, *, as_xml: bool) -> HttpAnswer:
    """The handler's result with the request id; text is passed as it is.

    Of nothing, an RPC product answers the request id, and Container Service an empty body.
    """
    if result is None and operation.path:
        return _answer(200, b"", JSON, request_id)
    result = {} if result is None else result
    if isinstance(result, str):
        return _answer(200, result.encode(), "text/plain;charset=utf-8", request_id)
    if isinstance(result, dict) and operation.request_id_key:
        result = {operation.request_id_key: request_id, **result}
    if as_xml and isinstance(result, dict):
        return _answer(200, to_xml(f"{operation.name}Response", result), XML, request_id)
    return _answer(200, _dump(result), JSON, request_id)


def refusal(
    error: ApiError, request_id: str, *, host: str, lower_case: bool = False, as_xml: bool = False
) -> HttpAnswer:
    """The error in an envelope; ``lower_case`` is that of Container Service."""
    if lower_case:
        body: dict[str, Any] = {
            "code": error.code,
            "message": error.message,
            "requestId": request_id,
            "status": error.status,
        }
    else:
        body = {
            "RequestId": request_id,
            "HostId": host,
            "Code": error.code,
            "Message": error.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}",
        }
    body |= error.extra
    if as_xml:
        answer = _answer(error.status, to_xml("Error", body), XML, request_id)
    else:
        answer = _answer(error.status, _dump(body), JSON, request_id)
    if error.retry_after_ms is not None:
        answer.headers["x-acs-retry-after"] = str(error.retry_after_ms)
    return answer


def to_xml(root: str, value: dict[str, Any]) -> bytes:
    """The XML form of an answer: a list repeats its element's name."""
    return f'<?xml version="1.0" encoding="UTF-8"?>{_element(root, value)}'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = "" if value is None else escape(str(value))
    return f"<{name}>{inner}</{name}>"


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(status: int, body: bytes, content_type: str, request_id: str) -> HttpAnswer:
    headers = {"Content-Type": content_type, "x-acs-request-id": request_id}
    return HttpAnswer(status, body, headers)
