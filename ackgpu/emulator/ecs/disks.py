"""Cloud disks: made with their instance or without, listed, and deleted once they are Available."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.pages import page
from ackgpu.emulator.ecs.tags import has_tags, new_tags, tag_rows
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.shared.lists import listing
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
            "phases": [[instance.created_at, "In_use"]],
        }
        disk_id, name = call.new_id("d-bp1", 17), row.get("DiskName", "")
        doc = Doc(
            KIND, disk_id, instance.region, instance.id, name, instance.created_at, None, body
        )
        call.docs.put(doc)


@PRODUCT.operation("CreateDisk", writes=True)
def create_disk(call: Call) -> dict[str, Any]:
    """CreateDisk: one on no instance, as the CSI plugin makes for a volume."""
    params = call.params
    zone = params.required("ZoneId")
    if catalog.region_of(zone) != call.region:
        raise ApiError(
            "InvalidZoneId.NotFound", "The ZoneId provided does not exist in our records.", 404
        )
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
    if not size.isdecimal() or int(size) not in DATA_DISK_GIB:
        raise ApiError(
            "InvalidDataDiskSize.ValueNotSupported",
            "The specified DataDisk.n.Size beyond the permitted range, or the capacity of snapshot"
            " exceeds the size limit of the specified disk category.",
        )
    if category not in catalog.disk_categories():
        raise ApiError(
            "InvalidDataDiskCategory.ValueNotSupported",
            'The specified parameter "DataDisk.n.Category" is not valid.',
        )
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
        params.fit(ZoneId=body["ZoneId"], DiskName=doc.name)
        and params.text("Category", body["Category"]) in {body["Category"], "all"}
        and params.text("DiskChargeType", body["DiskChargeType"]) == body["DiskChargeType"]
        and status in {"All", call.state(doc)}
        and kind in {"all", body["Type"]}
        and has_tags(call, doc)
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    born = stamp(call, doc.created_at)
    attached = bool(doc.scope)
    since = stamp(call, body.get("AttachedAt", doc.created_at))
    until = body.get("DetachedAt")
    attachment = {"InstanceId": doc.scope, "Device": body["Device"], "AttachedTime": since}
    return {
        "DiskId": doc.id,
        "DiskName": doc.name,
        "Description": body["Description"],
        "RegionId": doc.region,
        "ZoneId": body["ZoneId"],
        "Status": call.state(doc),
        "Type": body["Type"],
        "Category": body["Category"],
        "PerformanceLevel": performance_level(doc),
        "Size": body["Size"],
        "SerialNumber": doc.id.removeprefix("d-"),
        "CreationTime": born,
        "AttachedTime": since if attached else "",
        "DetachedTime": "" if until is None or attached else stamp(call, until),
        "ExpiredTime": "2999-09-08T16:00Z",
        "InstanceId": doc.scope,
        "Device": body["Device"] if attached else "",
        "Portable": body["Type"] == "data",
        "DeleteWithInstance": body["DeleteWithInstance"],
        "DeleteAutoSnapshot": body.get("DeleteAutoSnapshot", True),
        "EnableAutoSnapshot": body.get("EnableAutoSnapshot", True),
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
        "BurstingEnabled": body.get("BurstingEnabled", False),
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
        "Tags": {"Tag": tag_rows(call, doc)},
    }


def performance_level(doc: Doc) -> str:
    """PL0 to PL3 of an ESSD, empty of any other disk."""
    level = doc.body.get("PerformanceLevel") or "PL1"
    return str(level) if doc.body["Category"] == "cloud_essd" else ""


def living_disk(call: Call, disk_id: str) -> Doc:
    """The disk of that id; refuses with InvalidDiskId.NotFound (404)."""
    doc = call.docs.get(KIND, disk_id)
    if doc is None or not doc.alive(call.now):
        raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.", 404)
    return doc


def wrong_state() -> ApiError:
    """The disk's state does not allow the operation."""
    return ApiError(
        "IncorrectDiskStatus", "The current disk status does not support this operation.", 403
    )


@PRODUCT.operation("DeleteDisk", writes=True, idempotent_by_token=False)
def delete_disk(call: Call) -> None:
    """DeleteDisk: only an Available one (IncorrectDiskStatus, 403)."""
    doc = living_disk(call, call.params.required("DiskId"))
    if call.state(doc) != "Available":
        raise wrong_state()
    doc.deleted_at = call.now
    call.docs.put(doc)
