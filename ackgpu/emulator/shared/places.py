"""Regions and zones as several products list them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog


def zone_name(zone: str) -> str:
    """A zone's display name: ``Zone H`` of ``cn-hangzhou-h``."""
    return f"Zone {zone[-1].upper()}"


def named_zone(zone: str) -> dict[str, Any]:
    """A zone with its display name."""
    return {"ZoneId": zone, "LocalName": zone_name(zone)}


def regions_with(call: Call, host: Callable[[str], str]) -> dict[str, Any]:
    """The answer of DescribeRegions: every region, with the product's ``host`` there."""
    rows = [
        {
            "RegionId": row["id"],
            "LocalName": row["name"],
            "RegionEndpoint": host(row["id"]),
        }
        for row in catalog.regions(call.settings)
    ]
    return {"Regions": {"Region": rows}}
