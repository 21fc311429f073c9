"""Elastic network interfaces: secondary ones are made, attached, detached, changed and deleted."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.instances import make_interface
from ackgpu.emulator.ecs.pages import page
from ackgpu.emulator.ecs.security_groups import security_group
from ackgpu.emulator.ecs.tags import has_tags, new_tags, tag_rows
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.addresses import take_address

KIND = "eni"
ATTACHED_AFTER = 5.0
CREATED = (
    "NetworkInterfaceId",
    "NetworkInterfaceName",
    "Description",
    "Status",
    "Type",
    "VpcId",
    "VSwitchId",
    "ZoneId",
    "OwnerId",
    "MacAddress",
    "PrivateIpAddress",
    "Ipv6Sets",
    "SecurityGroupIds",
    "ResourceGroupId",
    "ServiceManaged",
    "Tags",
)
"""What CreateNetworkInterface shows of what DescribeNetworkInterfaces does."""


@PRODUCT.operation("CreateNetworkInterface", writes=True)
def create_network_interface(call: Call) -> dict[str, Any]:
    """CreateNetworkInterface: a secondary one, with an address of the vSwitch."""
    vswitch_id = call.params.required("VSwitchId")
    vswitch = call.alive("vswitch", vswitch_id)
    if vswitch is None:
        raise ApiError("InvalidVSwitchId.NotFound", "Specified virtual switch does not exist.", 404)
    group_ids = call.params.listed("SecurityGroupIds") or [call.params.required("SecurityGroupId")]
    for group_id in group_ids:
        if security_group(call, group_id).scope != vswitch.scope:
            raise ApiError("InvalidOperation.VpcMismatch", f"{group_id} is in another VPC.", 403)
    eni_id = call.new_id("eni-bp1", 17)
    doc = make_interface(
        call,
        eni_id,
        vswitch,
        address=take_address(call, vswitch, eni_id),
        security_group_ids=group_ids,
    )
    doc.name = call.params.text("NetworkInterfaceName")
    doc.body["Description"] = call.params.text("Description")
    doc.body["Tags"] = new_tags(call)
    _switch(call, doc)
    row = interface_row(call, call.docs.put(doc))
    address = {"PrivateIpAddress": row["PrivateIpAddress"], "Primary": True}
    return {key: row[key] for key in CREATED} | {"PrivateIpSets": {"PrivateIpSet": [address]}}


def _switch(call: Call, doc: Doc) -> None:
    """Take over what is on or off; what is not given stays."""
    for name in ("DeleteOnRelease", "SourceDestCheck"):
        if name in call.params:
            doc.body[name] = call.params.boolean(name)


@PRODUCT.operation("AttachNetworkInterface", writes=True, idempotent_by_token=False)
def attach_network_interface(call: Call) -> None:
    """AttachNetworkInterface: to an instance of the same zone with room for it."""
    doc = own_interface(call)
    instance = call.alive("instance", call.params.required("InstanceId"))
    if instance is None:
        raise ApiError(
            "InvalidInstanceId.NotFound", "The specified InstanceId does not exist.", 404
        )
    if call.state(doc) != "Available":
        raise ApiError("InvalidOperation.InvalidEniState", f"{doc.id} is not Available.")
    if instance.body["ZoneId"] != doc.body["ZoneId"]:
        raise ApiError(
            "InvalidOperation.AvailabilityZoneMismatch", f"{doc.id} is in another zone.", 403
        )
    others = instance.body.setdefault("OtherInterfaceIds", [])
    room = (catalog.instance_type(instance.body["InstanceType"]) or {})["eni"] - 1
    if len(others) >= room:
        raise ApiError("EniPerInstanceLimitExceeded", f"{instance.id} has no room for it.", 403)
    others.append(doc.id)
    call.docs.put(instance)
    doc.body["InstanceId"] = instance.id
    doc.body["phases"] += [[call.now, "Attaching"], [call.now + ATTACHED_AFTER, "InUse"]]
    call.docs.put(doc)


@PRODUCT.operation("DescribeNetworkInterfaces")
def describe_network_interfaces(call: Call) -> dict[str, Any]:
    """DescribeNetworkInterfaces, by NextToken and MaxResults (10 to 500) or by page numbers."""
    ids = call.params.listed("NetworkInterfaceId")
    docs = listing(call, KIND, _wanted, ids=ids, scope_by="VSwitchId")
    some, numbers = page(call, docs, low=10, high=500)
    rows = [interface_row(call, doc) for doc in some]
    return {"NetworkInterfaceSets": {"NetworkInterfaceSet": rows}, **numbers}


def _wanted(call: Call, doc: Doc) -> bool:
    params, body = call.params, doc.body
    addresses = params.listed("PrivateIpAddress")
    group = params.text("SecurityGroupId")
    fields = ("VpcId", "VSwitchId", "InstanceId", "Type")
    return (
        params.fit(**{name: body[name] for name in fields})
        and (not addresses or body["PrivateIpAddress"] in addresses)
        and params.text("PrimaryIpAddress", body["PrivateIpAddress"]) == body["PrivateIpAddress"]
        and (not group or group in body["SecurityGroupIds"])
        and params.fit(Status=call.state(doc), NetworkInterfaceName=doc.name)
        and params.boolean("ServiceManaged", default=body["ServiceManaged"])
        == body["ServiceManaged"]
        and has_tags(call, doc)
    )


def interface_row(call: Call, doc: Doc) -> dict[str, Any]:
    """The interface as DescribeNetworkInterfaces shows it."""
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
        "CreationTime": stamp(call, doc.created_at),
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
        "DeleteOnRelease": body.get("DeleteOnRelease", True),
        "SourceDestCheck": body.get("SourceDestCheck", False),
        "Tags": {"Tag": tag_rows(call, doc)},
    }


@PRODUCT.operation("DescribeNetworkInterfaceAttribute")
def describe_network_interface_attribute(call: Call) -> dict[str, Any]:
    """DescribeNetworkInterfaceAttribute: of a product's own, too."""
    return interface_row(call, _named_interface(call))


def _named_interface(call: Call) -> Doc:
    eni_id = call.params.required("NetworkInterfaceId")
    doc = call.alive(KIND, eni_id)
    if doc is None:
        raise ApiError("InvalidEniId.NotFound", f"There is no network interface {eni_id}.", 404)
    return doc


def own_interface(call: Call) -> Doc:
    """The account's own interface that NetworkInterfaceId names."""
    doc = _named_interface(call)
    if doc.body["ServiceManaged"]:
        raise ApiError(
            "InvalidOperation.EniServiceManaged", f"{doc.id} is managed by a cloud product.", 403
        )
    return doc


@PRODUCT.operation("DetachNetworkInterface", writes=True, idempotent_by_token=False)
def detach_network_interface(call: Call) -> None:
    """DetachNetworkInterface: a secondary one; it is Available some seconds later."""
    doc = own_interface(call)
    if doc.body["InstanceId"] != call.params.required("InstanceId"):
        raise ApiError("InvalidParameter.EniNotBelongEcs", f"{doc.id} is not bound to it.", 403)
    if doc.body["Type"] == "Primary":
        raise ApiError("InvalidOperation.DetachPrimaryEniNotAllowed", f"{doc.id} is primary.")
    instance = call.docs.get("instance", doc.body["InstanceId"])
    if instance is not None:
        instance.body["OtherInterfaceIds"].remove(doc.id)
        call.docs.put(instance)
    doc.body["InstanceId"] = ""
    doc.body["phases"] += [[call.now, "Detaching"], [call.now + ATTACHED_AFTER, "Available"]]
    call.docs.put(doc)


@PRODUCT.operation("DeleteNetworkInterface", writes=True, idempotent_by_token=False)
def delete_network_interface(call: Call) -> None:
    """DeleteNetworkInterface: only an Available one (InvalidOperation.InvalidEniState, 400)."""
    doc = own_interface(call)
    if call.state(doc) != "Available":
        raise ApiError("InvalidOperation.InvalidEniState", f"{doc.id} is not Available.")
    doc.deleted_at = call.now
    call.docs.put(doc)


@PRODUCT.operation("ModifyNetworkInterfaceAttribute", writes=True, idempotent_by_token=False)
def modify_network_interface_attribute(call: Call) -> None:
    """ModifyNetworkInterfaceAttribute: name, description, groups, whether its machine takes it."""
    params = call.params
    doc = own_interface(call)
    group_ids = params.listed("SecurityGroupId")
    for group_id in group_ids:
        if security_group(call, group_id).scope != doc.body["VpcId"]:
            raise ApiError("InvalidOperation.VpcMismatch", f"{group_id} is in another VPC.", 403)
    doc.name = params.text("NetworkInterfaceName", doc.name)
    doc.body["Description"] = params.get("Description", doc.body["Description"])
    doc.body["SecurityGroupIds"] = group_ids or doc.body["SecurityGroupIds"]
    _switch(call, doc)
    call.docs.put(doc)
    machine = call.docs.get("instance", doc.body["InstanceId"])
    if machine is not None and doc.body["Type"] == "Primary":
        machine.body["SecurityGroupIds"] = doc.body["SecurityGroupIds"]
        call.docs.put(machine)
