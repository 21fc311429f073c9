"""The flags of ``create`` and ``plan`` as the same document that a file is."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu import flag
from ackgpu.errors import UsageError
from ackgpu.spec.fields import FLAGS, put_at
from ackgpu.spec.findings import Finding
from ackgpu.spec.model import DEFAULT_POOL, document_of

SHAPED = ("zones", "vswitch_ids", "spot", "spot_price_limit", "verify")
"""Flags that are no key of a spec as they stand."""
_NAMES = {*SHAPED, *(row.parameter for row in FLAGS)}


class SpecFlags:
    """What was given on the command line, by the names of the flags (``pod_cidr``).

    None, or nothing in a list, is what was not given. Raises TypeError for a name that no flag has.
    """

    def __init__(self, **given: Any) -> None:
        unknown = given.keys() - _NAMES
        if unknown:
            raise TypeError(f"no flag is called {', '.join(sorted(unknown))}")
        self._given = {name: value for name, value in given.items() if value not in (None, ())}

    def get(self, name: str) -> Any:
        """What was given for the flag; None if nothing was."""
        return self._given.get(name)

    def also(self, **more: Any) -> SpecFlags:
        """The same with ``more``, which comes before what was given."""
        return SpecFlags(**{**self._given, **more})


@dataclass
class Overlay:
    """A document with flags laid over it. ``sources``: the flag that set each key."""

    data: dict[str, Any]
    sources: dict[str, str] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)

    def put(self, key: str, value: object, flag: str) -> None:
        """Set ``key`` (``network.vpc.id``), making the mappings around it."""
        put_at(self.data, key, value)
        self.sources[key] = flag

    def source_of(self, key: str) -> str:
        """The flag that set ``key`` or the value around it; empty where none did."""
        for known in sorted(self.sources, key=len, reverse=True):
            if key.startswith(known):
                return self.sources[known]
        return ""


def lay_over(document: Mapping[str, Any], flags: SpecFlags) -> Overlay:
    """``document`` with what ``flags`` give in place of what it says."""
    overlay = Overlay(copy.deepcopy(dict(document)))
    for row in FLAGS:
        value = flags.get(row.parameter)
        if value is not None and not row.in_pool:
            overlay.put(row.key, value, row.typed)
    _lay_vswitches(overlay, flags)
    _lay_verify(overlay, flags)
    _lay_pools(overlay, flags)
    return overlay


def _lay_vswitches(overlay: Overlay, flags: SpecFlags) -> None:
    zones, vswitch_ids = flags.get("zones"), flags.get("vswitch_ids")
    if zones and vswitch_ids:
        overlay.findings.append(
            Finding(flag.ZONE, "network.vswitches", f"{flag.VSWITCH_ID} names the zones already")
        )
    elif vswitch_ids:
        vswitches = [{"id": vswitch_id} for vswitch_id in vswitch_ids]
        overlay.put("network.vswitches", vswitches, flag.VSWITCH_ID)
    elif zones:
        overlay.put("network.vswitches", [{"zone": zone} for zone in zones], flag.ZONE)
    network = overlay.data.get("network")
    if flags.get("vpc_id") and isinstance(network, dict):
        network["vpc"].pop("cidr", None)


def _lay_verify(overlay: Overlay, flags: SpecFlags) -> None:
    verify = flags.get("verify")
    if verify is False:
        overlay.put("verify.level", "none", flag.NO_VERIFY)
    elif verify and overlay.data.get("verify", {}).get("level") == "none":
        overlay.put("verify.level", "allocatable", flag.VERIFY)


def _lay_pools(overlay: Overlay, flags: SpecFlags) -> None:
    changes = list(_pool_changes(flags))
    if not changes:
        return
    pools = overlay.data.setdefault("nodePools", [document_of(DEFAULT_POOL, defaults=False)])
    for name, key, value, every_pool in changes:
        if len(pools) > 1 and not every_pool:
            problem = f"the spec has {len(pools)} node pools: change it there"
            overlay.findings.append(Finding(name, "nodePools", problem))
            continue
        for index, pool in enumerate(pools):
            put_at(pool, key, value)
            overlay.sources[f"nodePools[{index}].{key}"] = name


def _pool_changes(flags: SpecFlags) -> Iterator[tuple[str, str, object, bool]]:
    """The flags of pools: each with the key, the value, and whether it is every pool's."""
    for row in FLAGS:
        value = flags.get(row.parameter)
        if row.in_pool and value is not None:
            value = list(value) if isinstance(value, tuple) else value
            yield row.typed, row.in_pool, value, row.every_pool
    asked, limit = flags.get("spot"), flags.get("spot_price_limit")
    spot = spot_settings(spot=asked, limit=limit)
    if spot is not None:
        name = flag.SPOT if asked is not None else flag.SPOT_PRICE_LIMIT
        yield name, "spot", spot, False


def spot_settings(*, spot: bool | None, limit: float | None) -> dict[str, Any] | None:
    """A pool's ``spot``; a price limit requests spot nodes too. None: neither was given.

    Raises UsageError for a limit of what is not wanted.
    """
    if limit is not None:
        if spot is False:
            raise UsageError(f"{flag.NO_SPOT} and {flag.SPOT_PRICE_LIMIT} exclude each other.")
        return {"strategy": "SpotWithPriceLimit", "priceLimit": limit}
    if spot is None:
        return None
    return {"strategy": "SpotAsPriceGo" if spot else "NoSpot"}
