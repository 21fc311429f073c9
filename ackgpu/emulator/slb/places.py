"""Regions, zones and what can be had in them, as the SLB product lists them."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.places import named_zone, regions_with
from ackgpu.emulator.slb import PRODUCT

CENTRAL = frozenset(
    {"cn-hangzhou", "cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1"}
)
"""Regions served by ``slb.aliyuncs.com`` (portal metadata, 2025)."""


def balancer_host(region: str) -> str:
    """The product's host in a region."""
    return "slb.aliyuncs.com" if region in CENTRAL else f"slb.{region}.aliyuncs.com"


@PRODUCT.operation("DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    """DescribeRegions: every region, with the product's endpoint there."""
    return regions_with(call, balancer_host)


@PRODUCT.operation("DescribeZones")
def describe_zones(call: Call) -> dict[str, Any]:
    """DescribeZones: each primary zone with the secondary zones that go with it."""
    zones = catalog.zones(call.region)
    rows = [
        named_zone(zone)
        | {"SlaveZones": {"SlaveZone": [named_zone(z) for z in zones if z != zone]}}
        for zone in zones
    ]
    return {"Zones": {"Zone": rows}}


@PRODUCT.operation("DescribeAvailableResource")
def describe_available_resource(call: Call) -> dict[str, Any]:
    """DescribeAvailableResource: for each pair of zones, the kinds of address that can be had."""
    wanted = call.params.text("AddressType")
    kinds = [
        {"AddressType": kind, "AddressIPVersion": "ipv4"}
        for kind in ("classic_internet", "vpc")
        if wanted in {"", kind} and call.params.text("AddressIPVersion", "ipv4") == "ipv4"
    ]
    zones = catalog.zones(call.region)
    rows = [
        {
            "MasterZoneId": zone,
            "SlaveZoneId": other,
            "SupportResources": {"SupportResource": kinds},
        }
        for zone in zones
        for other in zones
        if zone != other and kinds
    ]
    return {"AvailableResources": {"AvailableResource": rows}}
