"""Reading elastic IP addresses."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import key_value_tags, stamp, tagged
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.dry_run import end_dry_run

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
