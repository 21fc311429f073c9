"""Scenarios: what the emulated account and its regions are like, from a YAML or JSON file.

::

    limits: {eips: 3, "vpcs@cn-beijing": 1}          # see limits.py for the names
    stock: {cn-hangzhou-k: {ecs.vgn5i-m2.xlarge: WithoutStock}}
    doubts: {cluster_names: free}                    # see doubts.py: what nobody has published
    regions: [cn-hangzhou, cn-shanghai]              # the others do not exist
    missing_roles: [AliyunCSManagedLogRole]          # service roles that are not granted
    key_identifiers: false                           # of a new account's certificate authority
    latency_ms: 50                                   # real time before each answer
    faults: [...]                                    # as in a fault file
    resources:                                       # exist from the beginning
      - {name: net, action: vpc.CreateVpc, parameters: {CidrBlock: 10.0.0.0/8}}
      - action: vpc.CreateVSwitch
        parameters: {VpcId: "${net.VpcId}", ZoneId: cn-hangzhou-k, CidrBlock: 10.0.0.0/16}
      - {action: cs.CreateCluster, body: {...}}

A resource is made by the product's own operation. The first was made long ago and each later one
20 emulated minutes after the one before, so that all have settled when the first request comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ackgpu.emulator import doubts
from ackgpu.emulator.account import REGION
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.faults import ConfigurationError
from ackgpu.emulator.operation import ApiOperation, Product
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.limits import LIMITS
from ackgpu.emulator.store import Transaction

SETTINGS = frozenset({"limits", "stock", "regions", "missing_roles", "doubts"})
KEYS = SETTINGS | {"latency_ms", "faults", "resources", "seed", "key_identifiers"}
SHAPES: Mapping[str, tuple[type, str]] = {
    "limits": (dict, "a mapping"),
    "doubts": (dict, "a mapping"),
    "stock": (dict, "a mapping"),
    "regions": (list, "a list"),
    "missing_roles": (list, "a list"),
    "resources": (list, "a list"),
}
RESOURCE_KEYS = frozenset({"name", "action", "parameters", "region", "path", "body"})
STATUSES = ("WithStock", "ClosedWithStock", "WithoutStock", "ClosedWithoutStock")
APART = 1200.0
MADE = "scenario.made"


def check_scenario(scenario: Mapping[str, Any]) -> None:
    """Refuse what a scenario cannot say: :class:`ConfigurationError`."""
    complaint = next(_complaints(scenario), None)
    if complaint:
        raise ConfigurationError(f"the scenario: {complaint}")


def _complaints(scenario: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with it, the first of all first: later checks rely on earlier ones."""
    unknown = sorted(str(key) for key in scenario if key not in KEYS)
    if unknown:
        yield f"unknown key {', '.join(unknown)}"
    for key, (kind, name) in SHAPES.items():
        if scenario.get(key) is not None and not isinstance(scenario[key], kind):
            yield f"{key}: {name} is expected"
    yield from _wrong_values(scenario)
    known = {row["id"] for row in catalog.regions()}
    for region in scenario.get("regions") or ():
        if region not in known:
            yield f"regions: there is no region {region!r}"
    yield from doubts.complaints(scenario.get("doubts") or {})
    yield from _wrong_limits(scenario.get("limits") or {}, known)
    yield from _wrong_stock(scenario.get("stock") or {})
    for resource in scenario.get("resources") or ():
        if not isinstance(resource, dict) or set(resource) - RESOURCE_KEYS:
            yield f"resources: a mapping of {', '.join(sorted(RESOURCE_KEYS))} is expected"


def _wrong_values(scenario: Mapping[str, Any]) -> Iterator[str]:
    if not _is_number(scenario.get("latency_ms", 0)):
        yield "latency_ms: a number of milliseconds is expected"
    if not isinstance(scenario.get("seed", 0), int):
        yield "seed: a whole number is expected"
    if not isinstance(scenario.get("key_identifiers", True), bool):
        yield "key_identifiers: true or false is expected"


def _wrong_limits(limits: Mapping[str, Any], regions: set[str]) -> Iterator[str]:
    for key, value in limits.items():
        name, at, region = str(key).partition("@")
        if name not in LIMITS or (at and region not in regions):
            yield f"limits: there is no limit {key!r}"
        if not isinstance(value, int) or not _is_number(value):
            yield f"limits: {key} cannot be {value!r}"


def _wrong_stock(stock: Mapping[str, Any]) -> Iterator[str]:
    for zone, types in stock.items():
        if not catalog.region_of(str(zone)):
            yield f"stock: there is no zone {zone!r}"
        if not isinstance(types, dict):
            yield f"stock: {zone}: a mapping is expected"
        for type_id, status in types.items():
            if catalog.instance_type(str(type_id)) is None:
                yield f"stock: there is no instance type {type_id!r}"
            if status not in STATUSES:
                yield f"stock: a status is one of {', '.join(STATUSES)}; not {status!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def settings_of(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """The part that products read through ``call.settings``."""
    return {key: value for key, value in scenario.items() if key in SETTINGS and value is not None}


def settle_authority(session: Transaction, scenario: Mapping[str, Any]) -> None:
    """Give a new account the certificate authority that the scenario describes, if it does.

    Raises :class:`ConfigurationError` for an account that has another: kubeconfigs trust it.
    """
    wanted = scenario.get("key_identifiers")
    if wanted is None:
        return
    from ackgpu.emulator.certificates import has_key_identifiers, make_authority

    existing = has_key_identifiers(session)
    if existing is None:
        make_authority(session, key_identifiers=wanted)
    elif existing != wanted:
        raise ConfigurationError(
            "the scenario: key_identifiers: this account has another authority; use a new --state"
        )


def make_resources(
    backend: Backend, products: Iterable[Product], resources: list[dict[str, Any]]
) -> None:
    """Make a scenario's resources, all or none; once in the life of an account."""
    operations = {
        f"{product.code.lower()}.{name}": operation
        for product in products
        for name, operation in product.operations.items()
    }
    with backend.transaction(write=True) as session:
        if not resources or session.meta(MADE):
            return
        made: dict[str, Any] = {}
        for index, resource in enumerate(resources):
            age = APART * (len(resources) - index)
            made[resource.get("name", str(index))] = _make(
                backend, session, operations, _filled(resource, made), age
            )
        session.set_meta(MADE, "true")


def _make(
    backend: Backend,
    session: Transaction,
    operations: Mapping[str, ApiOperation],
    resource: Mapping[str, Any],
    age: float,
) -> Any:
    action = resource.get("action", "")
    operation = operations.get(action)
    if operation is None:
        raise ConfigurationError(f"the scenario's resources: no operation {action!r}")
    call = backend.call(
        session,
        operation,
        params={key: str(value) for key, value in resource.get("parameters", {}).items()},
        region=resource.get("region", "" if operation.path else REGION),
        path=resource.get("path", {}),
        body=resource.get("body"),
    )
    call.now -= age
    try:
        return operation.handler(call)
    except ApiError as error:
        raise ConfigurationError(f"the scenario's {action}: {error}") from None


def _filled(resource: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """The resource with ``${name.Key}`` replaced by what the named one's answer says."""

    def value(match: re.Match[str]) -> str:
        name, key = match.groups()
        try:
            return json.dumps(str(made[name][key]))[1:-1]
        except (KeyError, TypeError):
            raise ConfigurationError(f"the scenario's resources: no {match[0]} yet") from None

    filled: dict[str, Any] = json.loads(
        re.sub(r"\$\{([\w-]+)\.(\w+)\}", value, json.dumps(resource))
    )
    return filled
