"""Another instance type, another bandwidth, another system disk; and a restart."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods
from ackgpu.emulator.ecs.instance_quotas import check_quota
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.instances import (
    RUNNING_AFTER,
    check_system_disk,
    make_system_disk,
    sold_type,
)
from ackgpu.emulator.ecs.states import INSTANCE, wrong_state
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_public_address

MAX_MBPS = 200


@PRODUCT.operation("RebootInstance", writes=True, idempotent_by_token=False)
def reboot_instance(call: Call) -> None:
    """RebootInstance: a Running one is Starting until it runs again."""
    doc = instance(call, call.params.required("InstanceId"))
    if call.state(doc) != "Running" or doc.deleted_at is not None:
        raise wrong_state()
    INSTANCE.enter(doc, call.now, (0, "Starting"), (RUNNING_AFTER, "Running"))
    call.docs.put(doc)


@PRODUCT.operation("ModifyInstanceSpec", writes=True)
def modify_instance_spec(call: Call) -> None:
    """ModifyInstanceSpec: of what is paid by use; another type needs it Stopped."""
    doc = _paid(call, "PostPaid")
    if call.params.text("InstanceType"):
        _change_type(call, doc)
    if call.params.text("InternetMaxBandwidthOut"):
        _change_bandwidth(call, doc)
    call.docs.put(doc)


@PRODUCT.operation("ModifyPrepayInstanceSpec", writes=True)
def modify_prepay_instance_spec(call: Call) -> dict[str, Any]:
    """ModifyPrepayInstanceSpec: another type of a subscription, by an order."""
    call.params.required("InstanceType")
    doc = _paid(call, "PrePaid")
    _change_type(call, doc)
    call.docs.put(doc)
    return {"OrderId": billing_methods.new_order_id(call)}


def _paid(call: Call, charge_type: str) -> Doc:
    doc = instance(call, call.params.required("InstanceId"))
    billing_methods.refuse_converting(call, doc)
    billing_methods.refuse_unless(call, doc, charge_type)
    return doc


def _change_type(call: Call, doc: Doc) -> None:
    """To a type that the zone has, whose family takes the system disk, within the quota."""
    wanted = call.params["InstanceType"]
    if call.state(doc) != "Stopped":
        raise wrong_state()
    if wanted == doc.body["InstanceType"]:
        return
    row = sold_type(call, wanted, doc.body["ZoneId"])
    disk = call.docs.get("disk", doc.body["SystemDiskId"])
    if disk is not None:
        check_system_disk(row, disk.body["Category"], disk.body["Size"])
    spot = doc.body["SpotStrategy"] != "NoSpot"
    paying = "Spot" if spot else billing_methods.charge_type(call, doc)
    doc.body["InstanceType"] = ""
    call.docs.put(doc)  # what it used of a quota is free
    check_quota(call, row, doc.region, paying, at=call.now)
    doc.body["InstanceType"] = wanted


@PRODUCT.operation("ModifyInstanceNetworkSpec", writes=True)
def modify_instance_network_spec(call: Call) -> dict[str, Any]:
    """ModifyInstanceNetworkSpec: the bandwidth to the Internet, and a public address for it."""
    doc = instance(call, call.params.required("InstanceId"))
    if call.params.text("InternetMaxBandwidthOut"):
        _change_bandwidth(call, doc)
    doc.body["InternetChargeType"] = call.params.text(
        "NetworkChargeType", doc.body["InternetChargeType"]
    )
    if call.params.boolean("AllocatePublicIp") and not doc.body["PublicIpAddress"]:
        doc.body["PublicIpAddress"] = take_public_address(call, doc.id, call.now)
    call.docs.put(doc)
    return {"OrderId": billing_methods.new_order_id(call)}


def _change_bandwidth(call: Call, doc: Doc) -> None:
    text = call.params["InternetMaxBandwidthOut"]
    if not text.isdecimal() or int(text) > MAX_MBPS:
        raise ApiError(
            "InvalidInternetMaxBandwidthOut.ValueNotSupported",
            'The specified parameter "InternetMaxBandwidthOut" is not valid.',
        )
    doc.body["InternetMaxBandwidthOut"] = int(text)


@PRODUCT.operation("AllocatePublicIpAddress", writes=True, idempotent_by_token=False)
def allocate_public_ip_address(call: Call) -> dict[str, Any]:
    """AllocatePublicIpAddress: to an instance with bandwidth that has none."""
    doc = instance(call, call.params.required("InstanceId"))
    if call.state(doc) not in {"Running", "Stopped"}:
        raise wrong_state()
    if doc.body["PublicIpAddress"]:
        raise ApiError("AllocatedAlready", "The IP is already allocated.", 403)
    if not doc.body["InternetMaxBandwidthOut"]:
        raise ApiError(
            "InvalidInternetMaxBandwidthOut.ValueNotSupported",
            'The specified parameter "InternetMaxBandwidthOut" is not valid.',
        )
    doc.body["PublicIpAddress"] = take_public_address(call, doc.id, call.now)
    call.docs.put(doc)
    return {"IpAddress": doc.body["PublicIpAddress"]}


@PRODUCT.operation("ReplaceSystemDisk", writes=True)
def replace_system_disk(call: Call) -> dict[str, Any]:
    """ReplaceSystemDisk: a Stopped instance gets a new disk of the image; the old one goes."""
    params = call.params
    doc = instance(call, params.required("InstanceId"))
    image_id = params.required("ImageId")
    if call.state(doc) != "Stopped":
        raise wrong_state()
    if not any(row["id"] == image_id for row in catalog.images()):
        raise ApiError("InvalidImageId.NotFound", "The specified ImageId does not exist.", 404)
    old = call.docs.get("disk", doc.body["SystemDiskId"])
    row = catalog.instance_type(doc.body["InstanceType"])
    if old is None or row is None:
        raise ApiError(
            "InvalidInstance.NotFoundSystemDisk",
            "The specified instance does not have system disk.",
            404,
        )
    size = params.integer("SystemDisk.Size", old.body["Size"])
    check_system_disk(row, old.body["Category"], size)
    old.deleted_at = call.now
    call.docs.put(old)
    new = make_system_disk(call, doc, old.body["Category"], size)
    new.created_at, new.body["phases"] = call.now, [[call.now, "In_use"]]
    call.docs.put(new)
    doc.body |= {"SystemDiskId": new.id, "ImageId": image_id}
    doc.body["KeyPairName"] = params.text("KeyPairName", doc.body["KeyPairName"])
    call.docs.put(doc)
    return {"DiskId": new.id}
