"""The operations on elastic IP addresses, but for binding."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import (
    checked_description,
    checked_name,
    key_value_tags,
    stamp,
    tagged,
)
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.dry_run import end_dry_run
from ackgpu.emulator.vpc.eips import make_eip, remove_eip
from ackgpu.emulator.vpc.product import PRODUCT
from ackgpu.emulator.vpc.tags import TAGGING

MAX_MBPS = {"PayByBandwidth": 500, "PayByTraffic": 200}
DEFAULT_MBPS = 5
MAX_IDS = 50
BOUND = frozenset({"Associating", "InUse", "Unassociating"})


@PRODUCT.operation("AllocateEipAddress", writes=True)
def allocate_eip_address(call: Call) -> dict[str, Any]:
    """AllocateEipAddress: Available at once."""
    return _allocate(call)


@PRODUCT.operation("AllocateEipAddressPro", writes=True)
def allocate_eip_address_pro(call: Call) -> dict[str, Any]:
    """AllocateEipAddressPro: as AllocateEipAddress; no address can be requested by name."""
    if call.params.text("IpAddress") or call.params.text("InstanceId"):
        raise ApiError("ResourceNotFound.Ip", "The specified ip is not found.")
    return _allocate(call)


def _allocate(call: Call) -> dict[str, Any]:
    params = call.params
    charge_type = params.text("InternetChargeType", "PayByBandwidth")
    doc = make_eip(
        call,
        region=call.region,
        name=checked_name(call, "Name", "InvalidEipAddressName.Malformed"),
        bandwidth=_mbps(call, charge_type, DEFAULT_MBPS),
        tags=TAGGING.new_tags(call),
    )
    doc.body |= {
        "InternetChargeType": charge_type,
        "ChargeType": params.text("InstanceChargeType", "PostPaid"),
        "ISP": params.text("ISP", "BGP"),
        "Description": checked_description(call),
    }
    call.docs.put(doc)
    return {
        "AllocationId": doc.id,
        "EipAddress": doc.body["IpAddress"],
        "OrderId": 0,
        "ResourceGroupId": RESOURCE_GROUP,
    }


def _mbps(call: Call, charge_type: str, default: int) -> int:
    """The bandwidth, which travels as text; refuses with InvalidBandwidth.Malformed."""
    text = call.params.text("Bandwidth", str(default))
    most = MAX_MBPS.get(charge_type, 0)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ApiError("InvalidBandwidth.Malformed", "The specified Bandwidth is invalid.")
    return int(text)


def living_eip(call: Call) -> Doc:
    """The EIP that AllocationId names; refuses with InvalidAllocationId.NotFound (404)."""
    doc = call.alive("eip", call.params.required("AllocationId"))
    if doc is None:
        raise ApiError("InvalidAllocationId.NotFound", "Specified allocation ID is not found.", 404)
    return doc


def incorrect_status() -> ApiError:
    """The EIP is in a state that does not allow the operation."""
    return ApiError(
        "IncorrectEipStatus", "Current elastic IP status does not support this operation"
    )


@PRODUCT.operation("ModifyEipAddressAttribute", writes=True, idempotent_by_token=False)
def modify_eip_address_attribute(call: Call) -> dict[str, Any]:
    """ModifyEipAddressAttribute: only what is supplied changes."""
    doc = living_eip(call)
    if call.state(doc) not in {"Available", "InUse"}:
        raise incorrect_status()
    mbps = _mbps(call, doc.body["InternetChargeType"], int(doc.body["Bandwidth"]))
    doc.body["Bandwidth"] = str(mbps)
    if call.params.text("Name"):
        doc.name = checked_name(call, "Name", "InvalidEipAddressName.Malformed")
    if "Description" in call.params:
        doc.body["Description"] = checked_description(call)
    call.docs.put(doc)
    return {}


@PRODUCT.operation("ReleaseEipAddress", writes=True, idempotent_by_token=False)
def release_eip_address(call: Call) -> dict[str, Any]:
    """ReleaseEipAddress: only a pay-as-you-go one that is Available and not protected."""
    doc = living_eip(call)
    if doc.body["ChargeType"] != "PostPaid":
        raise ApiError("Forbidden.ChargeTypeIsPrepaid", "It's forbidden to release a prepaid EIP")
    if doc.body["DeletionProtection"]:
        raise ApiError(
            "InvalidOperation.DeletionProtection",
            "The instance cannnot delete because of deletion protecion.",
        )
    if call.state(doc) != "Available":
        raise incorrect_status()
    remove_eip(call, doc)
    return {}


@PRODUCT.operation("DescribeEipAddresses")
def describe_eip_addresses(call: Call) -> dict[str, Any]:
    """DescribeEipAddresses: pages of at most 100."""
    ids = call.params.comma_list("AllocationId")
    addresses = call.params.comma_list("EipAddress")
    if max(len(ids), len(addresses)) > MAX_IDS:
        raise ApiError("InstanceIdLength.Exceed", "InstanceId length is exceed")
    docs = [
        doc
        for doc in call.all("eip", ids=ids)
        if (not addresses or doc.body["IpAddress"] in addresses) and _wanted(call, doc)
    ]
    page, numbers = page_of(call, docs, most=100)
    end_dry_run(call)
    return {"EipAddresses": {"EipAddress": [_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    instance_id, instance_type = _binding(call, doc)
    return (
        params.fit(
            Status=call.state(doc),
            EipName=doc.name,
            AssociatedInstanceId=instance_id,
            AssociatedInstanceType=instance_type,
            ChargeType=doc.body["ChargeType"],
            ISP=doc.body["ISP"],
            ResourceGroupId=RESOURCE_GROUP,
        )
        and not params.text("LockReason")
        and tagged(call, doc, params.tags())
    )


def _binding(call: Call, doc: Doc) -> tuple[str, str]:
    """What the EIP is, or is just ceasing to be, bound to: id and type."""
    if call.state(doc) not in BOUND:
        return "", ""
    return doc.body["InstanceId"], doc.body["InstanceType"]


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    instance_id, instance_type = _binding(call, doc)
    own = ("IpAddress", "Bandwidth", "InternetChargeType", "ChargeType", "ISP", "Netmode")
    return (
        {key: body[key] for key in own}
        | {
            "AllocationId": doc.id,
            "Name": doc.name,
            "Description": body["Description"],
            "Status": call.state(doc),
            "RegionId": doc.region,
            "AllocationTime": stamp(call, doc.created_at),
            "ExpiredTime": "",
            "BusinessStatus": "Normal",
            "ResourceGroupId": RESOURCE_GROUP,
            "DeletionProtection": body["DeletionProtection"],
            "InstanceId": instance_id,
            "InstanceType": instance_type,
            "InstanceRegionId": doc.region if instance_id else "",
            "EipBandwidth": body["Bandwidth"],
            "SecondLimited": False,
            "HDMonitorStatus": "OFF",
            "ServiceManaged": 0,
            "HasReservationData": "false",
            "OperationLocks": {"LockReason": []},
            "SecurityProtectionTypes": {"SecurityProtectionType": []},
            "Tags": key_value_tags(call, doc),
        }
        | dict.fromkeys(EMPTY, "")
    )


EMPTY = (
    "Mode",
    "PrivateIpAddress",
    "VpcId",
    "Zone",
    "BizType",
    "SegmentInstanceId",
    "PublicIpAddressPoolId",
    "BandwidthPackageId",
    "BandwidthPackageType",
    "BandwidthPackageBandwidth",
    "ReservationActiveTime",
    "ReservationBandwidth",
    "ReservationInternetChargeType",
    "ReservationOrderType",
)
"""Fields about features that the account does not use."""
