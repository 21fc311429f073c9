"""VPCs, vSwitches and route tables through the SDK."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network

ZONE = f"{REGION}-k"


def only_vpc(vpc: Api) -> dict:
    (row,) = vpc("DescribeVpcs")["Vpcs"]["Vpc"]
    return row


def test_a_vpc_is_pending_and_then_available(vpc: Api, clock: ManualClock):
    made = vpc("CreateVpc", VpcName="demo", CidrBlock="10.0.0.0/8")
    assert only_vpc(vpc)["Status"] == "Pending"
    clock.advance(4)
    row = only_vpc(vpc)
    assert row["Status"] == "Available"
    assert row["VpcName"] == "demo"
    assert row["RouterTableIds"] == {"RouterTableIds": [made["RouteTableId"]]}
    assert row["VRouterId"] == made["VRouterId"]


def test_what_was_not_supplied_reads_back_empty(vpc: Api):
    vpc("CreateVpc")
    row = only_vpc(vpc)
    assert row["CidrBlock"] == "172.16.0.0/12"
    assert (row["VpcName"], row["Description"]) == ("", "")
    assert row["Tags"] == {"Tag": []}
    assert row["VSwitchIds"] == {"VSwitchId": []}
    assert row["SecondaryCidrBlocks"] == {"SecondaryCidrBlock": []}


def test_an_empty_list_keeps_its_wrapper(vpc: Api):
    body = vpc("DescribeVpcs", VpcId="vpc-nothing")
    assert body["Vpcs"] == {"Vpc": []}
    assert (body["TotalCount"], body["PageNumber"], body["PageSize"]) == (0, 1, 10)


def test_pages_hold_ten_unless_told_otherwise_and_at_most_fifty(vpc: Api):
    for number in range(10):
        vpc("CreateVpc", VpcName=f"v{number}")
    assert len(vpc("DescribeVpcs", PageSize=3, PageNumber=4)["Vpcs"]["Vpc"]) == 1
    assert vpc("DescribeVpcs", PageSize=3)["TotalCount"] == 10
    assert vpc.refusal("DescribeVpcs", PageSize=51)[1] == 400


def test_the_eleventh_vpc_of_a_region_is_over_the_quota(vpc: Api):
    for _ in range(10):
        vpc("CreateVpc")
    assert vpc.refusal("CreateVpc") == ("QuotaExceeded.Vpc", 400)
    vpc("CreateVpc", RegionId="cn-shanghai")


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "10.0.0.0/7", "10.0.0.0/29", "100.64.0.0/16", "x"])
def test_a_vpc_refuses_a_block_that_it_cannot_have(vpc: Api, cidr: str):
    assert vpc.refusal("CreateVpc", CidrBlock=cidr) == ("InvalidCidrBlock.Malformed", 400)


def test_the_same_client_token_makes_one_vpc(vpc: Api):
    one = vpc("CreateVpc", ClientToken="t1", VpcName="a")
    assert vpc("CreateVpc", ClientToken="t1", VpcName="a")["VpcId"] == one["VpcId"]
    assert vpc("DescribeVpcs")["TotalCount"] == 1
    code, _ = vpc.refusal("CreateVpc", ClientToken="t1", VpcName="b")
    assert code == "IdempotentParameterMismatch"


def test_a_dry_run_is_answered_with_an_error_and_changes_nothing(vpc: Api):
    assert vpc.refusal("CreateVpc", DryRun=True)[0] == "DryRunOperation"
    assert vpc("DescribeVpcs")["TotalCount"] == 0


def test_a_second_identical_modify_changes_nothing(network: Network, vpc: Api):
    vpc_id = network.vpc()
    vpc("ModifyVpcAttribute", VpcId=vpc_id, VpcName="n", Description="d")
    first = vpc("DescribeVpcAttribute", VpcId=vpc_id)
    vpc("ModifyVpcAttribute", VpcId=vpc_id, VpcName="n", Description="d")
    second = vpc("DescribeVpcAttribute", VpcId=vpc_id)
    del first["RequestId"], second["RequestId"]
    assert first == second
    assert first["VpcName"] == "n"


def test_a_vpc_of_another_region_is_not_found(network: Network, vpc: Api):
    vpc_id = network.vpc()
    refusal = vpc.refusal("DeleteVpc", VpcId=vpc_id, RegionId="cn-shanghai")
    assert refusal == ("InvalidVpcId.NotFound", 404)
    assert vpc("DescribeVpcs", RegionId="cn-shanghai")["TotalCount"] == 0


def test_a_vswitch_is_pending_and_then_available_with_its_addresses(
    network: Network, vpc: Api, clock: ManualClock
):
    vpc_id = network.vpc()
    vpc("CreateVSwitch", VpcId=vpc_id, ZoneId=ZONE, CidrBlock="10.1.0.0/24", VSwitchName="a")
    (row,) = vpc("DescribeVSwitches", VpcId=vpc_id)["VSwitches"]["VSwitch"]
    assert row["Status"] == "Pending"
    clock.advance(4)
    (row,) = vpc("DescribeVSwitches", VpcId=vpc_id)["VSwitches"]["VSwitch"]
    assert row["Status"] == "Available"
    assert row["AvailableIpAddressCount"] == 252
    assert row["RouteTable"]["RouteTableType"] == "System"
    assert only_vpc(vpc)["VSwitchIds"] == {"VSwitchId": [row["VSwitchId"]]}


def test_a_vpc_makes_one_vswitch_at_a_time(network: Network, vpc: Api, clock: ManualClock):
    vpc_id = network.vpc()
    ask = {"VpcId": vpc_id, "ZoneId": ZONE}
    vpc("CreateVSwitch", CidrBlock="10.1.0.0/24", **ask)
    refusal = vpc.refusal("CreateVSwitch", CidrBlock="10.2.0.0/24", **ask)
    assert refusal == ("TaskConflict", 400)
    clock.advance(4)
    vpc("CreateVSwitch", CidrBlock="10.2.0.0/24", **ask)


def test_a_pending_vpc_takes_no_vswitch(vpc: Api):
    vpc_id = vpc("CreateVpc")["VpcId"]
    refusal = vpc.refusal("CreateVSwitch", VpcId=vpc_id, ZoneId=ZONE, CidrBlock="172.16.0.0/24")
    assert refusal == ("IncorrectVpcStatus", 400)


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.1.0.128/25", "InvalidCidrBlock.Overlapped"),
        ("192.168.0.0/24", "InvalidCidrBlock.Malformed"),
        ("10.2.0.0/15", "InvalidCidrBlock.Malformed"),
        ("10.2.0.0/30", "InvalidCidrBlock.Malformed"),
        ("10.2.0.1/24", "InvalidCidrBlock.Malformed"),
    ],
)
def test_a_vswitch_refuses_a_block_that_does_not_fit(
    network: Network, vpc: Api, cidr: str, code: str
):
    vpc_id = network.vpc()
    network.vswitch(vpc_id)
    refusal = vpc.refusal("CreateVSwitch", VpcId=vpc_id, ZoneId=ZONE, CidrBlock=cidr)
    assert refusal == (code, 400)


def test_a_vswitch_needs_a_zone_and_a_vpc_of_the_region(network: Network, vpc: Api):
    vpc_id = network.vpc()
    ask = {"CidrBlock": "10.1.0.0/24"}
    assert vpc.refusal("CreateVSwitch", VpcId=vpc_id, ZoneId="cn-beijing-g", **ask) == (
        "InvalidZoneId.NotFound",
        404,
    )
    refusal = vpc.refusal("CreateVSwitch", VpcId="vpc-none", ZoneId=ZONE, **ask)
    assert refusal == ("InvalidVpcId.NotFound", 404)
    assert vpc.refusal("CreateVSwitch", VpcId=vpc_id, ZoneId=ZONE)[1] == 400


def test_vswitches_are_limited_by_the_scenario(clock: ManualClock):
    from alibabacloud_vpc20160428 import models
    from alibabacloud_vpc20160428.client import Client

    with Emulator(clock=clock, scenario={"limits": {"vswitches_per_vpc": 1}}) as emulator:
        network = Network(Api(Client, models, emulator), clock)
        vpc_id = network.vpc()
        network.vswitch(vpc_id)
        refusal = network.api.refusal(
            "CreateVSwitch", VpcId=vpc_id, ZoneId=ZONE, CidrBlock="10.2.0.0/24"
        )
    assert refusal == ("QuotaExceeded.VSwitch", 400)


def test_a_vpc_stays_for_its_vswitches_and_some_seconds_more(
    network: Network, vpc: Api, clock: ManualClock
):
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    assert vpc.refusal("DeleteVpc", VpcId=vpc_id) == ("DependencyViolation.VSwitch", 400)
    vpc("DeleteVSwitch", VSwitchId=vswitch_id)
    clock.advance(4)
    assert vpc("DescribeVSwitches", VpcId=vpc_id)["TotalCount"] == 0
    assert vpc.refusal("DeleteVpc", VpcId=vpc_id) == ("DependencyViolation.VSwitch", 400)
    clock.advance(5)
    vpc("DeleteVpc", VpcId=vpc_id)
    assert vpc.refusal("DeleteVpc", VpcId=vpc_id) == ("IncorrectVpcStatus", 400)
    clock.advance(4)
    assert vpc("DescribeVpcs")["TotalCount"] == 0
    assert vpc("DescribeRouteTableList")["TotalCount"] == 0
    assert vpc.refusal("DeleteVpc", VpcId=vpc_id) == ("InvalidVpcId.NotFound", 404)


def test_a_missing_vswitch_is_not_found(vpc: Api):
    assert vpc.refusal("DeleteVSwitch", VSwitchId="vsw-none") == ("InvalidVSwitchId.NotFound", 404)


def test_the_attributes_of_a_missing_vpc_and_vswitch_are_empty(vpc: Api):
    vswitch = vpc("DescribeVSwitchAttributes", VSwitchId="vsw-none")
    assert (vswitch["VSwitchId"], vswitch["Status"]) == ("", "")
    network = vpc("DescribeVpcAttribute", VpcId="vpc-none")
    assert (network["VpcId"], network["Status"]) == ("", "")


def test_a_vswitch_can_be_read_by_its_attributes(network: Network, vpc: Api):
    vswitch_id = network.vswitch(network.vpc())
    body = vpc("DescribeVSwitchAttributes", VSwitchId=vswitch_id)
    assert (body["VSwitchId"], body["ZoneId"], body["Status"]) == (vswitch_id, ZONE, "Available")


def test_names_that_are_urls_are_refused(vpc: Api):
    refusal = vpc.refusal("CreateVpc", VpcName="https://x")
    assert refusal == ("InvalidVpcName.Malformed", 400)


def test_lists_are_filtered_by_tag_name_and_id(network: Network, vpc: Api):
    one = network.vpc(VpcName="a", Tag=[{"Key": "team", "Value": "x"}, {"Key": "k", "Value": ""}])
    two = network.vpc(VpcName="b", Tag=[{"Key": "team", "Value": "y"}])
    network.vpc(VpcName="c")

    def found(**filters) -> list[str]:
        return [row["VpcId"] for row in vpc("DescribeVpcs", **filters)["Vpcs"]["Vpc"]]

    assert found(Tag=[{"Key": "team", "Value": "x"}]) == [one]
    assert found(Tag=[{"Key": "team"}]) == [one, two]
    assert found(VpcName="b") == [two]
    assert found(VpcId=f"{one},{two}") == [one, two]
    assert vpc.refusal("DescribeVpcs", VpcId=",".join(["vpc-x"] * 21)) == (
        "InvalidVpcIdNumber.NotSupported",
        400,
    )


def test_vpc_tags_are_key_and_value(network: Network, vpc: Api):
    vpc_id = network.vpc(Tag=[{"Key": "team", "Value": "x"}])
    assert only_vpc(vpc)["Tags"] == {"Tag": [{"Key": "team", "Value": "x"}]}
    vswitch_id = network.vswitch(vpc_id, Tag=[{"Key": "a", "Value": "b"}])
    (row,) = vpc("DescribeVSwitches", VSwitchId=vswitch_id)["VSwitches"]["VSwitch"]
    assert row["Tags"] == {"Tag": [{"Key": "a", "Value": "b"}]}


def test_regions_and_zones_are_listed(vpc: Api):
    regions = vpc("DescribeRegions")["Regions"]["Region"]
    assert REGION in {row["RegionId"] for row in regions}
    zones = {row["ZoneId"] for row in vpc("DescribeZones")["Zones"]["Zone"]}
    assert ZONE in zones
    nat_zones = {row["ZoneId"] for row in vpc("ListEnhanhcedNatGatewayAvailableZones")["Zones"]}
    assert nat_zones < zones
    assert ZONE in nat_zones
