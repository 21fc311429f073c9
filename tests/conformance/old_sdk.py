"""The vendor's Python SDKs of the generation before (aliyun-python-sdk-*) behind wire names.

Where the old package has a class for an operation it is used, setters and all; Container Service's
node pools came later and are asked for with its CommonRequest, as its own documentation says.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from tests.conformance.life import PATHS, REGION, VERSIONS, Refused


class OldClient:
    """One AcsClient for everything. ``protocol`` is http or https; ``verify`` a CA file."""

    def __init__(
        self, keys: Mapping[str, str], host: str, *, protocol: str = "http", verify: str = ""
    ) -> None:
        token = keys.get("security_token")
        key = (keys["access_key_id"], keys["access_key_secret"])
        credential = StsTokenCredential(*key, token) if token else None
        self._client = AcsClient(
            *(() if credential else key),
            region_id=REGION,
            credential=credential,
            verify=verify or None,
        )
        self._host, self._protocol = host, protocol

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        request = self._request(product, action)
        for name, value in parameters.items():
            setter = getattr(request, f"set_{name}s" if name == "Tag" else f"set_{name}", None)
            if setter is not None:
                setter(value)
            else:
                request.add_query_param(name, value)
        return dict(self._send(request))

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any:
        request = self._request("cs", action)
        if isinstance(request, CommonRequest):
            method, template = PATHS[action]
            request.set_method(method)
            request.set_uri_pattern(template.format(*path))
        else:
            for value in path:
                request.set_ClusterId(value)
        for name, value in query.items():
            request.add_query_param(name, value)
        if body is not None:
            request.set_content(json.dumps(body).encode())
            request.set_content_type("application/json")
        return self._send(request)

    def _request(self, product: str, action: str) -> Any:
        version = VERSIONS[product]
        package = f"aliyunsdk{product}.request.v{version.replace('-', '')}.{action}Request"
        try:
            request = getattr(importlib.import_module(package), f"{action}Request")()
        except ModuleNotFoundError:
            request = CommonRequest(version=version, action_name=action)
            request.set_domain(self._host)
        request.set_endpoint(self._host)
        request.set_protocol_type(self._protocol)
        request.set_accept_format("json")
        return request

    def _send(self, request: Any) -> Any:
        try:
            return json.loads(self._client.do_action_with_exception(request))
        except ServerException as error:
            raise Refused(_code(error), error.get_http_status()) from None


def _code(error: ServerException) -> str:
    """The code; this SDK reads ``Code`` only, and leaves Container Service's answer as text."""
    code, message = str(error.get_error_code()), str(error.get_error_msg())
    if code != "SDK.UnknownServerError":
        return code
    return str(json.loads(message.partition("ServerResponseBody: ")[2])["code"])
