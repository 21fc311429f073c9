"""Regions and zones: what each zone sells, and whether it has it."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT, stock
from ackgpu.emulator.ecs.instances import DISK_GIB
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog

DESTINATIONS = ("Zone", "IoOptimized", "InstanceType", "Network", "ddh", "SystemDisk", "DataDisk")
"""In the order of their hierarchy: each takes the parameters of those before it."""


@PRODUCT.operation("DescribeAvailableResource")
def describe_available_resource(call: Call) -> dict[str, Any]:
    """DescribeAvailableResource for one kind of resource (DestinationResource).

    A disk is asked for with its InstanceType: without one the request is refused (Invalid.Param,
    400), unless ResourceType is ``disk``. A zone that sells nothing of it is left out.
    """
    call.params.required("RegionId")
    destination = call.params.required("DestinationResource")
    if destination not in DESTINATIONS:
        raise ApiError(
            "Invalid.DestinationResource", "The specified DestinationResource is not valid.", 404
        )
    _check(call, destination)
    wanted = call.params.text("ZoneId")
    rows = []
    for zone in [wanted] if wanted else catalog.zones(call.region):
        resources = _resources(call, zone, destination)
        if resources and catalog.region_of(zone) == call.region:
            rows.append(_zone(call.region, zone, destination, resources))
    return {"AvailableZones": {"AvailableZone": rows}}


def _check(call: Call, destination: str) -> None:
    params = call.params
    charge = params.text("InstanceChargeType", "PostPaid")
    if charge not in {"PostPaid", "PrePaid"}:
        raise ApiError(
            "Invalid.InstanceChargeType", "The specified instanceChargeType is not valid."
        )
    strategy = params.text("SpotStrategy", "NoSpot")
    if strategy not in {"NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"}:
        raise ApiError("Invalid.SpotStrategy", "The specified SpotStrategy is not valid.", 404)
    sized = "Cores" in params or "Memory" in params
    if sized and "InstanceType" in params:
        raise ApiError(
            "InvalidParam.TypeAndCpuMem.Conflict",
            "The specified 'InstanceType' and 'Cores','Memory' are not blank at the same time.",
            403,
        )
    of_instance = params.text("ResourceType", "instance") == "instance"
    if destination in {"SystemDisk", "DataDisk"} and of_instance and "InstanceType" not in params:
        raise ApiError(
            "Invalid.Param",
            "The input parameter DestinationResource that is mandatory for processing this request"
            " is not supplied.",
        )


def _resources(call: Call, zone: str, destination: str) -> list[dict[str, Any]]:
    """What the zone has of the destination, one SupportedResource each."""
    if destination == "ddh":
        return []
    types = _types(call, zone)
    if destination == "InstanceType":
        return types
    if destination in {"SystemDisk", "DataDisk"}:
        return _disks(call, types)
    best = _best([row["StatusCategory"] for row in types])
    value = {"Zone": zone, "IoOptimized": "optimized", "Network": "vpc"}[destination]
    return [_resource(value, best)] if best else []


def _types(call: Call, zone: str) -> list[dict[str, Any]]:
    wanted = call.params.text("InstanceType")
    cores = call.params.integer("Cores", 0)
    memory = _memory(call)
    rows = []
    for row in catalog.instance_types():
        status = stock.shown(call, zone, row["id"])
        named = not wanted or row["id"] == wanted
        sized = row["cpu"] == (cores or row["cpu"]) and row["memory"] == (memory or row["memory"])
        if status and named and sized:
            rows.append(_resource(row["id"], status))
    return rows


def _memory(call: Call) -> float:
    try:
        return float(call.params.text("Memory", "0"))
    except ValueError:
        raise invalid("Memory") from None


def _disks(call: Call, types: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The categories that the types take, of which there is as much as of the types."""
    status = _best([row["StatusCategory"] for row in types])
    if status is None:
        return []
    found = {c for row in types for c in (catalog.instance_type(row["Value"]) or {})["disks"]}
    wanted = call.params.text("SystemDiskCategory")
    low, high = DISK_GIB
    return [
        _resource(category, status) | {"Min": low, "Max": high, "Unit": "GiB"}
        for category in sorted(found)
        if not wanted or category == wanted
    ]


def _resource(value: str, category: str) -> dict[str, Any]:
    return {
        "Value": value,
        "Status": "Available" if category in catalog.SOLD else "SoldOut",
        "StatusCategory": category,
        "Min": 0,
        "Max": 0,
        "Unit": "",
    }


def _best(categories: list[str]) -> str | None:
    """The best status of several; None of none."""
    order = ("WithStock", "ClosedWithStock", "WithoutStock", "ClosedWithoutStock")
    return next((category for category in order if category in categories), None)


def _zone(
    region: str, zone: str, destination: str, resources: list[dict[str, Any]]
) -> dict[str, Any]:
    best = _best([row["StatusCategory"] for row in resources]) or ""
    supported = {"SupportedResource": resources}
    return {
        "ZoneId": zone,
        "RegionId": region,
        "Status": "Available" if best in catalog.SOLD else "SoldOut",
        "StatusCategory": best,
        "AvailableResources": {
            "AvailableResource": [{"Type": destination, "SupportedResources": supported}]
        },
    }


@PRODUCT.operation("DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    """DescribeRegions: every region that the account may use."""
    rows = [
        {
            "RegionId": row["id"],
            "RegionEndpoint": f"ecs.{row['id']}.aliyuncs.com",
            "LocalName": row["name"],
            "Status": "available",
        }
        for row in catalog.regions(call.settings)
    ]
    return {"Regions": {"Region": rows}}


@PRODUCT.operation("DescribeZones")
def describe_zones(call: Call) -> dict[str, Any]:
    """DescribeZones: the region's zones, with what each sells whether in stock or not."""
    call.params.required("RegionId")
    verbose = call.params.boolean("Verbose", default=True)
    rows = [_zone_row(call, zone, verbose=verbose) for zone in catalog.zones(call.region)]
    return {"Zones": {"Zone": rows}}


def _zone_row(call: Call, zone: str, *, verbose: bool) -> dict[str, Any]:
    sold = [t for t in catalog.instance_types() if catalog.stock(zone, t["id"], call.settings)]
    disks = sorted({category for row in sold for category in row["disks"]})
    resources = {
        "IoOptimized": True,
        "SystemDiskCategories": {"supportedSystemDiskCategory": disks},
        "DataDiskCategories": {"supportedDataDiskCategory": disks},
        "InstanceGenerations": {
            "supportedInstanceGeneration": sorted({row["generation"] for row in sold})
        },
        "InstanceTypes": {"supportedInstanceType": [row["id"] for row in sold]},
        "InstanceTypeFamilies": {
            "supportedInstanceTypeFamily": sorted({row["family"] for row in sold})
        },
        "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
    }
    letter = zone[-1].upper()
    shown = {
        "ZoneId": zone,
        "ZoneType": "AvailabilityZone",
        "LocalName": f"Zone {letter}",
        "AvailableResourceCreation": {
            "ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"]
        },
        "AvailableInstanceTypes": {"InstanceTypes": [row["id"] for row in sold]},
        "AvailableDiskCategories": {"DiskCategories": disks},
        "AvailableVolumeCategories": {"VolumeCategories": []},
        "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
        "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
    }
    return shown | {"AvailableResources": {"ResourcesInfo": [resources] if verbose else []}}
