"""vSwitches: made, read and removed. A VPC does one such operation at a time."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import (
    checked_description,
    checked_name,
    key_value_tags,
    stamp,
    tagged,
)
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.addresses import address_owners, free_addresses
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going
from ackgpu.emulator.vpc.tags import TAGGING
from ackgpu.emulator.vpc.vpcs import MAX_IDS, living_vpc

LIFECYCLE = Lifecycle("vSwitch", {"Pending": "Available", "Available": "Pending"})
MASKS = range(16, 30)
"""Mask lengths that a vSwitch may have (CreateVSwitch)."""


@PRODUCT.operation("CreateVSwitch", writes=True)
def create_vswitch(call: Call) -> dict[str, Any]:
    """CreateVSwitch: answers at once, the vSwitch is Pending for some seconds."""
    vpc = living_vpc(call, call.params.required("VpcId"))
    zone = call.params.required("ZoneId")
    if zone not in catalog.zones(vpc.region):
        raise ApiError("InvalidZoneId.NotFound", "Specified zone does not exist.", 404)
    cidr = _cidr_in(vpc, call.params.required("CidrBlock"))
    if call.state(vpc) != "Available":
        raise ApiError("IncorrectVpcStatus", "Current VPC status does not support this operation.")
    refuse_busy(call, vpc.id)
    siblings = lasting(call, "vswitch", call.now, scope=vpc.id)
    refuse_over(call, "vswitches_per_vpc", len(siblings), region=vpc.region)
    _refuse_overlap(call, vpc, cidr, siblings)
    doc = Doc(
        "vswitch",
        call.new_id("vsw-bp1", 18),
        vpc.region,
        vpc.id,
        checked_name(call, "VSwitchName", "InvalidVSwitchName.Malformed"),
        call.now,
    )
    doc.body = {
        "CidrBlock": str(cidr),
        "ZoneId": zone,
        "Description": checked_description(call, "InvalidVSwitchDiscription.Malformed"),
        "Tags": TAGGING.new_tags(call),
        "phases": LIFECYCLE.course(
            call.now, (0, "Pending"), (durations.VSWITCH_CREATING, "Available")
        ),
    }
    set_going(call, doc)
    return {"VSwitchId": doc.id}


def _cidr_in(vpc: Doc, text: str) -> IPv4Network:
    """The block, inside the VPC's; refuses with InvalidCidrBlock.Malformed."""
    refusal = ApiError("InvalidCidrBlock.Malformed", "Specified CIDR block is not valid.")
    try:
        network = IPv4Network(text)
    except ValueError:
        raise refusal from None
    inside = network.subnet_of(IPv4Network(vpc.body["CidrBlock"]))
    if not inside or network.prefixlen not in MASKS:
        raise refusal
    return network


def refuse_busy(call: Call, vpc_id: str) -> None:
    """Refuse with TaskConflict while a vSwitch of the VPC is being made or removed."""
    for doc in call.docs.find("vswitch", at=call.now, scope=vpc_id):
        if call.state(doc) == "Pending":
            raise ApiError(
                "TaskConflict",
                f"The operation on VPC {vpc_id} is too frequent: another one is in progress.",
            )


def _refuse_overlap(call: Call, vpc: Doc, cidr: IPv4Network, siblings: list[Doc]) -> None:
    if any(cidr.overlaps(IPv4Network(doc.body["CidrBlock"])) for doc in siblings):
        raise ApiError(
            "InvalidCidrBlock.Overlapped", "Specified CIDR block overlapped with other subnets."
        )
    for table in lasting(call, "routetable", call.now, scope=vpc.id):
        entries = lasting(call, "route", call.now, scope=table.id)
        if any(entry.body["DestinationCidrBlock"] == str(cidr) for entry in entries):
            raise ApiError("RouteConflict.AlreadyExist", "Route conflict exists in routing table.")


@PRODUCT.operation("DescribeVSwitches")
def describe_vswitches(call: Call) -> dict[str, Any]:
    """DescribeVSwitches of a VPC or of a region: unknown ids give an empty page."""
    if not call.params.text("VpcId") and not call.params.text("RegionId"):
        raise missing("RegionId")
    ids = call.params.comma_list("VSwitchId")
    if len(ids) > MAX_IDS:
        raise ApiError(
            "InvalidVSwitchIdNumber.NotSupported", "The number of vSwitchIds exceeds the limit."
        )
    page, numbers = page_of(call, listing(call, "vswitch", _wanted, ids=ids, scope_by="VpcId"))
    call.end_dry_run()
    return {"VSwitches": {"VSwitch": [vswitch_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    table = params.text("RouteTableId")
    return (
        params.fit(
            ZoneId=doc.body["ZoneId"],
            VSwitchName=doc.name,
            ResourceGroupId=RESOURCE_GROUP,
            VSwitchOwnerId=call.caller.account_id,
        )
        and (not table or _route_table(call, doc)["RouteTableId"] == table)
        and not params.boolean("IsDefault")
        and not params.boolean("EnableIpv6")
        and tagged(call, doc, params.tags())
    )


def vswitch_row(call: Call, doc: Doc) -> dict[str, Any]:
    """A vSwitch as DescribeVSwitches shows it."""
    return {
        "VSwitchId": doc.id,
        "VSwitchName": doc.name,
        "VpcId": doc.scope,
        "ZoneId": doc.body["ZoneId"],
        "CidrBlock": doc.body["CidrBlock"],
        "Status": call.state(doc),
        "Description": doc.body["Description"],
        "CreationTime": stamp(call, doc.created_at),
        "AvailableIpAddressCount": free_addresses(call, doc),
        "IsDefault": False,
        "OwnerId": int(call.caller.account_id),
        "ResourceGroupId": RESOURCE_GROUP,
        "NetworkAclId": "",
        "ShareType": "",
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "Tags": key_value_tags(call, doc),
        "RouteTable": _route_table(call, doc),
    }


def _route_table(call: Call, doc: Doc) -> dict[str, str]:
    vpc = call.docs.get("vpc", doc.scope)
    return {
        "RouteTableId": vpc.body["route_table_id"] if vpc else "",
        "RouteTableType": "System",
    }


@PRODUCT.operation("DescribeVSwitchAttributes")
def describe_vswitch_attributes(call: Call) -> dict[str, Any]:
    """DescribeVSwitchAttributes. A missing id is answered with an empty one, and no error.

    Terraform's provider takes an empty VSwitchId, and no code, for the end of a deletion. The page
    lists InvalidVSwitchId.NotFound (400).
    """
    doc = call.alive("vswitch", call.params.required("VSwitchId"))
    call.end_dry_run()
    return _no_vswitch() if doc is None else vswitch_row(call, doc)


def _no_vswitch() -> dict[str, Any]:
    """The attributes of a vSwitch that does not exist."""
    names = ("VSwitchId", "VSwitchName", "VpcId", "ZoneId", "CidrBlock", "Status", "Description")
    others = ("CreationTime", "ResourceGroupId", "NetworkAclId", "ShareType", "Ipv6CidrBlock")
    return dict.fromkeys(names + others, "") | {
        "AvailableIpAddressCount": 0,
        "IsDefault": False,
        "EnabledIpv6": False,
        "Tags": {"Tag": []},
    }


@PRODUCT.operation("ModifyVSwitchAttribute", writes=True, idempotent_by_token=False)
def modify_vswitch_attribute(call: Call) -> None:
    """ModifyVSwitchAttribute: only what is supplied changes."""
    doc = call.alive("vswitch", call.params.required("VSwitchId"))
    if doc is None:
        raise ApiError("InvalidVSwitchId.NotFound", "VSwitch not exist.", 404)
    if call.params.text("VSwitchName"):
        doc.name = checked_name(call, "VSwitchName", "InvalidVSwitchName.Malformed")
    if "Description" in call.params:
        doc.body["Description"] = checked_description(call, "InvalidVSwitchDiscription.Malformed")
    call.docs.put(doc)


@PRODUCT.operation("DeleteVSwitch", writes=True, idempotent_by_token=False)
def delete_vswitch(call: Call) -> None:
    """DeleteVSwitch: refused while anything is in it; then Pending for some seconds, then gone."""
    doc = call.alive("vswitch", call.params.required("VSwitchId"))
    if doc is None:
        raise ApiError("InvalidVSwitchId.NotFound", "VSwitch not exist.", 404)
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorrectVSwitchStatus", "Some virtual switch is modifying within the same VPC."
        )
    refuse_busy(call, doc.scope)
    _refuse_dependents(call, doc)
    retire(call, doc, LIFECYCLE, call.now, ("Pending", durations.VSWITCH_DELETING))
    call.end_dry_run()


def _refuse_dependents(call: Call, doc: Doc) -> None:
    for gateway in lasting(call, "natgateway", call.now, scope=doc.scope):
        entries = lasting(call, "snat", call.now, scope=gateway.body["SnatTableId"])
        if any(entry.body["SourceVSwitchId"] == doc.id for entry in entries):
            raise ApiError(
                "DependencyViolation.SnatEntry",
                "VSwitch cannot be deleted when snat entry exist.",
            )
        if gateway.body["VSwitchId"] == doc.id:
            raise ApiError(
                "DependencyViolation.EnhancedNatgw", "VSwitch cannot be deleted when natgw exist."
            )
    if address_owners(call, doc.id) or lasting(call, "eni", call.now, scope=doc.id):
        raise ApiError(
            "DependencyViolation", "Resources deployed in the vSwitch have not been deleted."
        )
