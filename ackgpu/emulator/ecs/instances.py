"""Making and removing instances: what RunInstances and Container Service share.

An instance takes about 20 s to run (measured on a vGPU type: 15 s for the request, 4 s to the
kernel) and about 10 s to go. Its system disk and primary network interface come and go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator import catalog, limits
from ackgpu.emulator.ecs import stock
from ackgpu.emulator.ecs.states import INSTANCE
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.lifecycle import state_at
from ackgpu.emulator.operation import Call
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
VGPU_QUOTAS = {
    "PostPaid": "vgpu_instances",
    "PrePaid": "vgpu_prepaid_instances",
    "Spot": "vgpu_spot_instances",
}


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
    if catalog.is_vgpu(row):
        check_vgpu_quota(call, region, quota, at=begin)
    elif quota == "PostPaid":
        check_vcpu_quota(call, row, region, at=begin)
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
    doc.body["SystemDiskId"] = _system_disk(call, doc, category, disk_size).id
    doc.body["NetworkInterfaceId"] = _primary_interface(call, doc, vswitch).id
    return call.docs.put(doc)


def remove_instance(call: Call, doc: Doc, at: float | None = None) -> None:
    """Stop the instance at ``at`` and let it go with its disk and interface soon after."""
    begin = call.now if at is None else at
    if state_at(doc.body["phases"], begin) not in {"Stopping", "Stopped"}:
        doc.body["phases"] = INSTANCE.then(doc.body["phases"], begin, (0, "Stopping"))
    doc.gone = begin + GONE_AFTER
    call.docs.put(doc)
    _remove_disks(call, doc)
    for eni_id in (doc.body["NetworkInterfaceId"], *doc.body.get("OtherInterfaceIds", ())):
        eni = call.docs.get("eni", eni_id)
        if eni is not None:
            eni.gone = doc.gone
            call.docs.put(eni)


def _remove_disks(call: Call, doc: Doc) -> None:
    """Disks that are released with their instance go; the others become Available."""
    for disk in call.docs.find("disk", scope=doc.id):
        if disk.body["DeleteWithInstance"]:
            disk.gone = doc.gone
        else:
            disk.scope = ""
            disk.body["phases"].append([doc.gone, "Available"])
        call.docs.put(disk)


def sold_type(call: Call, type_id: str, zone: str) -> dict[str, Any]:
    """The instance type, which the zone sells and has; refuses as RunInstances does."""
    row = catalog.instance_type(type_id)
    if row is None:
        raise ApiError(
            "InvalidInstanceType.ValueNotSupported",
            f"The instance type {type_id} does not exist or is not available to the account.",
            403,
        )
    status = stock.left(call, zone, type_id)
    if status is None:
        raise ApiError("Zone.NotOnSale", f"{type_id} is not sold in the zone {zone}.", 403)
    if status not in catalog.SOLD:
        raise ApiError(
            "OperationDenied.NoStock", f"{type_id} is out of stock in the zone {zone}.", 403
        )
    return row


def check_system_disk(row: dict[str, Any], category: str, size: int) -> None:
    """Refuse a system disk that the family does not take, or a size outside of 20 to 2048 GiB."""
    if category not in row["disks"]:
        raise ApiError(
            "InvalidSystemDiskCategory.ValueNotSupported",
            f"The system disk category {category} does not go with {row['id']}.",
        )
    if not DISK_GIB[0] <= size <= DISK_GIB[1]:
        raise ApiError(
            "InvalidSystemDiskSize.ValueNotSupported", "The system disk size is out of range."
        )


def check_vgpu_quota(call: Call, region: str, charge_type: str, *, at: float) -> None:
    """Refuse where the region's vGPU instances of that way of paying are used up.

    The quota counts instances of the vgn and sgn families, not vCPUs (Quota Center, ecs-spec).
    """
    name = VGPU_QUOTAS[charge_type]
    if call.docs.count(KIND, at=at, region=region) < limits.limit(call, name, region):
        return
    limits.refuse_over(
        call,
        name,
        vgpu_instances(call, region, charge_type, at=at),
        1,
        "QuotaExceed.ElasticQuota",
        f"The vGPU instances of {region} would exceed the account's quota.",
        403,
        region=region,
    )


def check_vcpu_quota(call: Call, row: dict[str, Any], region: str, *, at: float) -> None:
    """Refuse where the region's pay-as-you-go vCPUs are used up; vGPU types do not count."""
    limits.refuse_over(
        call,
        "postpaid_vcpus",
        used_vcpus(call, region, at=at),
        row["cpu"],
        "QuotaExceed.ElasticQuota",
        f"The vCPUs of {region} would exceed the account's quota.",
        403,
        region=region,
    )


def used_vcpus(call: Call, region: str, *, spot: bool = False, at: float | None = None) -> int:
    """The vCPUs of the region's pay-as-you-go (or spot) instances that are no vGPU types."""
    count = 0
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        is_spot = doc.body["SpotStrategy"] != "NoSpot"
        paid_by_use = doc.body["InstanceChargeType"] == "PostPaid" and is_spot == spot
        if row is not None and paid_by_use and not catalog.is_vgpu(row):
            count += row["cpu"]
    return count


def vgpu_instances(call: Call, region: str, charge_type: str, *, at: float | None = None) -> int:
    """How many vGPU instances of that way of paying (PostPaid, PrePaid, Spot) there are."""
    count = 0
    for doc in call.docs.find(KIND, at=call.now if at is None else at, region=region):
        row = catalog.instance_type(doc.body["InstanceType"])
        spot = doc.body["SpotStrategy"] != "NoSpot"
        paying = "Spot" if spot else doc.body["InstanceChargeType"]
        count += row is not None and catalog.is_vgpu(row) and paying == charge_type
    return count


def _system_disk(call: Call, doc: Doc, category: str, size: int) -> Doc:
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
        "phases": [[doc.born, "In_use"]],
    }
    disk_id = call.new_id("d-bp1", 17)
    return call.docs.put(Doc("disk", disk_id, doc.region, doc.id, "", doc.born, None, body))


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
    eni.born = doc.born
    eni.body |= {"InstanceId": doc.id, "Type": "Primary", "phases": [[doc.born, "InUse"]]}
    return call.docs.put(eni)
