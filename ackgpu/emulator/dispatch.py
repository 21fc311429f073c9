"""Which operation a request is for, decided only by what its signature covers.

An RPC request (path ``/``) names its action and version in signed headers (ACS3) or in parameters
(RPC V1); a header of a V1 request is not signed and therefore not looked at. A ROA request is
known by its method and path; an action header that contradicts them is refused.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import ApiOperation, Product
from ackgpu.emulator.wire import WireRequest

PRODUCTS = (
    "vpc", "ecs", "slb", "nlb", "alb", "cs", "ess", "quotas", "ram", "sts", "bss", "location",
)  # fmt: skip
UNIQUE = ("Action", "Version", "AccessKeyId", "Signature")


@dataclass(frozen=True)
class Route:
    """An operation, its product, and the values of its path's placeholders."""

    product: Product
    operation: ApiOperation
    path: dict[str, str] = field(default_factory=dict)


def load_products() -> list[Product]:
    """The products, with the operations that the modules of their packages register."""
    packages = [importlib.import_module(f"ackgpu.emulator.{name}") for name in PRODUCTS]
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return [package.PRODUCT for package in packages]


class Router:
    """Finds the operation of a request among the products'."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._actions: dict[tuple[str, str], Route] = {}
        self._paths: dict[tuple[str, int], list[tuple[re.Pattern[str], Product, ApiOperation]]]
        self._paths = defaultdict(list)
        for product in products:
            for operation in product.operations.values():
                if operation.path:
                    row = (_pattern(operation.path), product, operation)
                    self._paths[operation.method, _parts(operation.path)].append(row)
                else:
                    key = (product.version, operation.name)
                    self._actions[key] = Route(product, operation)
        for rows in self._paths.values():
            # Fixed words before placeholders, which would take them for values.
            rows.sort(key=lambda row: row[2].path.count("{"))

    def find(self, request: WireRequest) -> Route:
        """The route; refuses with InvalidAction.NotFound where there is none."""
        _refuse_doubled(request)
        if request.path == "/":
            return self._rpc(request)
        return self._roa(request)

    def _rpc(self, request: WireRequest) -> Route:
        action, version = action_and_version(request)
        if not action:
            raise missing("Action")
        if not version:
            raise missing("Version")
        route = self._actions.get((version, action))
        if route is None:
            raise not_found()
        return route

    def _roa(self, request: WireRequest) -> Route:
        key = request.method, _parts(request.path)
        for pattern, product, operation in self._paths.get(key, ()):
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            # Several operations share a path; the action header tells them apart where it is sent.
            named = request.header("x-acs-action")
            if named and named != operation.name:
                continue
            parts = {key: unquote(value) for key, value in match.groupdict().items()}
            return Route(product, operation, parts)
        raise not_found()


def action_and_version(request: WireRequest) -> tuple[str, str]:
    """The action and version that the request's signature covers; empty where it names none."""
    if request.header("authorization").startswith("ACS3-"):
        return request.header("x-acs-action"), request.header("x-acs-version")
    parameters = request.parameters()
    return parameters.get("Action", ""), parameters.get("Version", "")


def not_found() -> ApiError:
    """No such action, or none at that path: POP gateway, common error codes."""
    return ApiError(
        "InvalidAction.NotFound",
        "Specified api is not found, please check your url and method.",
        404,
    )


def _parts(path: str) -> int:
    return path.rstrip("/").count("/")


def _pattern(template: str) -> re.Pattern[str]:
    """A path that ends with a slash is looked up without it, too (Terraform's provider)."""
    end = "/?" if template.endswith("/") else ""
    parts = re.split(r"\{(\w+)\}", template.rstrip("/"))
    return re.compile(
        "".join(
            re.escape(part) if index % 2 == 0 else f"(?P<{part}>[^/]+)"
            for index, part in enumerate(parts)
        )
        + end
    )


def _refuse_doubled(request: WireRequest) -> None:
    names = [name for name, _ in (*request.query, *request.form)]
    for name in UNIQUE:
        # Which of two the signature covers and which one counts might differ.
        if names.count(name) > 1:
            raise ApiError("InvalidParameter", f"The parameter {name} is given more than once.")
