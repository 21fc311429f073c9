"""Elastic IP addresses, and what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import key_value_tags, minute_stamp, stamp, tagged
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import counted_in, refuse_over
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.addresses import take_public_address
from ackgpu.emulator.vpc.lifetimes import retire, set_going

LIFECYCLE = Lifecycle(
    "EIP",
    {
        "Available": "Associating Releasing",
        "Associating": "InUse Unassociating",
        "InUse": "Unassociating Releasing",
        "Unassociating": "Available Releasing",
    },
)


def make_eip(  # noqa: PLR0913 -- keyword-only, the agreed face between products
    call: Call,
    *,
    region: str,
    name: str,
    bandwidth: int,
    tags: Mapping[str, str],
    at: float | None = None,
    bound_to: str = "",
    bound_type: str = "",
) -> Doc:
    """An EIP from ``at``, already InUse where it is bound to something; ``bandwidth`` in Mbit/s.

    Raises QuotaExceeded.Eip.
    """
    start = call.now if at is None else at
    counted = counted_in(call, "eips", region)
    refuse_over(
        call,
        "eips",
        call.docs.count_lasting("eip", at=start, region=counted or None),
        region=counted,
    )
    eip_id = call.new_id("eip-bp1", 19)
    doc = Doc("eip", eip_id, region, bound_to, name, start)
    doc.body = {
        "IpAddress": take_public_address(call, eip_id, start),
        "Bandwidth": str(bandwidth),
        "InternetChargeType": "PayByTraffic",
        "ChargeType": "PostPaid",
        "ISP": "BGP",
        "Netmode": "public",
        "Description": "",
        "DeletionProtection": False,
        "InstanceId": bound_to,
        "InstanceType": bound_type,
        "Tags": dict(tags),
        "phases": LIFECYCLE.course(start, (0, "InUse" if bound_to else "Available")),
    }
    return set_going(call, doc)


def bind_eip(call: Call, doc: Doc, instance_id: str, instance_type: str) -> None:
    """Begin to bind an Available EIP."""
    doc.scope = instance_id
    doc.body |= {"InstanceId": instance_id, "InstanceType": instance_type}
    LIFECYCLE.enter(doc, call.now, (0, "Associating"), (durations.EIP_BINDING, "InUse"))
    set_going(call, doc)


def unbind_eip(call: Call, doc: Doc) -> None:
    """Begin to unbind an EIP; its scope is free at once, its state follows."""
    doc.scope = ""
    LIFECYCLE.enter(doc, call.now, (0, "Unassociating"), (durations.EIP_UNBINDING, "Available"))
    set_going(call, doc)


def remove_eip(call: Call, doc: Doc, at: float | None = None) -> None:
    """Release the EIP from ``at``, bound or not: what may be released is the caller's business."""
    start = call.now if at is None else at
    retire(call, doc, LIFECYCLE, start, ("Releasing", durations.EIP_RELEASING))


MAX_IDS = 50
BOUND = frozenset({"Associating", "InUse", "Unassociating"})
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
    call.end_dry_run()
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
            SegmentInstanceId="",
            PublicIpAddressPoolId="",
        )
        and not params.text("LockReason")
        and not params.boolean("SecurityProtectionEnabled")
        and not params.boolean("ServiceManaged")
        and _born_within(call, doc)
        and tagged(call, doc, params.tags())
    )


def _born_within(call: Call, doc: Doc) -> bool:
    """Whether it was allocated between the filters' minutes, CreationStartTime and -EndTime."""
    bounds = {row.get("Key"): row.get("Value", "") for row in call.params.objects("Filter")}
    born = minute_stamp(call, doc.created_at)
    after, before = bounds.get("CreationStartTime"), bounds.get("CreationEndTime")
    return (not after or after <= born) and (not before or born <= before)


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
