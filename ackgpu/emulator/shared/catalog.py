"""What the emulated cloud offers: regions, zones, instance types, stock and prices.

The figures lie in ``data/*.json``, each with its date. A scenario may override regions and stock
(``regions: [id, …]`` narrows, ``stock: {zone: {type: StatusCategory}}`` sets).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ackgpu.emulator.shared.tables import table

Settings = Mapping[str, Any]

SOLD = frozenset({"WithStock", "ClosedWithStock"})
"""The status categories under which an instance can be had (DescribeAvailableResource)."""


@cache
def _types() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in table("instance_types")["types"]}


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    return {row["id"]: tuple(row["zones"]) for row in table("regions")["regions"]}


def regions(settings: Settings | None = None) -> list[dict[str, Any]]:
    """The regions on offer: ``{id, name, zones}``."""
    wanted = (settings or {}).get("regions")
    rows: list[dict[str, Any]] = table("regions")["regions"]
    return [row for row in rows if not wanted or row["id"] in wanted]


def zones(region: str) -> tuple[str, ...]:
    """The zone ids of a region; empty where there is no such region."""
    return _zones().get(region, ())


def region_of(zone: str) -> str:
    """The region that a zone lies in, or empty."""
    return next((region for region, ids in _zones().items() if zone in ids), "")


def instance_types() -> list[dict[str, Any]]:
    """Every instance type: ``{id, family, cpu, memory, gpu_amount, gpu_spec, gpu_memory, …}``."""
    return list(_types().values())


def instance_type(type_id: str) -> dict[str, Any] | None:
    """The instance type of that id."""
    return _types().get(type_id)


def is_vgpu(row: Mapping[str, Any]) -> bool:
    """Whether a type counts against the vGPU quota: the vgn and sgn families (Quota Center)."""
    return str(row["family"]).startswith(("ecs.vgn", "ecs.sgn"))


def stock(zone: str, type_id: str, settings: Settings | None = None) -> str | None:
    """The status category of a type in a zone; None where the zone does not sell it."""
    override = (settings or {}).get("stock", {}).get(zone, {})
    if type_id in override:
        return str(override[type_id])
    row = instance_type(type_id)
    if row is None:
        return None
    sold: Mapping[str, str] = table("stock")["families"].get(row["family"], {})
    return sold.get(zone)


def disk_categories() -> list[str]:
    """Every disk category that any type takes."""
    return sorted({category for row in instance_types() for category in row["disks"]})


def images() -> list[dict[str, Any]]:
    """The public system images: ``{id, name, os_name, platform, size, family}``."""
    rows: list[dict[str, Any]] = table("images")["images"]
    return rows


def hourly_price(type_id: str) -> float | None:
    """The illustrative pay-as-you-go price of an instance type an hour, in :func:`currency`."""
    price = table("prices")["types"].get(type_id)
    return None if price is None else float(price)


def disk_price(category: str, gib: int) -> float | None:
    """The illustrative price of a disk an hour; None for a category that is not sold."""
    price = table("prices")["disks"].get(category)
    return None if price is None else float(price) * gib


def bandwidth_price(mbps: int) -> float:
    """The illustrative price of fixed public bandwidth an hour."""
    return float(table("prices")["bandwidth_mbps"]) * mbps


def spot_share() -> float:
    """The part of the pay-as-you-go price that a spot instance costs."""
    return float(table("prices")["spot"])


def month_hours() -> int:
    """How many hours' price a month's subscription costs."""
    return int(table("prices")["month_hours"])


def currency() -> str:
    """The currency of every price."""
    return str(table("prices")["currency"])
