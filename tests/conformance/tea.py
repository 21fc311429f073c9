"""The official Python SDKs of today (Tea) behind wire names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

from tests.conformance.life import REGION, Refused

PACKAGES = {
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
    "cs": "alibabacloud_cs20151215",
}


class TeaClient:
    """One client a product. ``settings`` are those of the SDK's Config, besides the keys."""

    def __init__(self, keys: Mapping[str, str], hosts: Mapping[str, str], **settings: Any) -> None:
        self._clients, self._models = {}, {}
        for product, package in PACKAGES.items():
            config = Config(region_id=REGION, endpoint=hosts[product], **keys, **settings)
            self._clients[product] = importlib.import_module(f"{package}.client").Client(config)
            self._models[product] = importlib.import_module(f"{package}.models")

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._call(product, action, (), parameters))

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any:
        return self._call("cs", action, path, {**query, **(body or {})})

    def _call(
        self, product: str, action: str, path: tuple[str, ...], parameters: Mapping[str, Any]
    ) -> Any:
        request_cls = getattr(self._models[product], f"{action}Request", None)
        request = [request_cls().from_map(parameters)] if request_cls else []
        try:
            answer = _method(self._clients[product], action)(*path, *request)
        except TeaException as error:
            raise Refused(error.code, error.statusCode) from None
        rows = answer.body if isinstance(answer.body, list) else [answer.body]
        bodies = [row.to_map() for row in rows]
        return bodies if isinstance(answer.body, list) else bodies[0]


def _method(client: Any, action: str) -> Any:
    wanted = action.lower()
    return next(getattr(client, n) for n in dir(client) if n.replace("_", "") == wanted)
