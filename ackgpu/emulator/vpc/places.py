"""Regions and zones as the VPC product lists them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.places import named_zone, regions_with
from ackgpu.emulator.vpc import PRODUCT

WITHOUT_NAT = frozenset({"cn-beijing-c", "cn-hangzhou-b", "cn-shanghai-b"})
"""Zones without enhanced NAT gateways. Not every zone has them; which ones is illustrative."""


def nat_zones(region: str) -> tuple[str, ...]:
    """Zones of the region in which an enhanced NAT gateway can be made."""
    return tuple(zone for zone in catalog.zones(region) if zone not in WITHOUT_NAT)


@PRODUCT.operation("DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    """DescribeRegions: every region, with the product's endpoint there."""
    return regions_with(call, lambda region: f"vpc.{region}.aliyuncs.com")


@PRODUCT.operation("DescribeZones")
def describe_zones(call: Call) -> dict[str, Any]:
    """DescribeZones: the zones of the region in which a vSwitch can be made."""
    rows = [
        named_zone(zone) | {"ZoneType": "AvailabilityZone"} for zone in catalog.zones(call.region)
    ]
    return {"Zones": {"Zone": rows}}


@PRODUCT.operation("ListEnhanhcedNatGatewayAvailableZones")
def list_nat_zones(call: Call) -> dict[str, Any]:
    """ListEnhanhcedNatGatewayAvailableZones (sic): a flat list."""
    zones = nat_zones(call.region)
    return {"Zones": [named_zone(zone) for zone in zones]}
