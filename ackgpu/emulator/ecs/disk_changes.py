"""Disks attached to instances and detached, and what of a disk can be changed."""

from __future__ import annotations

import re
from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods, states
from ackgpu.emulator.ecs.disks import (
    DATA_DISK_GIB,
    KIND,
    living_disk,
    performance_level,
    wrong_state,
)
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc

SETTLED_AFTER = 5.0
MAX_DISKS = 17
"""A system disk and 16 data disks (ECS: limits of block storage)."""
DEVICE = re.compile(r"/dev/xvd[b-z]")
LEVELS = ("PL0", "PL1", "PL2", "PL3")
SWITCHES = ("DeleteWithInstance", "DeleteAutoSnapshot", "EnableAutoSnapshot", "BurstingEnabled")
NAME = (2, 128)


@PRODUCT.operation("AttachDisk", writes=True, idempotent_by_token=False)
def attach_disk(call: Call) -> None:
    """AttachDisk: an Available data disk, to an instance of its zone that runs or is stopped."""
    params = call.params
    machine = instance(call, params.required("InstanceId"))
    doc = living_disk(call, params.required("DiskId"))
    if call.state(doc) != "Available":
        raise wrong_state()
    _refuse_unready(call, machine)
    if machine.body["ZoneId"] != doc.body["ZoneId"]:
        raise ApiError(
            "ResourcesNotInSameZone", "The specified instance and disk are not in the same zone."
        )
    others = call.docs.find(KIND, at=call.now, scope=machine.id)
    if len(others) >= MAX_DISKS:
        raise ApiError(
            "InstanceDiskLimitExceeded", "The amount of the disk on instance reach its limits.", 403
        )
    doc.scope = machine.id
    doc.body |= {
        "Device": _device(call, others),
        "AttachedAt": call.now,
        "DeleteWithInstance": params.boolean("DeleteWithInstance"),
    }
    doc.body["phases"] += [[call.now, "Attaching"], [call.now + SETTLED_AFTER, "In_use"]]
    call.docs.put(doc)


def _refuse_unready(call: Call, machine: Doc) -> None:
    if call.state(machine) not in {"Running", "Stopped"}:
        raise states.wrong_state()


def _device(call: Call, others: list[Doc]) -> str:
    """The device that is requested, or the first that is free."""
    taken = {other.body["Device"] for other in others}
    asked = call.params.text("Device")
    if not asked:
        letters = "bcdefghijklmnopqrstuvwxyz"
        return next(f"/dev/xvd{one}" for one in letters if f"/dev/xvd{one}" not in taken)
    if not DEVICE.fullmatch(asked):
        raise ApiError("InvalidDevice.Malformed", "The specified device is not valid.")
    if asked in taken:
        raise ApiError("InvalidDevice.InUse", "The specified device has been occupied.", 403)
    return asked


@PRODUCT.operation("DetachDisk", writes=True, idempotent_by_token=False)
def detach_disk(call: Call) -> None:
    """DetachDisk: a data disk in use, from the instance that has it."""
    machine = instance(call, call.params.required("InstanceId"))
    doc = living_disk(call, call.params.required("DiskId"))
    if doc.body["Type"] == "system":
        raise ApiError(
            "DiskTypeViolation",
            "The specified disk is a system disk and cannot support the operation.",
            403,
        )
    if call.state(doc) != "In_use" or doc.scope != machine.id:
        raise wrong_state()
    _refuse_unready(call, machine)
    doc.scope = ""
    doc.body |= {"Device": "", "DetachedAt": call.now}
    doc.body["phases"] += [[call.now, "Detaching"], [call.now + SETTLED_AFTER, "Available"]]
    call.docs.put(doc)


@PRODUCT.operation("ModifyDiskAttribute", writes=True, idempotent_by_token=False)
def modify_disk_attribute(call: Call) -> None:
    """ModifyDiskAttribute of one disk or several: what is given changes at once."""
    params = call.params
    ids = params.listed("DiskIds") or [params.required("DiskId")]
    name = params.text("DiskName")
    if name and (not NAME[0] <= len(name) <= NAME[1] or name.startswith(("http://", "https://"))):
        raise ApiError("InvalidDiskName.Malformed", "The specified disk name is wrongly formed.")
    for doc in [living_disk(call, one) for one in ids]:
        doc.name = name or doc.name
        doc.body["Description"] = params.get("Description", doc.body["Description"])
        for switch in SWITCHES:
            if switch in params:
                doc.body[switch] = params.boolean(switch)
        call.docs.put(doc)


@PRODUCT.operation("ResizeDisk", writes=True)
def resize_disk(call: Call) -> dict[str, Any]:
    """ResizeDisk: larger, never smaller; its file system is the machine's own business."""
    doc = living_disk(call, call.params.required("DiskId"))
    size = call.params.integer("NewSize", 0)
    if call.state(doc) not in {"In_use", "Available"}:
        raise wrong_state()
    if size < doc.body["Size"]:
        raise ApiError(
            "InvalidDiskSize.TooSmall",
            "Specified new disk size is less than the original disk size.",
            403,
        )
    if size not in DATA_DISK_GIB:
        raise ApiError(
            "InvalidDiskSize.NotSupported", "The specified parameter NewSize is not valid."
        )
    doc.body["Size"] = size
    call.docs.put(doc)
    return {"OrderId": billing_methods.new_order_id(call)}


@PRODUCT.operation("ModifyDiskSpec", writes=True, idempotent_by_token=False)
def modify_disk_spec(call: Call) -> dict[str, Any]:
    """ModifyDiskSpec: another performance level of an ESSD, or another category."""
    params = call.params
    doc = living_disk(call, params.required("DiskId"))
    if call.state(doc) not in {"In_use", "Available"}:
        raise wrong_state()
    category = params.text("DiskCategory", doc.body["Category"])
    if category not in catalog.disk_categories():
        raise ApiError(
            "InvalidDiskCategory.ValueNotSupported",
            'The specified parameter "DiskCategory" is not valid.',
        )
    doc.body["Category"] = category
    level = params.text("PerformanceLevel", performance_level(doc))
    if level and category != "cloud_essd":
        raise ApiError(
            "OperationDenied.DiskTypeNotSupport",
            "The type of the disk does not support the operation.",
            403,
        )
    if level and level not in LEVELS:
        raise ApiError(
            "InvalidPerformanceLevel.Malformed",
            "The specified parameter PerformanceLevel is not valid.",
        )
    doc.body["PerformanceLevel"] = level
    call.docs.put(doc)
    task_id = call.new_id("t-bp1", 17)
    return {"TaskId": task_id, "OrderId": billing_methods.new_order_id(call)}
