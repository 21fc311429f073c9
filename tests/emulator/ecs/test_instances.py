"""Instances through the SDK: launched, read, changed, released."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.machines import IMAGE, TYPE, ZONE, Machines, machines_of
from tests.emulator.net.apis import REGION, Api


def test_an_instance_is_pending_starting_and_running_within_half_a_minute(machines: Machines):
    (instance_id,) = machines.run()
    seen = [machines.status(instance_id)]
    for seconds in (6, 15):
        machines.clock.advance(seconds)
        seen.append(machines.status(instance_id))
    assert seen == ["Pending", "Starting", "Running"]


def test_an_instance_shows_its_slice_its_place_and_what_was_asked_for(machines: Machines):
    instance_id = machines.running(
        InstanceName="node", Description="one", Tag=[{"Key": "owner", "Value": "demo"}]
    )
    row = machines.row(instance_id)
    assert (row["InstanceName"], row["Description"]) == ("node", "one")
    assert (row["GPUAmount"], row["GPUSpec"]) == (1, "NVIDIA P4*1/4")
    assert (row["Cpu"], row["Memory"]) == (4, 12288)
    assert (row["RegionId"], row["ZoneId"], row["ImageId"]) == (REGION, ZONE, IMAGE)
    assert row["VpcAttributes"]["VpcId"] == machines.vpc_id
    assert row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] == ["10.1.0.1"]
    assert row["SecurityGroupIds"] == {"SecurityGroupId": [machines.group_id]}
    assert row["Tags"] == {"Tag": [{"TagKey": "owner", "TagValue": "demo"}]}
    assert (row["InstanceChargeType"], row["ExpiredTime"]) == ("PostPaid", "2099-12-31T15:59Z")
    assert row["PublicIpAddress"] == {"IpAddress": []}
    order = list(row)
    assert order.index("EipAddress") < order.index("PublicIpAddress"), "Ansible reads in order"


def test_several_instances_get_their_own_addresses_and_suffixed_names(machines: Machines):
    ids = machines.run(Amount=3, InstanceName="node", UniqueSuffix=True)
    rows = [machines.row(one) for one in ids]
    assert [row["InstanceName"] for row in rows] == ["node001", "node002", "node003"]
    addresses = {row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0] for row in rows}
    assert len(addresses) == 3


def test_a_dry_run_reports_success_as_an_error_and_makes_nothing(machines: Machines):
    code, _ = machines.ecs.refusal("RunInstances", **machines.request(DryRun=True))
    assert code == "DryRunOperation"
    assert machines.ecs("DescribeInstances")["TotalCount"] == 0


def test_the_same_client_token_makes_one_instance(machines: Machines):
    request = machines.request(ClientToken="token-1")
    first = machines.ecs("RunInstances", **request)
    again = machines.ecs("RunInstances", **request)
    assert first["InstanceIdSets"] == again["InstanceIdSets"]
    assert machines.ecs("DescribeInstances")["TotalCount"] == 1


REFUSALS: list[tuple[dict[str, Any], str, int]] = [
    ({"ImageId": None}, "MissingParameter", 400),
    ({"ImageId": "nothing.vhd"}, "InvalidImageId.NotFound", 404),
    ({"InstanceType": "ecs.nothing"}, "InvalidInstanceType.ValueNotSupported", 403),
    ({"InstanceType": "ecs.vgn6i-m4-vws.xlarge"}, "Zone.NotOnSale", 403),
    # The category that ECS takes by default is not one of this family's.
    (
        {"SystemDisk": None, "InstanceType": "ecs.sgn8ia-m2.xlarge"},
        "InvalidSystemDiskCategory.ValueNotSupported",
        400,
    ),
    ({"VSwitchId": "vsw-nothing"}, "InvalidVSwitchId.NotFound", 404),
    ({"VSwitchId": None}, "InvalidVSwitchId.Necessary", 400),
    ({"ZoneId": "cn-hangzhou-j"}, "InvalidParameter.Mismatch", 400),
    ({"SecurityGroupId": None}, "MissingParameter", 400),
    ({"SecurityGroupId": "sg-nothing"}, "InvalidSecurityGroupId.NotFound", 404),
    ({"KeyPairName": "nothing"}, "InvalidKeyPairName.NotFound", 404),
    ({"Amount": 101}, "InvalidParam.Amount", 403),
    ({"Amount": 1, "MinAmount": 2}, "InvalidMinAmount.Malformed", 400),
    ({"InstanceChargeType": "PrePaid"}, "InvalidPeriod", 400),
    ({"InstanceChargeType": "PrePaid", "Period": 10}, "InvalidPeriod", 400),
    ({"InstanceChargeType": "Free"}, "InvalidInstanceChargeType.NotFound", 404),
    ({"SpotStrategy": "Cheap"}, "InvalidSpotStrategy", 400),
    (
        {"SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 0.01},
        "InvalidSpotPriceLimit.LowerThanPublicPrice",
        400,
    ),
    ({"UserData": "not base64!"}, "InvalidUserData.Base64FormatInvalid", 400),
    ({"Tag": [{"Key": "acs:own", "Value": "x"}]}, "InvalidTagKey.Malformed", 400),
]


@pytest.mark.parametrize(("change", "code", "status"), REFUSALS)
def test_a_launch_is_refused_with_the_documented_code(
    machines: Machines, change: dict[str, Any], code: str, status: int
):
    request = {k: v for k, v in machines.request(**change).items() if v is not None}
    assert machines.ecs.refusal("RunInstances", **request) == (code, status)
    assert machines.ecs("DescribeInstances")["TotalCount"] == 0


def test_a_disk_without_a_category_is_cloud_efficiency(machines: Machines):
    request = {k: v for k, v in machines.request().items() if k != "SystemDisk"}
    machines.ecs("RunInstances", **request)
    (disk,) = machines.ecs("DescribeDisks")["Disks"]["Disk"]
    assert disk["Category"] == "cloud_efficiency"


def test_a_vswitch_that_is_not_available_yet_is_refused(machines: Machines):
    request = machines.request()
    young = machines.network.api(
        "CreateVSwitch", VpcId=machines.vpc_id, ZoneId=ZONE, CidrBlock="10.2.0.0/24"
    )["VSwitchId"]
    refusal = machines.ecs.refusal("RunInstances", **request | {"VSwitchId": young})
    assert refusal == ("IncorrectVSwitchStatus", 400)


def test_a_security_group_of_another_vpc_is_refused(machines: Machines):
    other = machines.network.vpc("192.168.0.0/16")
    group = machines.ecs("CreateSecurityGroup", VpcId=other)["SecurityGroupId"]
    refusal = machines.ecs.refusal("RunInstances", **machines.request(SecurityGroupId=group))
    assert refusal == ("InvalidSecurityGroup.VpcMismatch", 400)


def test_a_zone_without_stock_refuses_all_or_gives_what_it_has(clock: ManualClock):
    fault = {"kind": "stock_out", "zone": ZONE, "instance_type": TYPE, "after": 2}
    with Emulator(clock=clock, seed=7, faults={"faults": [fault]}) as emulator:
        machines = machines_of(emulator, clock)
        request = machines.request(Amount=3)
        assert machines.ecs.refusal("RunInstances", **request) == ("OperationDenied.NoStock", 403)
        assert machines.ecs("DescribeInstances")["TotalCount"] == 0
        assert len(machines.run(Amount=3, MinAmount=1)) == 2


def test_the_vgpu_quota_counts_instances_of_a_region(clock: ManualClock):
    scenario = {"limits": {f"vgpu_instances@{REGION}": 2}}
    with Emulator(clock=clock, seed=7, scenario=scenario) as emulator:
        machines = machines_of(emulator, clock)
        machines.run(Amount=2)
        refusal = machines.ecs.refusal("RunInstances", **machines.request())
        assert refusal == ("QuotaExceed.ElasticQuota", 403)
        assert machines.run(SpotStrategy="SpotAsPriceGo")


def test_the_vcpu_quota_holds_for_types_without_a_slice(clock: ManualClock):
    with Emulator(clock=clock, seed=7, scenario={"limits": {"postpaid_vcpus": 5}}) as emulator:
        machines = machines_of(emulator, clock)
        cpu_only = {"InstanceType": "ecs.g7.xlarge", "SystemDisk": {"Category": "cloud_essd"}}
        machines.run(**cpu_only)
        refusal = machines.ecs.refusal("RunInstances", **machines.request(**cpu_only))
        assert refusal == ("QuotaExceed.ElasticQuota", 403)
        assert machines.run()


def test_a_full_vswitch_refuses_the_next_instance(machines: Machines):
    vswitch_id = machines.network.vswitch(machines.vpc_id, "10.9.0.0/29")
    machines.run(VSwitchId=vswitch_id, Amount=4)
    code, _ = machines.ecs.refusal("RunInstances", **machines.request(VSwitchId=vswitch_id))
    assert "NoAvailableIp" in code


def test_lists_are_paged_by_token_within_the_servers_bounds(machines: Machines):
    machines.run(Amount=12)
    first = machines.ecs("DescribeInstances", MaxResults=1)
    assert len(first["Instances"]["Instance"]) == 10
    rest = machines.ecs("DescribeInstances", MaxResults=1, NextToken=first["NextToken"])
    assert (len(rest["Instances"]["Instance"]), rest["NextToken"]) == (2, "")
    assert len(machines.ecs("DescribeInstances", MaxResults=100)["Instances"]["Instance"]) == 12
    page = machines.ecs("DescribeInstances", PageNumber=3, PageSize=5)
    assert (len(page["Instances"]["Instance"]), page["TotalCount"]) == (2, 12)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"InstanceName": "gpu*"}, 1),
        ({"InstanceName": "*pu-*"}, 1),
        ({"InstanceName": "gpu"}, 0),
        ({"Status": "Running"}, 2),
        ({"Status": "Stopped"}, 0),
        ({"ZoneId": "cn-hangzhou-j"}, 0),
        ({"InstanceTypeFamily": "ecs.vgn5i"}, 2),
        ({"Tag": [{"Key": "owner", "Value": "demo"}]}, 1),
        ({"Tag": [{"Key": "owner"}]}, 1),
        ({"Tag": [{"Key": "owner", "Value": "else"}]}, 0),
        ({"PrivateIpAddresses": '["10.1.0.1"]'}, 1),
        ({"SecurityGroupId": "sg-else"}, 0),
    ],
)
def test_filters_narrow_the_list(machines: Machines, query: dict[str, Any], found: int):
    machines.running(InstanceName="gpu-1", Tag=[{"Key": "owner", "Value": "demo"}])
    machines.running(InstanceName="else")
    assert machines.ecs("DescribeInstances", **query)["TotalCount"] == found


def test_a_running_instance_is_released_by_force_with_all_that_came_with_it(machines: Machines):
    instance_id = machines.running()
    refusal = machines.ecs.refusal("DeleteInstance", InstanceId=instance_id)
    assert refusal == ("IncorrectInstanceStatus", 403)
    machines.ecs("DeleteInstance", InstanceId=instance_id, Force=True)
    assert machines.status(instance_id) == "Stopping"
    machines.clock.advance(11)
    assert machines.ecs("DescribeInstances")["TotalCount"] == 0
    assert machines.ecs("DescribeDisks")["TotalCount"] == 0
    assert machines.ecs("DescribeNetworkInterfaces")["TotalCount"] == 0
    again = machines.ecs.refusal("DeleteInstance", InstanceId=instance_id)
    assert again == ("InvalidInstanceId.NotFound", 404)


def test_what_protects_an_instance_from_release(machines: Machines):
    (fresh,) = machines.run()
    assert machines.ecs.refusal("DeleteInstance", InstanceId=fresh, Force=True) == (
        "IncorrectInstanceStatus.Initializing",
        403,
    )
    prepaid = machines.running(InstanceChargeType="PrePaid", Period=1)
    assert machines.ecs.refusal("DeleteInstance", InstanceId=prepaid, Force=True) == (
        "ChargeTypeViolation",
        403,
    )
    kept = machines.running(DeletionProtection=True)
    assert machines.ecs.refusal("DeleteInstance", InstanceId=kept, Force=True) == (
        "InvalidOperation.DeletionProtection",
        403,
    )
    machines.ecs("ModifyInstanceAttribute", InstanceId=kept, DeletionProtection=False)
    machines.ecs("DeleteInstance", InstanceId=kept, Force=True)


def test_a_route_entry_to_an_instance_blocks_its_release(machines: Machines):
    instance_id = machines.running()
    vpcs = machines.network.api("DescribeVpcs", VpcId=machines.vpc_id)["Vpcs"]["Vpc"]
    table = vpcs[0]["RouterTableIds"]["RouterTableIds"][0]
    machines.network.api(
        "CreateRouteEntry",
        RouteTableId=table,
        DestinationCidrBlock="172.20.0.0/26",
        NextHopId=instance_id,
        NextHopType="Instance",
    )
    machines.clock.advance(5)
    refusal = machines.ecs.refusal("DeleteInstances", InstanceId=[instance_id], Force=True)
    assert refusal == ("DependencyViolation.RouteEntry", 400)


def test_a_dry_run_of_several_deletions_deletes_none(machines: Machines):
    ids = machines.run(Amount=2)
    machines.clock.advance(21)
    refusal = machines.ecs.refusal("DeleteInstances", InstanceId=ids, Force=True, DryRun=True)
    assert refusal == ("DRYRUN.SUCCESS", 400)
    machines.ecs("DeleteInstances", InstanceId=ids, Force=True)
    machines.clock.advance(11)
    assert machines.ecs("DescribeInstances")["TotalCount"] == 0


def test_instances_stop_and_start_again(machines: Machines):
    instance_id = machines.running()
    body = machines.ecs("StopInstances", InstanceId=[instance_id])
    assert body["InstanceResponses"]["InstanceResponse"][0]["CurrentStatus"] == "Stopping"
    assert machines.ecs.refusal("StopInstance", InstanceId=instance_id)[0] == (
        "IncorrectInstanceStatus"
    )
    machines.clock.advance(11)
    assert machines.row(instance_id)["StoppedMode"] == "KeepCharging"
    machines.ecs("StartInstance", InstanceId=instance_id)
    assert machines.status(instance_id) == "Starting"
    machines.clock.advance(16)
    statuses = machines.ecs("DescribeInstanceStatus", InstanceId=[instance_id])
    (row,) = statuses["InstanceStatuses"]["InstanceStatus"]
    assert row == {"InstanceId": instance_id, "Status": "Running"}


def test_a_created_instance_is_stopped_until_it_is_started(machines: Machines):
    instance_id = machines.ecs("CreateInstance", **machines.request())["InstanceId"]
    machines.clock.advance(6)
    assert machines.status(instance_id) == "Stopped"
    machines.ecs("StartInstances", InstanceId=[instance_id])
    machines.clock.advance(16)
    assert machines.status(instance_id) == "Running"


def test_attributes_change_and_the_rest_stays(machines: Machines):
    instance_id = machines.running(Description="first", UserData="ZWNobwo=")
    other = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
    machines.ecs(
        "ModifyInstanceAttribute",
        InstanceId=instance_id,
        InstanceName="renamed",
        SecurityGroupIds=[other],
    )
    body = machines.ecs("DescribeInstanceAttribute", InstanceId=instance_id)
    assert (body["InstanceName"], body["Description"]) == ("renamed", "first")
    assert body["SecurityGroupIds"] == {"SecurityGroupId": [other]}
    assert machines.ecs("DescribeUserData", InstanceId=instance_id)["UserData"] == "ZWNobwo="
    machines.ecs("DeleteSecurityGroup", SecurityGroupId=machines.group_id)


@pytest.mark.parametrize(
    ("vpc_cidr", "code"),
    [("", "InvalidSecurityGroupId.NotFound"), ("192.168.0.0/16", "InvalidSecurityGroupVpc")],
)
def test_an_instance_joins_no_group_that_is_elsewhere(machines: Machines, vpc_cidr: str, code: str):
    instance_id = machines.running()
    group_id = "sg-nothing"
    if vpc_cidr:
        other = machines.network.vpc(vpc_cidr)
        group_id = machines.ecs("CreateSecurityGroup", VpcId=other)["SecurityGroupId"]
    refusal = machines.ecs.refusal(
        "ModifyInstanceAttribute", InstanceId=instance_id, SecurityGroupIds=[group_id]
    )
    assert refusal[0].startswith(code)
    assert refusal[1] == 404


def test_pay_as_you_go_becomes_a_subscription_and_back(machines: Machines):
    instance_id = machines.running()
    ask = {"InstanceIds": f'["{instance_id}"]', "Period": 1, "PeriodUnit": "Month"}
    body = machines.ecs("ModifyInstanceChargeType", **ask, IsDetailFee=True)
    (fee,) = body["FeeOfInstances"]["FeeOfInstance"]
    assert (fee["InstanceId"], fee["Currency"]) == (instance_id, "CNY")
    assert float(fee["Fee"]) > 100
    row = machines.row(instance_id)
    assert (row["InstanceChargeType"], row["ExpiredTime"]) == ("PrePaid", "2026-12-24T00:00Z")
    back = {"InstanceIds": ask["InstanceIds"], "InstanceChargeType": "PostPaid"}
    assert machines.ecs.refusal("ModifyInstanceChargeType", **back) == (
        "InstanceHasProcessingConvertOrder",
        400,
    )
    machines.clock.advance(6)
    machines.ecs("ModifyInstanceChargeType", **back)
    machines.clock.advance(31)
    assert machines.row(instance_id)["InstanceChargeType"] == "PostPaid"


def test_an_order_that_is_not_paid_changes_nothing_and_blocks_the_next(machines: Machines):
    instance_id = machines.running()
    ask = {"InstanceIds": f'["{instance_id}"]', "Period": 1}
    machines.ecs("ModifyInstanceChargeType", **ask, AutoPay=False)
    assert machines.row(instance_id)["InstanceChargeType"] == "PostPaid"
    assert machines.ecs.refusal("ModifyInstanceChargeType", **ask)[0] == (
        "InvalidInstance.UnpaidOrder"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"InstanceIds": "[]"}, "InvalidParameter.InstanceIds"),
        ({"InstanceIds": '["i-nothing"]'}, "InvalidInstanceId.NotFound"),
        ({"Period": 13}, "InvalidPeriod"),
        ({"PeriodUnit": "Day"}, "InvalidPeriodUnit.ValueNotSupported"),
        (
            {"InstanceChargeType": "PostPaid"},
            "InvalidInstanceChargeType.ValueNotSupported",
        ),
    ],
)
def test_a_conversion_is_refused(machines: Machines, change: dict[str, Any], code: str):
    instance_id = machines.running()
    ask = {"InstanceIds": f'["{instance_id}"]', "Period": 1} | change
    assert machines.ecs.refusal("ModifyInstanceChargeType", **ask)[0] == code


def test_a_young_instance_cannot_be_converted(machines: Machines):
    (instance_id,) = machines.run()
    ask = {"InstanceIds": f'["{instance_id}"]', "Period": 1}
    assert machines.ecs.refusal("ModifyInstanceChargeType", **ask) == (
        "InvalidStatus.ValueNotSupported",
        400,
    )


def test_a_bound_eip_is_shown_and_set_free_by_the_release(machines: Machines, vpc: Api):
    instance_id = machines.running()
    eip_id = vpc("AllocateEipAddress", Bandwidth="5")["AllocationId"]
    vpc("AssociateEipAddress", AllocationId=eip_id, InstanceId=instance_id)
    machines.clock.advance(6)
    assert machines.row(instance_id)["EipAddress"]["AllocationId"] == eip_id
    machines.ecs("DeleteInstance", InstanceId=instance_id, Force=True)
    machines.clock.advance(11)
    (eip,) = vpc("DescribeEipAddresses", AllocationId=eip_id)["EipAddresses"]["EipAddress"]
    assert (eip["Status"], eip["InstanceId"]) == ("Available", "")


def test_public_bandwidth_gives_a_public_address(machines: Machines):
    row = machines.row(machines.running(InternetMaxBandwidthOut=5))
    assert len(row["PublicIpAddress"]["IpAddress"]) == 1
    assert (row["InternetMaxBandwidthOut"], row["InternetMaxBandwidthIn"]) == (5, 200)
