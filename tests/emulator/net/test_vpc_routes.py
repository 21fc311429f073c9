"""Route entries, custom route tables and tags through the SDK."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.net.apis import Api, Network


def system_table(vpc: Api, vpc_id: str) -> str:
    body = vpc("DescribeRouteTableList", VpcId=vpc_id, RouteTableType="System")
    (table,) = body["RouterTableList"]["RouterTableListType"]
    return str(table["RouteTableId"])


@pytest.fixture
def gateway(network: Network) -> dict[str, Any]:
    vpc_id = network.vpc()
    return network.nat(vpc_id, network.vswitch(vpc_id))


@pytest.fixture
def table_id(vpc: Api, gateway: dict[str, Any], clock: ManualClock) -> str:
    clock.advance(5)
    return system_table(vpc, gateway["VpcId"])


@pytest.fixture
def route(gateway: dict[str, Any], table_id: str) -> dict[str, str]:
    return {
        "RouteTableId": table_id,
        "NextHopType": "NatGateway",
        "NextHopId": gateway["NatGatewayId"],
    }


def test_the_system_keeps_an_entry_for_each_vswitch(vpc: Api, table_id: str):
    body = vpc("DescribeRouteEntryList", RouteTableId=table_id, RouteEntryType="System")
    blocks = {row["DestinationCidrBlock"] for row in body["RouteEntrys"]["RouteEntry"]}
    assert blocks == {"10.1.0.0/24", "100.64.0.0/10"}
    assert body["NextToken"] == ""


def test_a_route_entry_is_pending_available_and_gone(
    vpc: Api, route: dict[str, str], clock: ManualClock
):
    made = vpc("CreateRouteEntry", DestinationCidrBlock="192.168.1.0/24", **route)
    where = {"RouteTableId": route["RouteTableId"], "RouteEntryId": made["RouteEntryId"]}

    def status() -> list[str]:
        rows = vpc("DescribeRouteEntryList", **where)["RouteEntrys"]["RouteEntry"]
        return [row["Status"] for row in rows]

    assert status() == ["Pending"]
    refusal = vpc.refusal("CreateRouteEntry", DestinationCidrBlock="192.168.2.0/24", **route)
    assert refusal == ("TaskConflict", 400)
    clock.advance(3)
    assert status() == ["Available"]
    vpc("DeleteRouteEntry", RouteEntryId=made["RouteEntryId"])
    refusal = vpc.refusal("DeleteRouteEntry", RouteEntryId=made["RouteEntryId"])
    assert refusal == ("IncorrectRouteEntryStatus", 400)
    clock.advance(3)
    assert status() == []
    refusal = vpc.refusal("DeleteRouteEntry", RouteEntryId=made["RouteEntryId"])
    assert refusal == ("InvalidRouteEntry.NotFound", 400)


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.1.0.0/24", "InvalidCIDRBlock.Duplicate"),
        ("0.0.0.0/0", "InvalidCIDRBlock.Duplicate"),
        ("100.64.1.0/24", "InvalidDestinationCidrBlock"),
        ("192.168.1.1/24", "InvalidCidrBlock.Malformed"),
    ],
)
def test_a_route_entry_refuses_a_destination(vpc: Api, route: dict[str, str], cidr: str, code: str):
    assert vpc.refusal("CreateRouteEntry", DestinationCidrBlock=cidr, **route) == (code, 400)


@pytest.mark.parametrize(
    ("kind", "hop", "code"),
    [
        ("NatGateway", "ngw-none", "InvalidNatGateway.NotFound"),
        ("Instance", "i-none", "InvalidNextHop.NotFound"),
        ("VpcPeer", "pcc-none", "InvalidNextHop.NotFound"),
        ("Bus", "x", "InvalidParameter"),
    ],
)
def test_a_route_entry_leads_to_what_exists(
    vpc: Api, table_id: str, kind: str, hop: str, code: str
):
    refusal = vpc.refusal(
        "CreateRouteEntry",
        RouteTableId=table_id,
        DestinationCidrBlock="192.168.1.0/24",
        NextHopType=kind,
        NextHopId=hop,
    )
    assert refusal == (code, 400)


def test_a_table_holds_48_custom_entries(vpc: Api, route: dict[str, str], clock: ManualClock):
    rows = [
        {
            "RouteTableId": route["RouteTableId"],
            "DstCidrBlock": f"192.168.{number}.0/24",
            "NextHop": route["NextHopId"],
            "NextHopType": "NatGateway",
        }
        for number in range(49)
    ]
    assert vpc("CreateRouteEntries", RouteEntries=rows[:24])["SuccessCount"] == 24
    body = vpc("CreateRouteEntries", RouteEntries=rows[24:])
    assert (body["SuccessCount"], body["FailedCount"]) == (24, 1)
    assert body["FailedRouteEntries"][0]["FailedCode"] == "QuotaExceeded"
    clock.advance(3)
    refusal = vpc.refusal("CreateRouteEntry", DestinationCidrBlock="192.168.99.0/24", **route)
    assert refusal == ("QuotaExceeded", 400)

    where = {"RouteTableId": route["RouteTableId"], "RouteEntryType": "Custom"}
    seen, token = [], ""
    while True:
        more = {"NextToken": token} if token else {}
        page = vpc("DescribeRouteEntryList", MaxResult=20, **where, **more)
        seen += [row["RouteEntryId"] for row in page["RouteEntrys"]["RouteEntry"]]
        token = page["NextToken"]
        if not token:
            break
    assert len(set(seen)) == len(seen) == 49, "48, and the NAT gateway's own that does not count"


def test_a_batch_says_which_entries_failed(vpc: Api, route: dict[str, str], clock: ManualClock):
    row = {
        "RouteTableId": route["RouteTableId"],
        "DstCidrBlock": "192.168.1.0/24",
        "NextHop": route["NextHopId"],
        "NextHopType": "NatGateway",
    }
    body = vpc("CreateRouteEntries", RouteEntries=[row, row])
    assert len(body["RouteEntryIds"]) == body["SuccessCount"] == 1
    (failed,) = body["FailedRouteEntries"]
    assert failed["FailedCode"] == "VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE"
    clock.advance(3)
    gone = {key: row[key] for key in ("RouteTableId", "DstCidrBlock", "NextHop")}
    body = vpc("DeleteRouteEntries", RouteEntries=[gone, gone | {"DstCidrBlock": "1.2.3.0/24"}])
    assert (body["SuccessCount"], body["FailedCount"]) == (1, 1)
    assert body["FailedRouteEntries"][0]["FailedCode"] == "VPC_ROUTER_ENTRY_NOT_EXIST"


def test_a_users_route_keeps_its_nat_gateway_and_its_vpc(
    vpc: Api, gateway: dict[str, Any], route: dict[str, str], clock: ManualClock
):
    vpc("CreateRouteEntry", DestinationCidrBlock="192.168.1.0/24", **route)
    clock.advance(3)
    refusal = vpc.refusal("DeleteNatGateway", NatGatewayId=gateway["NatGatewayId"], Force=True)
    assert refusal == ("DependencyViolation.RouterEntry", 400)
    vpc(
        "DeleteRouteEntry",
        RouteTableId=route["RouteTableId"],
        DestinationCidrBlock="192.168.1.0/24",
    )
    clock.advance(3)
    vpc("DeleteNatGateway", NatGatewayId=gateway["NatGatewayId"])


def test_a_second_default_route_is_not_made(network: Network, vpc: Api, table_id: str):
    body = vpc("DescribeRouteEntryList", RouteTableId=table_id, RouteEntryType="Custom")
    (only,) = body["RouteEntrys"]["RouteEntry"]
    vpc_id = vpc("DescribeVpcs")["Vpcs"]["Vpc"][0]["VpcId"]
    network.nat(vpc_id, network.vswitch(vpc_id, "10.2.0.0/24"))
    body = vpc("DescribeRouteEntryList", RouteTableId=table_id, RouteEntryType="Custom")
    assert [row["RouteEntryId"] for row in body["RouteEntrys"]["RouteEntry"]] == [
        only["RouteEntryId"]
    ]


def test_a_custom_table_is_made_and_removed(network: Network, vpc: Api, clock: ManualClock):
    vpc_id = network.vpc()
    made = vpc("CreateRouteTable", VpcId=vpc_id, RouteTableName="mine")["RouteTableId"]
    clock.advance(4)
    assert vpc.refusal("DeleteVpc", VpcId=vpc_id) == ("DependencyViolation.RouteTable", 400)
    (row,) = vpc("DescribeRouteTables", RouteTableId=made)["RouteTables"]["RouteTable"]
    assert (row["RouteTableType"], row["VSwitchIds"]) == ("Custom", {"VSwitchId": []})
    refusal = vpc.refusal("DeleteRouteTable", RouteTableId=system_table(vpc, vpc_id))
    assert refusal == ("IncorrectRouteTableType", 400)
    vpc("DeleteRouteTable", RouteTableId=made)
    clock.advance(4)
    assert vpc("DescribeRouteTableList", RouteTableId=made)["TotalCount"] == 0
    vpc("DeleteVpc", VpcId=vpc_id)


def test_resources_are_tagged_listed_and_untagged(network: Network, vpc: Api):
    vpc_id = network.vpc(Tag=[{"Key": "a", "Value": "1"}])
    other = network.vpc()
    ask = {"ResourceType": "VPC", "ResourceId": [vpc_id, other]}
    vpc("TagResources", Tag=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}], **ask)

    def rows(**filters: Any) -> set[tuple[str, str, str]]:
        body = vpc("ListTagResources", ResourceType="VPC", **filters)
        assert body["NextToken"] == ""
        listed = body["TagResources"]["TagResource"]
        return {(row["ResourceId"], row["TagKey"], row["TagValue"]) for row in listed}

    assert rows(ResourceId=[vpc_id]) == {(vpc_id, "a", "2"), (vpc_id, "b", "")}
    found = rows(Tag=[{"Key": "a", "Value": "2"}])
    assert {each for each, _, _ in found} == {vpc_id, other}
    assert rows(Tag=[{"Key": "a", "Value": "1"}]) == set()
    vpc("UnTagResources", TagKey=["a"], **ask)
    assert rows(ResourceId=[vpc_id]) == {(vpc_id, "b", "")}
    vpc("UnTagResources", All=True, **ask)
    assert rows(ResourceId=[vpc_id, other]) == set()


def test_every_taggable_kind_takes_tags(network: Network, vpc: Api):
    vpc_id, vswitch_id, nat, eip, _ = network.way_out()
    ids = {
        "VPC": vpc_id,
        "VSWITCH": vswitch_id,
        "NATGATEWAY": nat["NatGatewayId"],
        "EIP": eip["AllocationId"],
        "ROUTETABLE": system_table(vpc, vpc_id),
    }
    for kind, each in ids.items():
        vpc("TagResources", ResourceType=kind, ResourceId=[each], Tag=[{"Key": "k", "Value": "v"}])
        body = vpc("ListTagResources", ResourceType=kind, Tag=[{"Key": "k", "Value": "v"}])
        (row,) = body["TagResources"]["TagResource"]
        assert (row["ResourceId"], row["ResourceType"]) == (each, kind)
    assert network.eip(ids["EIP"])["Tags"] == {"Tag": [{"Key": "k", "Value": "v"}]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ResourceType": "vpc"}, "InvalidInstanceType.NotFound"),
        ({"ResourceId": ["vpc-none"]}, "InvalidInstanceIds.NotFound"),
        ({"ResourceId": ["vpc-none"] * 51}, "SizeLimitExceeded.ResourceId"),
        ({"Tag": [{"Key": "acs:x", "Value": ""}]}, "InvalidTagKey"),
        ({"Tag": [{"Key": f"k{n}", "Value": ""} for n in range(21)]}, "SizeLimitExceeded.TagNum"),
    ],
)
def test_tagging_is_refused(network: Network, vpc: Api, change: dict[str, Any], code: str):
    tags = [{"Key": "a", "Value": "b"}]
    ask = {"ResourceType": "VPC", "ResourceId": [network.vpc()], "Tag": tags}
    assert vpc.refusal("TagResources", **(ask | change)) == (code, 400)
    assert vpc.refusal("ListTagResources", ResourceType="VPC")[0] == "BothEmpty.TagsAndResources"


def test_a_resource_holds_twenty_tags(network: Network, vpc: Api):
    vpc_id = network.vpc(Tag=[{"Key": "first", "Value": ""}])
    ask = {"ResourceType": "VPC", "ResourceId": [vpc_id]}
    many = [{"Key": f"k{number}", "Value": ""} for number in range(20)]
    assert vpc.refusal("TagResources", Tag=many, **ask) == ("QuotaExceeded.TagNum", 400)
    vpc("TagResources", Tag=many[1:], **ask)
    pages, token = [], {}
    while True:
        body = vpc("ListTagResources", MaxResults=8, **ask, **token)
        pages.append(len(body["TagResources"]["TagResource"]))
        if not body["NextToken"]:
            break
        token = {"NextToken": body["NextToken"]}
    assert pages == [8, 8, 4]


@pytest.mark.parametrize("key", ["acs:x", "aliyun-y", "https://z", "k" * 129])
def test_a_reserved_tag_is_refused_at_creation_too(vpc: Api, slb: Api, key: str):
    tag = [{"Key": key, "Value": ""}]
    assert vpc.refusal("CreateVpc", Tag=tag) == ("InvalidTagKey", 400)
    assert slb.refusal("CreateLoadBalancer", Tag=tag) == ("InvalidParam.TagKey", 400)
