"""Making and removing instances: what RunInstances and Container Service share.

An instance takes about 20 s to run (measured on a vGPU type: 15 s for the request, 4 s to the
kernel) and about 10 s to go. Its system disk and primary network interface come and go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator.ecs import stock
from ackgpu.emulator.ecs.instance_quotas import check_quota
from ackgpu.emulator.ecs.states import INSTANCE
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.lifecycle import state_at
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_address

KIND = "instance"
STARTING_AFTER = 5.0
RUNNING_AFTER = 15.0
GONE_AFTER = 10.0
DEFAULT_DISK = "cloud_efficiency"
"""The system disk that ECS takes where none is named; not every family has it."""
DISK_GIB = (20, 2048)
PLAIN: dict[str, Any] = {
    "Description": "",
    "HostName": "",
    "UserData": "",
    "DeletionProtection": False,
    "ResourceGroupId": "",
    "InternetChargeType": "PayByTraffic",
    "InternetMaxBandwidthOut": 0,
    "PublicIpAddress": "",
    "SpotPriceLimit": 0.0,
    "PaidUntil": None,
    "StoppedMode": "Not-applicable",
}
"""What an instance is where nobody says otherwise."""


def make_instance(  # noqa: PLR0913 -- a record of what to make
    call: Call,
    *,
    region: str,
    vswitch: Doc,
    instance_type: str,
    name: str,
    tags: dict[str, str],
    charge_type: str = "PostPaid",
    security_group_ids: Sequence[str] = (),
    key_pair: str = "",
    disk_category: str = "",
    disk_size: int = 40,
    at: float | None = None,
    spot_strategy: str = "NoSpot",
) -> Doc:
    """A new instance that is Pending from ``at``, with its system disk and primary interface.

    Raises, in this order: the type is unknown or not sold in the vSwitch's zone
    (InvalidInstanceType.ValueNotSupported, Zone.NotOnSale), is out of stock there
    (OperationDenied.NoStock), the disk does not fit the family
    (InvalidSystemDiskCategory.ValueNotSupported), the vGPU quota is used up
    (QuotaExceed.ElasticQuota), the vSwitch has no address left.
    """
    begin = call.now if at is None else at
    category = disk_category or DEFAULT_DISK
    row = sold_type(call, instance_type, vswitch.body["ZoneId"])
    check_system_disk(row, category, disk_size)
    quota = "Spot" if spot_strategy != "NoSpot" else charge_type
    check_quota(call, row, region, quota, at=begin)
    doc = Doc(KIND, call.new_id("i-bp1", 17), region, vswitch.scope, name, begin)
    doc.body = {
        "InstanceType": instance_type,
        "ZoneId": vswitch.body["ZoneId"],
        "VpcId": vswitch.scope,
        "VSwitchId": vswitch.id,
        "InstanceChargeType": charge_type,
        "SpotStrategy": spot_strategy,
        "SecurityGroupIds": list(security_group_ids),
        "KeyPairName": key_pair,
        "PrivateIpAddress": take_address(call, vswitch, doc.id, begin),
        **PLAIN,
        "ImageId": catalog.images()[0]["id"],
        "Tags": dict(tags),
        "phases": INSTANCE.course(
            begin, (0, "Pending"), (STARTING_AFTER, "Starting"), (RUNNING_AFTER, "Running")
        ),
    }
    doc.body["SystemDiskId"] = make_system_disk(call, doc, category, disk_size).id
    doc.body["NetworkInterfaceId"] = _primary_interface(call, doc, vswitch).id
    return call.docs.put(doc)


def remove_instance(call: Call, doc: Doc, at: float | None = None) -> None:
    """Stop the instance at ``at`` and let it go with its disk and interface soon after."""
    begin = call.now if at is None else at
    if state_at(doc.body["phases"], begin) not in {"Stopping", "Stopped"}:
        INSTANCE.enter(doc, begin, (0, "Stopping"))
    doc.deleted_at = begin + GONE_AFTER
    call.docs.put(doc)
    _remove_disks(call, doc)
    for eni_id in (doc.body["NetworkInterfaceId"], *doc.body.get("OtherInterfaceIds", ())):
        eni = call.docs.get("eni", eni_id)
        if eni is not None:
            eni.deleted_at = doc.deleted_at
            call.docs.put(eni)


def _remove_disks(call: Call, doc: Doc) -> None:
    """Disks that are released with their instance go; the others become Available."""
    for disk in call.docs.find("disk", scope=doc.id):
        if disk.body["DeleteWithInstance"]:
            disk.deleted_at = doc.deleted_at
        else:
            disk.scope = ""
            disk.body["phases"].append([doc.deleted_at, "Available"])
        call.docs.put(disk)


def sold_type(call: Call, type_id: str, zone: str) -> dict[str, Any]:
    """The instance type, which the zone sells and has; refuses as RunInstances does."""
    row = catalog.instance_type(type_id)
    if row is None:
        raise ApiError(
            "InvalidInstanceType.ValueNotSupported",
            "The specified InstanceType does not exist or beyond the permitted range.",
            403,
        )
    status = stock.left(call, zone, type_id)
    if status is None:
        raise ApiError("Zone.NotOnSale", f"{type_id} is not sold in the zone {zone}.", 403)
    if status not in catalog.SOLD:
        raise ApiError("OperationDenied.NoStock", "The resource is out of usage.", 403)
    return row


def check_system_disk(row: dict[str, Any], category: str, size: int) -> None:
    """Refuse a system disk that the family does not take, or a size outside of 20 to 2048 GiB."""
    if category not in row["disks"]:
        raise ApiError(
            "InvalidSystemDiskCategory.ValueNotSupported",
            'The specified parameter "SystemDisk.Category" is not valid.',
        )
    if not DISK_GIB[0] <= size <= DISK_GIB[1]:
        raise ApiError(
            "InvalidSystemDiskSize.ValueNotSupported", "The system disk size is out of range."
        )


def make_system_disk(call: Call, doc: Doc, category: str, size: int) -> Doc:
    """The instance's system disk, which is in use from the instance's birth."""
    body = {
        "Category": category,
        "Size": size,
        "Type": "system",
        "ZoneId": doc.body["ZoneId"],
        "Device": "/dev/xvda",
        "DeleteWithInstance": True,
        "DiskChargeType": doc.body["InstanceChargeType"],
        "Description": "",
        "Tags": {},
        "phases": [[doc.created_at, "In_use"]],
    }
    disk_id = call.new_id("d-bp1", 17)
    return call.docs.put(Doc("disk", disk_id, doc.region, doc.id, "", doc.created_at, None, body))


def make_interface(
    call: Call, eni_id: str, vswitch: Doc, *, address: str, security_group_ids: Sequence[str]
) -> Doc:
    """A secondary interface in the vSwitch, which is Available and on no instance."""
    body = {
        "VpcId": vswitch.scope,
        "VSwitchId": vswitch.id,
        "ZoneId": vswitch.body["ZoneId"],
        "InstanceId": "",
        "PrivateIpAddress": address,
        "SecurityGroupIds": list(security_group_ids),
        "MacAddress": "00:16:3e:" + ":".join(call.new_hex(2) for _ in range(3)),
        "Type": "Secondary",
        "Description": "",
        "ServiceManaged": False,
        "Tags": {},
        "phases": [[call.now, "Available"]],
    }
    return call.docs.put(Doc("eni", eni_id, vswitch.region, vswitch.id, "", call.now, None, body))


def _primary_interface(call: Call, doc: Doc, vswitch: Doc) -> Doc:
    eni = make_interface(
        call,
        call.new_id("eni-bp1", 17),
        vswitch,
        address=doc.body["PrivateIpAddress"],
        security_group_ids=doc.body["SecurityGroupIds"],
    )
    eni.created_at = doc.created_at
    eni.body |= {"InstanceId": doc.id, "Type": "Primary", "phases": [[doc.created_at, "InUse"]]}
    return call.docs.put(eni)
