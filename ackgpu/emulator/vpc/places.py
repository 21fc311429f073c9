"""Regions and zones as the VPC product lists them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.vpc.product import PRODUCT

WITHOUT_NAT = frozenset({"cn-beijing-c", "cn-hangzhou-b", "cn-shanghai-b"})
"""Zones without enhanced NAT gateways. Not every zone has them; which ones is illustrative."""


def zone_name(zone: str) -> str:
    """A zone's display name: ``Zone H`` of ``cn-hangzhou-h``."""
    return f"Zone {zone[-1].upper()}"


def nat_zones(region: str) -> tuple[str, ...]:
    """Zones of the region in which an enhanced NAT gateway can be made."""
    return tuple(zone for zone in catalog.zones(region) if zone not in WITHOUT_NAT)


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
    zones = nat_zones(call.region)
    return {"Zones": [{"ZoneId": zone, "LocalName": zone_name(zone)} for zone in zones]}
