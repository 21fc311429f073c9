"""Elastic network interfaces: listed for leak checks, detached and deleted."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs.instants import seconds_text
from ackgpu.emulator.ecs.paging import page
from ackgpu.emulator.ecs.product import PRODUCT
from ackgpu.emulator.ecs.tagged import has_tags, tag_rows
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

KIND = "eni"
DETACHED_AFTER = 5.0


@PRODUCT.operation("DescribeNetworkInterfaces")
def describe_network_interfaces(call: Call) -> dict[str, Any]:
    """DescribeNetworkInterfaces, by NextToken and MaxResults (10 to 500) or by page numbers."""
    docs = [doc for doc in call.all(KIND) if _wanted(call, doc)]
    some, numbers = page(call, docs, low=10, high=500)
    rows = [_row(call, doc) for doc in some]
    return {"NetworkInterfaceSets": {"NetworkInterfaceSet": rows}, **numbers}


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    ids = params.listed("NetworkInterfaceId")
    addresses = params.listed("PrivateIpAddress")
    group = params.text("SecurityGroupId")
    fields = ("VpcId", "VSwitchId", "InstanceId", "Type")
    return (
        (not ids or doc.id in ids)
        and all(params.text(name, body[name]) == body[name] for name in fields)
        and (not addresses or body["PrivateIpAddress"] in addresses)
        and params.text("PrimaryIpAddress", body["PrivateIpAddress"]) == body["PrivateIpAddress"]
        and (not group or group in body["SecurityGroupIds"])
        and params.text("Status", call.state(doc)) == call.state(doc)
        and params.text("NetworkInterfaceName", doc.name) == doc.name
        and params.boolean("ServiceManaged", default=body["ServiceManaged"])
        == body["ServiceManaged"]
        and has_tags(call, doc)
    )


def _row(call: Call, doc: Doc) -> dict[str, Any]:
    body = doc.body
    address = body["PrivateIpAddress"]
    nothing = {"PublicIpAddress": "", "AllocationId": ""}
    primary = {"PrivateIpAddress": address, "Primary": True, "AssociatedPublicIp": nothing}
    return {
        "NetworkInterfaceId": doc.id,
        "NetworkInterfaceName": doc.name,
        "Description": body["Description"],
        "Status": call.state(doc),
        "Type": body["Type"],
        "CreationTime": seconds_text(call.instant(doc.born)),
        "VpcId": body["VpcId"],
        "VSwitchId": body["VSwitchId"],
        "ZoneId": body["ZoneId"],
        "InstanceId": body["InstanceId"],
        "OwnerId": call.caller.account_id,
        "MacAddress": body["MacAddress"],
        "PrivateIpAddress": address,
        "PrivateIpSets": {"PrivateIpSet": [primary]},
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "SecurityGroupIds": {"SecurityGroupId": body["SecurityGroupIds"]},
        "AssociatedPublicIp": nothing,
        "Attachment": {"DeviceIndex": 0, "InstanceId": body["InstanceId"]}
        | {"TrunkNetworkInterfaceId": "", "NetworkCardIndex": 0},
        "NetworkInterfaceTrafficMode": "Standard",
        "QueueNumber": 0,
        "QueuePairNumber": 0,
        "ResourceGroupId": "",
        "ServiceManaged": body["ServiceManaged"],
        "DeleteOnRelease": True,
        "Tags": {"Tag": tag_rows(doc)},
    }


def _interface(call: Call) -> Doc:
    eni_id = call.params.required("NetworkInterfaceId")
    doc = call.alive(KIND, eni_id)
    if doc is None:
        raise ApiError("InvalidEniId.NotFound", f"There is no network interface {eni_id}.", 404)
    if doc.body["ServiceManaged"]:
        raise ApiError(
            "InvalidOperation.EniServiceManaged", f"{eni_id} is managed by a cloud product.", 403
        )
    return doc


@PRODUCT.operation("DetachNetworkInterface", writes=True, tokened=False)
def detach_network_interface(call: Call) -> dict[str, Any]:
    """DetachNetworkInterface: a secondary one; it is Available some seconds later."""
    doc = _interface(call)
    if doc.body["InstanceId"] != call.params.required("InstanceId"):
        raise ApiError("InvalidParameter.EniNotBelongEcs", f"{doc.id} is not bound to it.", 403)
    if doc.body["Type"] == "Primary":
        raise ApiError("InvalidOperation.DetachPrimaryEniNotAllowed", f"{doc.id} is primary.")
    doc.body["InstanceId"] = ""
    doc.body["phases"] += [[call.now, "Detaching"], [call.now + DETACHED_AFTER, "Available"]]
    call.docs.put(doc)
    return {}


@PRODUCT.operation("DeleteNetworkInterface", writes=True, tokened=False)
def delete_network_interface(call: Call) -> dict[str, Any]:
    """DeleteNetworkInterface: only an Available one (InvalidOperation.InvalidEniState, 400)."""
    doc = _interface(call)
    if call.state(doc) != "Available":
        raise ApiError("InvalidOperation.InvalidEniState", f"{doc.id} is not Available.")
    doc.gone = call.now
    call.docs.put(doc)
    return {}
