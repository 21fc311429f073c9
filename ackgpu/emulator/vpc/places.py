"""Regions and zones as the VPC product lists them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ackgpu.emulator import catalog
from ackgpu.emulator.operation import Call
from ackgpu.emulator.vpc.product import PRODUCT


def zone_name(zone: str) -> str:
    """A zone's display name: ``Zone H`` of ``cn-hangzhou-h``."""
    return f"Zone {zone[-1].upper()}"


def nat_zones(call: Call, region: str) -> tuple[str, ...]:
    """Zones in which an enhanced NAT gateway can be made.

    All of the region's, unless the scenario says ``nat_zones: {region: [zone, …]}``.
    """
    wanted: Iterable[str] | None = call.settings.get("nat_zones", {}).get(region)
    zones = catalog.zones(region)
    return zones if wanted is None else tuple(zone for zone in zones if zone in set(wanted))


@PRODUCT.operation("DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    """DescribeRegions: every region, with the product's endpoint there."""
    rows = [
        {
            "RegionId": row["id"],
            "LocalName": row["name"],
            "RegionEndpoint": f"vpc.{row['id']}.aliyuncs.com",
        }
        for row in catalog.regions(call.settings)
    ]
    return {"Regions": {"Region": rows}}


@PRODUCT.operation("DescribeZones")
def describe_zones(call: Call) -> dict[str, Any]:
    """DescribeZones: the zones of the region in which a vSwitch can be made."""
    rows = [
        {"ZoneId": zone, "LocalName": zone_name(zone), "ZoneType": "AvailabilityZone"}
        for zone in catalog.zones(call.region)
    ]
    return {"Zones": {"Zone": rows}}


@PRODUCT.operation("ListEnhanhcedNatGatewayAvailableZones")
def list_nat_zones(call: Call) -> dict[str, Any]:
    """ListEnhanhcedNatGatewayAvailableZones (sic): a flat list."""
    zones = nat_zones(call, call.region)
    return {"Zones": [{"ZoneId": zone, "LocalName": zone_name(zone)} for zone in zones]}
