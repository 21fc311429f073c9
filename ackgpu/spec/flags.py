"""The flags of ``create`` and ``plan`` as the same document that a file is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.spec.findings import Finding
from ackgpu.spec.model import DEFAULT_POOL, document_of


@dataclass(frozen=True)
class SpecFlags:
    """What was given on the command line; None, or nothing in a list, where it was not given."""

    name: str | None = None
    region: str | None = None
    zones: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()
    nodes: int | None = None
    vpc_id: str | None = None
    vswitch_ids: tuple[str, ...] = ()
    network: str | None = None
    pod_cidr: str | None = None
    service_cidr: str | None = None
    kubernetes_version: str | None = None
    cluster_spec: str | None = None
    public_endpoint: bool | None = None
    ssh: bool | None = None
    key_pair: str | None = None
    spot: bool | None = None
    spot_price_limit: float | None = None
    charge_type: str | None = None
    period: int | None = None
    ttl: str | None = None
    max_hourly_price: float | None = None
    verify: bool | None = None
    on_failure: str | None = None
    timeout: str | None = None


@dataclass
class Overlay:
    """A document with flags laid over it. ``sources``: the flag that set each key."""

    data: dict[str, Any]
    sources: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def put(self, key: str, value: object, flag: str) -> None:
        """Set ``key`` (``network.vpc.id``), making the mappings around it."""
        *parents, last = key.split(".")
        node = self.data
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
        self.sources[key] = flag

    def source_of(self, key: str) -> str:
        """The flag that set ``key`` or the value around it; empty where none did."""
        for known in sorted(self.sources, key=len, reverse=True):
            if key.startswith(known):
                return self.sources[known]
        return ""


# flag, attribute of SpecFlags, key of the spec
_PLAIN = (
    ("NAME", "name", "metadata.name"),
    ("--region", "region", "metadata.region"),
    ("--kubernetes-version", "kubernetes_version", "metadata.version"),
    ("--vpc-id", "vpc_id", "network.vpc.id"),
    ("--network", "network", "network.plugin"),
    ("--pod-cidr", "pod_cidr", "network.podCidr"),
    ("--service-cidr", "service_cidr", "cluster.serviceCidr"),
    ("--cluster-spec", "cluster_spec", "cluster.spec"),
    ("--public-endpoint", "public_endpoint", "cluster.endpointPublicAccess"),
    ("--ssh", "ssh", "cluster.ssh"),
    ("--ttl", "ttl", "lifecycle.ttl"),
    ("--max-hourly-price", "max_hourly_price", "lifecycle.maxHourlyPrice"),
    ("--on-failure", "on_failure", "lifecycle.onFailure"),
    ("--timeout", "timeout", "lifecycle.timeout"),
)
# The same for a pool.
_POOL = (
    ("--instance-type", "instance_types", "instanceTypes"),
    ("--nodes", "nodes", "desiredSize"),
    ("--charge-type", "charge_type", "chargeType"),
    ("--period", "period", "period"),
)


def lay_over(document: Mapping[str, Any], flags: SpecFlags) -> Overlay:
    """``document`` with what ``flags`` give in place of what it says."""
    overlay = Overlay(copy.deepcopy(dict(document)))
    for flag, attribute, key in _PLAIN:
        value = getattr(flags, attribute)
        if value is not None:
            overlay.put(key, value, flag)
    _lay_vswitches(overlay, flags)
    _lay_verify(overlay, flags)
    _lay_pools(overlay, flags)
    return overlay


def _lay_vswitches(overlay: Overlay, flags: SpecFlags) -> None:
    if flags.zones and flags.vswitch_ids:
        overlay.findings.append(
            Finding("--zone", "network.vswitches", "--vswitch-id names the zones already")
        )
    elif flags.vswitch_ids:
        vswitches = [{"id": vswitch_id} for vswitch_id in flags.vswitch_ids]
        overlay.put("network.vswitches", vswitches, "--vswitch-id")
    elif flags.zones:
        overlay.put("network.vswitches", [{"zone": zone} for zone in flags.zones], "--zone")
    network = overlay.data.get("network")
    if flags.vpc_id and isinstance(network, dict):
        network["vpc"].pop("cidr", None)


def _lay_verify(overlay: Overlay, flags: SpecFlags) -> None:
    if flags.verify is False:
        overlay.put("verify.level", "none", "--no-verify")
    elif flags.verify and overlay.data.get("verify", {}).get("level") == "none":
        overlay.put("verify.level", "allocatable", "--verify")


def _lay_pools(overlay: Overlay, flags: SpecFlags) -> None:
    changes = _pool_changes(flags)
    if not changes and flags.key_pair is None:
        return
    default = document_of(DEFAULT_POOL, defaults=False)
    pools = overlay.data.setdefault("nodePools", [default])
    if len(pools) == 1:
        for flag, key, change in changes:
            change(pools[0])
            overlay.sources[f"nodePools[0].{key}"] = flag
    else:
        overlay.findings += [
            Finding(flag, "nodePools", f"the spec has {len(pools)} node pools: change it there")
            for flag, _, _ in changes
        ]
    if flags.key_pair is not None:
        for index, pool in enumerate(pools):
            pool["keyPair"] = flags.key_pair
            overlay.sources[f"nodePools[{index}].keyPair"] = "--key-pair"


PoolChange = tuple[str, str, Callable[[dict[str, Any]], None]]


def _pool_changes(flags: SpecFlags) -> list[PoolChange]:
    changes: list[PoolChange] = []
    for flag, attribute, key in _POOL:
        value = getattr(flags, attribute)
        if value not in (None, ()):
            value = list(value) if isinstance(value, tuple) else value
            changes.append((flag, key, _setter(key, value)))
    spot = spot_settings(spot=flags.spot, limit=flags.spot_price_limit)
    if spot is not None:
        flag = "--spot" if flags.spot is not None else "--spot-price-limit"
        changes.append((flag, "spot", _setter("spot", spot)))
    return changes


def _setter(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(pool: dict[str, Any]) -> None:
        pool[key] = value

    return change


def spot_settings(*, spot: bool | None, limit: float | None) -> dict[str, Any] | None:
    """A pool's ``spot``; a price limit alone asks for spot nodes too. None: neither was given."""
    if limit is not None and spot is not False:
        return {"strategy": "SpotWithPriceLimit", "priceLimit": limit}
    if spot is None:
        return None
    return {"strategy": "SpotAsPriceGo" if spot else "NoSpot"}
