"""VPCs: made, read, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
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
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import refuse_over
from ackgpu.emulator.shared.lists import listing
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.lifetimes import lasting, retire, set_going
from ackgpu.emulator.vpc.route_tables import make_route_table, remove_route_table
from ackgpu.emulator.vpc.tags import TAGGING

LIFECYCLE = Lifecycle(
    "VPC",
    {
        "Pending": "Available Pending",
        "Available": "Pending",
    },
)
DEFAULT_CIDR = "172.16.0.0/12"
MASKS = range(8, 29)
"""Mask lengths that a VPC may have (CreateVpc)."""
CLOSED = [
    IPv4Network(block)
    for block in ("100.64.0.0/10", "224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16")
]
"""Blocks that a VPC cannot have (CreateVpc)."""
MAX_IDS = 20


def make_vpc(call: Call, *, region: str, name: str, cidr: str, tags: Mapping[str, str]) -> Doc:
    """A VPC with its system route table, Pending from now.

    Raises QuotaExceeded.Vpc.
    """
    refuse_over(
        call, "vpcs", call.docs.count_lasting("vpc", at=call.now, region=region), region=region
    )
    doc = Doc("vpc", call.new_id("vpc-bp1", 18), region, "", name, call.now)
    doc.body = {
        "CidrBlock": cidr,
        "Description": "",
        "VRouterId": call.new_id("vrt-bp1", 18),
        "UserCidrs": [],
        "Tags": dict(tags),
        "phases": LIFECYCLE.course(call.now, (0, "Pending"), (durations.VPC_CREATING, "Available")),
    }
    table = make_route_table(call, doc, name="", table_type="System", tags={})
    doc.body["route_table_id"] = table.id
    return set_going(call, doc)


def living_vpc(call: Call, vpc_id: str) -> Doc:
    """The VPC of that id in the call's region; refuses with InvalidVpcId.NotFound (404)."""
    doc = call.alive("vpc", vpc_id)
    if doc is None:
        raise ApiError(
            "InvalidVpcId.NotFound",
            f"Specified value of VpcId {vpc_id} is not found in our record.",
            404,
        )
    return doc


@PRODUCT.operation("CreateVpc", writes=True)
def create_vpc(call: Call) -> dict[str, Any]:
    """CreateVpc: answers at once, the VPC is Pending for some seconds."""
    doc = make_vpc(
        call,
        region=call.region,
        name=checked_name(call, "VpcName", "InvalidVpcName.Malformed"),
        cidr=vpc_cidr(call.params.text("CidrBlock", DEFAULT_CIDR)),
        tags=TAGGING.new_tags(call),
    )
    doc.body["Description"] = checked_description(call, "InvalidVpcDiscription.Malformed")
    doc.body["UserCidrs"] = call.params.comma_list("UserCidr")
    call.docs.put(doc)
    call.end_dry_run()
    return {
        "VpcId": doc.id,
        "VRouterId": doc.body["VRouterId"],
        "RouteTableId": doc.body["route_table_id"],
        "ResourceGroupId": RESOURCE_GROUP,
    }


def vpc_cidr(text: str) -> str:
    """The block if a VPC may have it; refuses with InvalidCidrBlock.Malformed."""
    refusal = ApiError("InvalidCidrBlock.Malformed", "Specified CIDR block is not valid.")
    try:
        network = IPv4Network(text)
    except ValueError:
        raise refusal from None
    if network.prefixlen not in MASKS or any(network.overlaps(closed) for closed in CLOSED):
        raise refusal
    return str(network)


@PRODUCT.operation("DescribeVpcs")
def describe_vpcs(call: Call) -> dict[str, Any]:
    """DescribeVpcs: an unknown id gives an empty page, not an error."""
    ids = call.params.comma_list("VpcId")
    if len(ids) > MAX_IDS:
        raise ApiError("InvalidVpcIdNumber.NotSupported", "The number of vpcIds exceeds the limit.")
    page, numbers = page_of(call, listing(call, "vpc", _wanted, ids=ids))
    call.end_dry_run()
    return {"Vpcs": {"Vpc": [vpc_row(call, doc) for doc in page]}} | numbers


def _wanted(call: Call, doc: Doc) -> bool:
    params = call.params
    return (
        params.fit(
            VpcName=doc.name,
            ResourceGroupId=RESOURCE_GROUP,
            VpcOwnerId=call.caller.account_id,
            DhcpOptionsSetId="",
        )
        and not params.boolean("IsDefault")
        and not params.boolean("EnableIpv6")
        and tagged(call, doc, params.tags())
    )


def vpc_row(call: Call, doc: Doc) -> dict[str, Any]:
    """A VPC as DescribeVpcs shows it. There is no IPv6, DHCP options set or CEN in the account."""
    return {
        "VpcId": doc.id,
        "VpcName": doc.name,
        "Status": call.state(doc),
        "RegionId": doc.region,
        "CidrBlock": doc.body["CidrBlock"],
        "Description": doc.body["Description"],
        "CreationTime": stamp(call, doc.created_at),
        "IsDefault": False,
        "OwnerId": int(call.caller.account_id),
        "VRouterId": doc.body["VRouterId"],
        "ResourceGroupId": RESOURCE_GROUP,
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "CenStatus": "",
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": []},
        "Tags": key_value_tags(call, doc),
        "VSwitchIds": {"VSwitchId": _ids(call, "vswitch", doc)},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "UserCidrs": {"UserCidr": doc.body["UserCidrs"]},
        "NatGatewayIds": {"NatGatewayIds": _ids(call, "natgateway", doc)},
        "RouterTableIds": {"RouterTableIds": _ids(call, "routetable", doc)},
    }


def _ids(call: Call, kind: str, doc: Doc) -> list[str]:
    return [row.id for row in call.docs.find(kind, at=call.now, scope=doc.id)]


@PRODUCT.operation("DescribeVpcAttribute")
def describe_vpc_attribute(call: Call) -> dict[str, Any]:
    """DescribeVpcAttribute. A missing id is answered with an empty one, and no error.

    Terraform's provider takes an empty VpcId for the end of a deletion, and the page lists no code.
    """
    doc = call.alive("vpc", call.params.required("VpcId"))
    if doc is None:
        call.end_dry_run()
        return _no_vpc()
    row = vpc_row(call, doc)
    for key in ("CenStatus", "NatGatewayIds", "RouterTableIds"):
        del row[key]
    counts = [
        ("VSwitch", len(row["VSwitchIds"]["VSwitchId"])),
        ("VRouter", 1),
        ("RouteTable", len(_ids(call, "routetable", doc))),
    ]
    resources = [{"ResourceType": name, "ResourceCount": number} for name, number in counts]
    call.end_dry_run()
    return row | {
        "ClassicLinkEnabled": False,
        "SupportIpv4Gateway": False,
        "Ipv4GatewayId": "",
        "AssociatedCens": {"AssociatedCen": []},
        "AssociatedPropagationSources": {"AssociatedPropagationSources": []},
        "CloudResources": {"CloudResourceSetType": resources},
    }


def _no_vpc() -> dict[str, Any]:
    """The attributes of a VPC that does not exist."""
    names = ("VpcId", "VpcName", "Status", "RegionId", "CidrBlock", "Description", "CreationTime")
    others = ("VRouterId", "ResourceGroupId", "Ipv6CidrBlock")
    return dict.fromkeys(names + others, "") | {
        "IsDefault": False,
        "EnabledIpv6": False,
        "VSwitchIds": {"VSwitchId": []},
        "UserCidrs": {"UserCidr": []},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "Tags": {"Tag": []},
    }


@PRODUCT.operation("ModifyVpcAttribute", writes=True, idempotent_by_token=False)
def modify_vpc_attribute(call: Call) -> None:
    """ModifyVpcAttribute: only what is supplied changes."""
    doc = living_vpc(call, call.params.required("VpcId"))
    if call.state(doc) != "Available":
        raise ApiError("IncorrectVpcStatus", "Current VPC status does not support this operation.")
    if call.params.text("VpcName"):
        doc.name = checked_name(call, "VpcName", "InvalidVpcName.Malformed")
    if "Description" in call.params:
        doc.body["Description"] = checked_description(call, "InvalidVpcDiscription.Malformed")
    if call.params.text("CidrBlock"):
        doc.body["CidrBlock"] = _wider(call, doc, vpc_cidr(call.params.text("CidrBlock")))
    call.docs.put(doc)


def _wider(call: Call, doc: Doc, cidr: str) -> str:
    """The new block, which must hold every vSwitch; refuses with IllegalCidrBlock."""
    network = IPv4Network(cidr)
    for vswitch in lasting(call, "vswitch", call.now, scope=doc.id):
        if not IPv4Network(vswitch.body["CidrBlock"]).subnet_of(network):
            raise ApiError("IllegalCidrBlock", "Some subnet cidrBlock is not in the cidrBlock.")
    return cidr


@PRODUCT.operation("DeleteVpc", writes=True)
def delete_vpc(call: Call) -> None:
    """DeleteVpc: refused while anything lives in it; then Pending for some seconds, then gone.

    ForceDelete covers IPv4 and IPv6 gateways only, which the account has none of.
    """
    doc = living_vpc(call, call.params.required("VpcId"))
    if call.state(doc) != "Available":
        raise ApiError("IncorrectVpcStatus", "Current VPC status does not support this operation.")
    _refuse_dependents(call, doc)
    retire(call, doc, LIFECYCLE, call.now, ("Pending", durations.VPC_DELETING))
    for table in lasting(call, "routetable", call.now, scope=doc.id):
        remove_route_table(call, table, durations.VPC_DELETING)
    call.end_dry_run()


def _refuse_dependents(call: Call, doc: Doc) -> None:
    """Refuse with the documented DependencyViolation of the first kind that is still there.

    A vSwitch counts for some seconds after it is gone: field notes report the refusal right after
    the last vSwitch disappeared.
    """
    recently = call.now - durations.VSWITCH_RELEASE_LAG
    dependents = (
        ("natgateway", "NatGateway", call.now),
        ("vswitch", "VSwitch", recently),
        ("securitygroup", "SecurityGroup", call.now),
        ("instance", "Instance", call.now),
    )
    for kind, word, since in dependents:
        if lasting(call, kind, since, scope=doc.id):
            raise ApiError(
                f"DependencyViolation.{word}", f"Specified object has dependent resources {word}."
            )
    for table in lasting(call, "routetable", call.now, scope=doc.id):
        if table.body["RouteTableType"] == "Custom":
            raise ApiError(
                "DependencyViolation.RouteTable",
                "Specified object has dependent custom routeTable.",
            )
        if lasting(call, "route", call.now, scope=table.id):
            raise ApiError(
                "DependencyViolation.RouteEntry", "Specified object has dependent resources"
            )
