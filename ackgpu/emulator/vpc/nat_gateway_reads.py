"""Reading NAT gateways: DescribeNatGateways and GetNatGatewayAttribute."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared.fields import stamp, tag_key_tags, tagged
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.forward_entries import forward_entries

MAX_BANDWIDTH = 5120
MAX_SESSIONS = 2_000_000
MAX_NEW_SESSIONS = 100_000
"""Mbit/s, sessions, and new sessions a second of an enhanced gateway (DescribeNatGateways)."""


@PRODUCT.operation("DescribeNatGateways")
def describe_nat_gateways(call: Call) -> dict[str, Any]:
    """DescribeNatGateways, with tags.

    The schema lists tags; a client's comment says that they were not returned once (UNCONFIRMED).
    """
    ids = call.params.one("NatGatewayId")
    page, numbers = page_of(call, listing(call, "natgateway", _wanted, ids=ids, scope_by="VpcId"))
    call.end_dry_run()
    return {"NatGateways": {"NatGateway": [_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    return params.fit(
        Name=doc.name,
        Status=call.state(doc),
        NatType="Enhanced",
        InstanceChargeType="PostPaid",
        NetworkType=doc.body["NetworkType"],
        ZoneId=doc.body["ZoneId"],
        ResourceGroupId=RESOURCE_GROUP,
    ) and tagged(call, doc, params.tags())


def _common(call: Call, doc: Doc) -> dict[str, Any]:
    """What both readings show."""
    return {
        "NatGatewayId": doc.id,
        "Name": doc.name,
        "VpcId": doc.scope,
        "RegionId": doc.region,
        "Status": call.state(doc),
        "BusinessStatus": "Normal",
        "CreationTime": stamp(call, doc.created_at),
        "ExpiredTime": "",
        "Description": doc.body["Description"],
        "ResourceGroupId": RESOURCE_GROUP,
        "NatType": "Enhanced",
        "NetworkType": doc.body["NetworkType"],
        "EcsMetricEnabled": True,
        "PrivateLinkEnabled": False,
        "PrivateLinkMode": "",
    }


def _private_info(doc: Doc) -> dict[str, Any]:
    return {
        "VswitchId": doc.body["VSwitchId"],
        "IzNo": doc.body["ZoneId"],
        "PrivateIpAddress": doc.body["PrivateIpAddress"],
        "EniInstanceId": doc.body["EniInstanceId"],
        "MaxBandwidth": MAX_BANDWIDTH,
    }


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    address = {"PrivateIpAddress": body["PrivateIpAddress"], "SnatEntryEnabled": True}
    return _common(call, doc) | {
        "Spec": "",
        "AutoPay": False,
        "InstanceChargeType": "PostPaid",
        "InternetChargeType": "PayByLcu",
        "DeletionProtection": body["DeletionProtection"],
        "SecurityProtectionEnabled": False,
        "IcmpReplyEnabled": body["IcmpReplyEnabled"],
        "EipBindMode": body["EipBindMode"],
        "EnableSessionLog": "false",
        "IpLists": {"IpList": [row | address for row in _eips(call, doc)]},
        "SnatTableIds": {"SnatTableId": [body["SnatTableId"]]},
        "ForwardTableIds": {"ForwardTableId": [body["ForwardTableId"]]},
        "FullNatTableIds": {"FullNatTableId": [body["FullNatTableId"]]},
        "NatGatewayPrivateInfo": _private_info(doc)
        | {
            "MaxSessionQuota": MAX_SESSIONS,
            "MaxSessionEstablishRate": MAX_NEW_SESSIONS,
            "EniType": "indirect",
        },
        "Tags": tag_key_tags(call, doc),
    }


def _eips(call: Call, doc: Doc) -> list[dict[str, Any]]:
    """The EIPs bound to the gateway, and what uses each."""
    snat = _addresses(call.docs.find("snat", at=call.now, scope=doc.body["SnatTableId"]), "SnatIp")
    dnat = _addresses(forward_entries(call, doc), "ExternalIp")
    rows = []
    for eip in call.docs.find("eip", at=call.now, scope=doc.id):
        if call.state(eip) not in {"InUse", "Associating"}:
            continue
        address = eip.body["IpAddress"]
        use = "UsedBySnatTable" if address in snat else "idle"
        use = "UsedByForwardTable" if address in dnat else use
        rows.append({"IpAddress": address, "AllocationId": eip.id, "UsingStatus": use})
    return rows


def _addresses(docs: list[Doc], key: str) -> set[str]:
    return {address for doc in docs for address in doc.body[key].split(",")}


@PRODUCT.operation("GetNatGatewayAttribute")
def get_nat_gateway_attribute(call: Call) -> dict[str, Any]:
    """GetNatGatewayAttribute: flat lists. A missing id is InvalidNatGatewayId.NotFound (404)."""
    doc = call.alive("natgateway", call.params.required("NatGatewayId"))
    if doc is None:
        raise ApiError("InvalidNatGatewayId.NotFound", "The NatGatewayId not exist.", 404)
    body = doc.body
    snat = call.docs.find("snat", at=call.now, scope=body["SnatTableId"])
    dnat = forward_entries(call, doc)
    return _common(call, doc) | {
        "SnatTable": {"SnatTableId": body["SnatTableId"], "SnatEntryCount": len(snat)},
        "ForwardTable": {"ForwardTableId": body["ForwardTableId"], "ForwardEntryCount": len(dnat)},
        "FullNatTable": {"FullNatTableId": body["FullNatTableId"], "FullNatEntryCount": 0},
        "BillingConfig": {
            "InstanceChargeType": "PostPaid",
            "InternetChargeType": "PayByLcu",
            "AutoPay": "false",
            "Spec": "",
        },
        "PrivateInfo": _private_info(doc),
        "DeletionProtectionInfo": {"Enabled": body["DeletionProtection"]},
        "IpList": _eips(call, doc),
        "EnableSessionLog": False,
        "LogDelivery": {},
    }
