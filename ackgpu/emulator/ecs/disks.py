"""Cloud disks: made with their instance or alone, listed, and deleted once they are Available."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator import catalog
from ackgpu.emulator.ecs.instants import seconds_text
from ackgpu.emulator.ecs.paging import page
from ackgpu.emulator.ecs.product import PRODUCT
from ackgpu.emulator.ecs.tagged import has_tags, new_tags, tag_rows
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.listing import listing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

KIND = "disk"
DATA_DISK_GIB = range(20, 32769)
CREATED_AFTER = 5.0


def make_data_disks(call: Call, instance: Doc, rows: Sequence[dict[str, str]]) -> None:
    """A data disk for each ``DataDisk.N``, attached to the instance from its birth."""
    for number, row in enumerate(rows):
        category, size = row.get("Category", "cloud_efficiency"), row.get("Size", "")
        body = _body(category, size, instance.body["ZoneId"]) | {
            "Device": row.get("Device") or f"/dev/xvd{chr(ord('b') + number)}",
            "DeleteWithInstance": row.get("DeleteWithInstance", "true").lower() == "true",
            "DiskChargeType": instance.body["InstanceChargeType"],
            "Description": row.get("Description", ""),
            "Tags": {},
            "phases": [[instance.born, "In_use"]],
        }
        disk_id, name = call.new_id("d-bp1", 17), row.get("DiskName", "")
        doc = Doc(KIND, disk_id, instance.region, instance.id, name, instance.born, None, body)
        call.docs.put(doc)


@PRODUCT.operation("CreateDisk", writes=True)
def create_disk(call: Call) -> dict[str, Any]:
    """CreateDisk: one on no instance, as the CSI plugin makes for a volume."""
    params = call.params
    zone = params.required("ZoneId")
    if catalog.region_of(zone) != call.region:
        raise ApiError("InvalidZoneId.NotFound", f"There is no zone {zone}.", 404)
    category, size = params.text("DiskCategory", "cloud_efficiency"), params.text("Size")
    body = _body(category, size, zone) | {
        "DeleteWithInstance": False,
        "Description": params.text("Description"),
        "Tags": new_tags(call),
        "phases": [[call.now, "Creating"], [call.now + CREATED_AFTER, "Available"]],
    }
    disk_id, name = call.new_id("d-bp1", 17), params.text("DiskName")
    call.docs.put(Doc(KIND, disk_id, call.region, "", name, call.now, None, body))
    return {"DiskId": disk_id, "OrderId": ""}


def _body(category: str, size: str, zone: str) -> dict[str, Any]:
    """What every data disk has; refuses a size or a category that there is not."""
    if not size.isdigit() or int(size) not in DATA_DISK_GIB:
        raise ApiError("InvalidDataDiskSize.ValueNotSupported", "The size is not valid.")
    if category not in catalog.disk_categories():
        raise ApiError("InvalidDataDiskCategory.ValueNotSupported", f"{category} is no disk.")
    return {
        "Category": category,
        "Size": int(size),
        "Type": "data",
        "ZoneId": zone,
        "Device": "",
        "DiskChargeType": "PostPaid",
    }


@PRODUCT.operation("DescribeDisks")
def describe_disks(call: Call) -> dict[str, Any]:
    """DescribeDisks, by NextToken and MaxResults (10 to 500) or by page numbers."""
    ids = call.params.json_list("DiskIds") or ()
    docs = listing(call, KIND, _wanted, ids=ids, scope_by="InstanceId")
    some, numbers = page(call, docs, low=10, high=500)
    return {"Disks": {"Disk": [_row(call, doc) for doc in some]}, **numbers}


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    status = params.text("Status", "All")
    kind = params.text("DiskType", "all")
    return (
        params.text("ZoneId", body["ZoneId"]) == body["ZoneId"]
        and params.text("DiskName", doc.name) == doc.name
        and params.text("Category", body["Category"]) in {body["Category"], "all"}
        and params.text("DiskChargeType", body["DiskChargeType"]) == body["DiskChargeType"]
        and status in {"All", call.state(doc)}
        and kind in {"all", body["Type"]}
        and has_tags(call, doc)
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    born = seconds_text(call.instant(doc.born))
    attached = bool(doc.scope)
    attachment = {"InstanceId": doc.scope, "Device": body["Device"], "AttachedTime": born}
    return {
        "DiskId": doc.id,
        "DiskName": doc.name,
        "Description": body["Description"],
        "RegionId": doc.region,
        "ZoneId": body["ZoneId"],
        "Status": call.state(doc),
        "Type": body["Type"],
        "Category": body["Category"],
        "PerformanceLevel": "PL1" if body["Category"] == "cloud_essd" else "",
        "Size": body["Size"],
        "SerialNumber": doc.id.removeprefix("d-"),
        "CreationTime": born,
        "AttachedTime": born if attached else "",
        "DetachedTime": "",
        "ExpiredTime": "2999-09-08T16:00Z",
        "InstanceId": doc.scope,
        "Device": body["Device"] if attached else "",
        "Portable": body["Type"] == "data",
        "DeleteWithInstance": body["DeleteWithInstance"],
        "DeleteAutoSnapshot": True,
        "EnableAutoSnapshot": True,
        "EnableAutomatedSnapshotPolicy": False,
        "AutoSnapshotPolicyId": "",
        "DiskChargeType": body["DiskChargeType"],
        "Encrypted": False,
        "KMSKeyId": "",
        "ImageId": "",
        "SourceSnapshotId": "",
        "ProductCode": "",
        "ResourceGroupId": "",
        "StorageSetId": "",
        "StorageClusterId": "",
        "BdfId": "",
        "MultiAttach": "Disabled",
        "MountInstanceNum": int(attached),
        "BurstingEnabled": False,
        "IOPS": 2120,
        "IOPSRead": 2120,
        "IOPSWrite": 2120,
        "Throughput": 103,
        "ThroughputRead": 103,
        "ThroughputWrite": 103,
        "Placement": {"ZoneIds": ""},
        "OperationLocks": {"OperationLock": []},
        "MountInstances": {"MountInstance": []},
        "Attachments": {"Attachment": [attachment] if attached else []},
        "Tags": {"Tag": tag_rows(doc)},
    }


@PRODUCT.operation("DeleteDisk", writes=True, tokened=False)
def delete_disk(call: Call) -> dict[str, Any]:
    """DeleteDisk: only an Available one (IncorrectDiskStatus, 403)."""
    disk_id = call.params.required("DiskId")
    doc = call.docs.get(KIND, disk_id)
    if doc is None or not doc.alive(call.now):
        raise ApiError("InvalidDiskId.NotFound", f"There is no disk {disk_id}.", 404)
    if call.state(doc) != "Available":
        raise ApiError("IncorrectDiskStatus", f"The disk {disk_id} is not Available.", 403)
    doc.gone = call.now
    call.docs.put(doc)
    return {}
