"""DescribeImages: the public system images of the catalogue."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared import catalog


@PRODUCT.operation("DescribeImages")
def describe_images(call: Call) -> dict[str, Any]:
    """DescribeImages, by page numbers. The account has no image of its own."""
    rows = [row for row in catalog.images() if _wanted(call, row)]
    some, numbers = page_of(call, rows, most=100)
    images = [_row(row) for row in some]
    return {"Images": {"Image": images}, "RegionId": call.region, **numbers}


def _wanted(call: Call, row: dict[str, Any]) -> bool:
    params = call.params
    ids = params.comma_list("ImageId")
    return (
        (not ids or row["id"] in ids)
        and params.fit(ImageFamily=row["family"], ImageName=row["name"])
        and params.text("OSType", "linux").lower() == "linux"
        and params.fit(Architecture="x86_64", ImageOwnerAlias="system")
        and "Available" in params.text("Status", "Available").split(",")
        and not params.tags()
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "ImageId": row["id"],
        "ImageName": row["name"],
        "ImageFamily": row["family"],
        "ImageOwnerAlias": "system",
        "ImageOwnerId": 0,
        "ImageVersion": "",
        "Description": "",
        "Status": "Available",
        "Progress": "100%",
        "CreationTime": row["created"],
        "OSName": row["os_name"],
        "OSNameEn": row["os_name"],
        "OSType": "linux",
        "Platform": row["platform"],
        "Architecture": "x86_64",
        "BootMode": "BIOS",
        "Size": row["size"],
        "Usage": "none",
        "IsPublic": True,
        "IsCopied": False,
        "IsSubscribed": False,
        "IsSelfShared": "",
        "IsSupportCloudinit": True,
        "IsSupportIoOptimized": True,
        "LoginAsNonRootSupported": True,
        "ProductCode": "",
        "SupplierName": "",
        "ResourceGroupId": "",
        "DiskDeviceMappings": {"DiskDeviceMapping": []},
        "Features": {"NvmeSupport": "supported"},
        "DetectionOptions": {"Status": "", "Items": {"Item": []}},
        "Tags": {"Tag": []},
    }
