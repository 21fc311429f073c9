"""DescribeRegions and DescribeZones."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog


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
    rows = [_zone(call, zone, verbose=verbose) for zone in catalog.zones(call.region)]
    return {"Zones": {"Zone": rows}}


def _zone(call: Call, zone: str, *, verbose: bool) -> dict[str, Any]:
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
