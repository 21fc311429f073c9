"""Instances changed in place, as Terraform's alicloud_instance and the CLIs do it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.ecs.machines import IMAGE, TYPE, Machines
from tests.emulator.ecs.test_ram import TRUST
from tests.emulator.net.apis import Api

LARGER = "ecs.vgn5i-m4.2xlarge"
ECS_TRUST = TRUST.replace(
    json.dumps({"RAM": ["acs:ram::1234567890123456:root"]}),
    json.dumps({"Service": ["ecs.aliyuncs.com"]}),
)


@pytest.fixture
def stopped(machines: Machines) -> str:
    one = machines.running()
    machines.ecs("StopInstance", InstanceId=one)
    machines.clock.advance(11)
    return one


def maintenance(machines: Machines, one: str) -> dict[str, Any]:
    body = machines.ecs("DescribeInstanceMaintenanceAttributes", InstanceId=[one])
    (row,) = body["MaintenanceAttributes"]["MaintenanceAttribute"]
    return dict(row)


def role_of(machines: Machines, one: str) -> list[str]:
    body = machines.ecs("DescribeInstanceRamRole", InstanceIds=json.dumps([one]))
    return [row["RamRoleName"] for row in body["InstanceRamRoleSets"]["InstanceRamRoleSet"]]


def test_an_instance_is_serviced_when_and_how_it_is_said(machines: Machines):
    one = machines.running()
    before = maintenance(machines, one)
    assert before["ActionOnMaintenance"]["Value"] == "AutoRecover"
    assert before["MaintenanceWindows"] == {"MaintenanceWindow": []}
    window = {"StartTime": "02:00:00", "EndTime": "06:00:00"}
    change = machines.ecs
    change("ModifyInstanceMaintenanceAttributes", InstanceId=[one], MaintenanceWindow=[window])
    change("ModifyInstanceMaintenanceAttributes", InstanceId=[one], ActionOnMaintenance="Stop")
    change("ModifyInstanceMaintenanceAttributes", InstanceId=[one], NotifyOnMaintenance=True)
    after = maintenance(machines, one)
    assert after["MaintenanceWindows"] == {"MaintenanceWindow": [window]}
    assert after["ActionOnMaintenance"]["Value"] == "Stop"
    assert after["NotifyOnMaintenance"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"ActionOnMaintenance": "Nothing"},
        {"MaintenanceWindow": [{"StartTime": "02:30:00", "EndTime": "06:00:00"}]},
        {"MaintenanceWindow": [{"StartTime": "02:00:00", "EndTime": "02:00:00"}]},
    ],
)
def test_maintenance_that_makes_no_sense(machines: Machines, change: dict[str, Any]):
    one = machines.running()
    refusal = machines.ecs.refusal(
        "ModifyInstanceMaintenanceAttributes", InstanceId=[one], **change
    )
    assert refusal == ("InvalidParameter", 400)


def test_an_instance_acts_in_one_role(machines: Machines, ram: Api):
    for name in ("Worker", "Other"):
        ram("CreateRole", RoleName=name, AssumeRolePolicyDocument=ECS_TRUST)
    one = machines.running(RamRoleName="Worker")
    assert role_of(machines, one) == ["Worker"]
    named = {"InstanceIds": json.dumps([one])}
    assert machines.ecs("AttachInstanceRamRole", **named, RamRoleName="Other")["FailCount"] == 1
    assert machines.ecs("DetachInstanceRamRole", **named, RamRoleName="Other")["FailCount"] == 1
    assert machines.ecs("DetachInstanceRamRole", **named, RamRoleName="Worker")["FailCount"] == 0
    assert role_of(machines, one) == []
    made = machines.ecs("AttachInstanceRamRole", **named, RamRoleName="Other")
    (row,) = made["AttachInstanceRamRoleResults"]["AttachInstanceRamRoleResult"]
    assert (row["Success"], made["FailCount"]) == (True, 0)
    body = machines.ecs("DescribeInstanceRamRole", RamRoleName="Other")
    assert body["TotalCount"] == 1


def test_a_role_that_ecs_cannot_take(machines: Machines, ram: Api):
    ram("CreateRole", RoleName="Mine", AssumeRolePolicyDocument=TRUST)
    for name, refusal in (
        ("Nobody", ("InvalidRamRole.NotFound", 404)),
        ("Mine", ("InvalidRamRole.NotEcsRole", 403)),
    ):
        wish = machines.request(RamRoleName=name)
        assert machines.ecs.refusal("RunInstances", **wish) == refusal


def test_a_stopped_instance_becomes_another_type(machines: Machines, stopped: str):
    change = {"InstanceId": stopped, "InstanceType": LARGER}
    machines.ecs("ModifyInstanceSpec", **change)
    row = machines.row(stopped)
    assert (row["InstanceType"], row["Status"]) == (LARGER, "Stopped")
    assert row["Cpu"] > 4
    machines.ecs("StartInstance", InstanceId=stopped)
    machines.clock.advance(16)
    change["InstanceType"] = TYPE
    refusal = machines.ecs.refusal("ModifyInstanceSpec", **change)
    assert refusal == ("IncorrectInstanceStatus", 403)


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ("ecs.none.large", ("InvalidInstanceType.ValueNotSupported", 403)),
        ("ecs.sgn8ia-m2.xlarge", ("InvalidSystemDiskCategory.ValueNotSupported", 400)),
    ],
)
def test_a_type_that_the_instance_cannot_become(
    machines: Machines, stopped: str, wanted: str, refusal: tuple[str, int]
):
    change = {"InstanceId": stopped, "InstanceType": wanted}
    assert machines.ecs.refusal("ModifyInstanceSpec", **change) == refusal
    assert machines.row(stopped)["InstanceType"] == TYPE


def test_how_it_is_paid_says_which_operation_changes_it(machines: Machines):
    one = machines.running(InstanceChargeType="PrePaid", Period=1)
    machines.ecs("StopInstance", InstanceId=one)
    machines.clock.advance(11)
    change = {"InstanceId": one, "InstanceType": LARGER}
    assert machines.ecs.refusal("ModifyInstanceSpec", **change) == ("ChargeTypeViolation", 403)
    assert machines.ecs("ModifyPrepayInstanceSpec", **change)["OrderId"]
    assert machines.row(one)["InstanceType"] == LARGER


def test_an_instance_restarts(machines: Machines):
    one = machines.running()
    machines.ecs("RebootInstance", InstanceId=one)
    assert machines.status(one) == "Starting"
    refusal = machines.ecs.refusal("RebootInstance", InstanceId=one)
    assert refusal == ("IncorrectInstanceStatus", 403)
    machines.clock.advance(16)
    assert machines.status(one) == "Running"


def test_an_instance_gets_bandwidth_and_a_public_address(machines: Machines):
    one = {"InstanceId": machines.running()}
    refusal = machines.ecs.refusal("AllocatePublicIpAddress", **one)
    assert refusal == ("InvalidInternetMaxBandwidthOut.ValueNotSupported", 400)
    machines.ecs("ModifyInstanceNetworkSpec", **one, InternetMaxBandwidthOut=5)
    address = machines.ecs("AllocatePublicIpAddress", **one)["IpAddress"]
    row = machines.row(one["InstanceId"])
    assert row["PublicIpAddress"] == {"IpAddress": [address]}
    assert row["InternetMaxBandwidthOut"] == 5
    refusal = machines.ecs.refusal("AllocatePublicIpAddress", **one)
    assert refusal == ("AllocatedAlready", 403)


def test_a_new_system_disk_has_the_image(machines: Machines, stopped: str):
    (old,) = machines.ecs("DescribeDisks", InstanceId=stopped)["Disks"]["Disk"]
    refusal = machines.ecs.refusal("ReplaceSystemDisk", InstanceId=stopped, ImageId="m-1")
    assert refusal == ("InvalidImageId.NotFound", 404)
    change = {"InstanceId": stopped, "ImageId": IMAGE, "SystemDisk": {"Size": 60}}
    made = machines.ecs("ReplaceSystemDisk", **change)["DiskId"]
    (new,) = machines.ecs("DescribeDisks", InstanceId=stopped)["Disks"]["Disk"]
    assert (new["DiskId"], new["Size"], new["Type"]) == (made, 60, "system")
    assert made != old["DiskId"]
    machines.ecs("StartInstance", InstanceId=stopped)
    machines.clock.advance(16)
    refusal = machines.ecs.refusal("ReplaceSystemDisk", **change)
    assert refusal == ("IncorrectInstanceStatus", 403)


def test_who_may_ask_for_an_instances_metadata(machines: Machines):
    one = machines.running(HttpTokens="required", HttpEndpoint="enabled")
    assert machines.row(one)["MetadataOptions"]["HttpTokens"] == "required"
    machines.ecs("ModifyInstanceMetadataOptions", InstanceId=one, HttpEndpoint="disabled")
    options = machines.row(one)["MetadataOptions"]
    assert (options["HttpEndpoint"], options["HttpTokens"]) == ("disabled", "required")
    refusal = machines.ecs.refusal(
        "ModifyInstanceMetadataOptions", InstanceId=one, HttpEndpoint="ajar"
    )
    assert refusal == ("InvalidParameter", 400)


def test_the_capacity_pool_of_an_instance(machines: Machines):
    one = machines.running()

    def pool() -> tuple[str, str]:
        asked = json.dumps([one])
        body = machines.ecs("DescribeInstanceAttachmentAttributes", InstanceIds=asked)
        (row,) = body["Instances"]["Instance"]
        return row["PrivatePoolOptionsMatchCriteria"], row["PrivatePoolOptionsId"]

    assert pool() == ("None", "")
    change = {"InstanceId": one, "PrivatePoolOptions": {"MatchCriteria": "Target", "Id": "eap-1"}}
    machines.ecs("ModifyInstanceAttachmentAttributes", **change)
    assert pool() == ("Target", "eap-1")
    change["PrivatePoolOptions"] = {"MatchCriteria": "Target"}
    refusal = machines.ecs.refusal("ModifyInstanceAttachmentAttributes", **change)
    assert refusal == ("MissingParameter", 400)


def renewal(machines: Machines, one: str) -> dict[str, Any]:
    body = machines.ecs("DescribeInstanceAutoRenewAttribute", InstanceId=one)
    (row,) = body["InstanceRenewAttributes"]["InstanceRenewAttribute"]
    return dict(row)


def test_a_subscription_is_renewed(machines: Machines, clock: ManualClock):
    one = machines.running(InstanceChargeType="PrePaid", Period=1)
    assert machines.row(one)["ExpiredTime"] == "2026-12-24T00:00Z"
    machines.ecs("RenewInstance", InstanceId=one, Period=1)
    assert machines.row(one)["ExpiredTime"] == "2027-01-23T00:00Z"
    other = machines.running()
    refusal = machines.ecs.refusal("RenewInstance", InstanceId=other, Period=1)
    assert refusal == ("ChargeTypeViolation", 403)
    assert machines.ecs.refusal("RenewInstance", InstanceId=one, Period=0) == ("InvalidPeriod", 400)


def test_a_subscription_renews_itself_while_it_is_told_to(machines: Machines):
    more = {"AutoRenew": True, "AutoRenewPeriod": 2}
    one = machines.running(InstanceChargeType="PrePaid", Period=1, **more)
    row = renewal(machines, one)
    assert (row["RenewalStatus"], row["Duration"]) == ("AutoRenewal", 2)
    assert row["AutoRenewEnabled"] is True
    machines.ecs("ModifyInstanceAutoRenewAttribute", InstanceId=one, RenewalStatus="NotRenewal")
    row = renewal(machines, one)
    assert (row["RenewalStatus"], row["AutoRenewEnabled"]) == ("NotRenewal", False)
    refusal = machines.ecs.refusal(
        "ModifyInstanceAutoRenewAttribute", InstanceId=one, AutoRenew=True, Duration=7
    )
    assert refusal == ("InvalidAutoRenewPeriod.ValueNotSupported", 400)
    body = machines.ecs("DescribeInstanceAutoRenewAttribute", RenewalStatus="AutoRenewal")
    assert body["TotalCount"] == 0


def test_what_an_interface_is_made_with_is_read(machines: Machines):
    wish = {"SecurityGroupId": machines.group_id, "VSwitchId": machines.vswitch_id}
    switches = {"DeleteOnRelease": False, "SourceDestCheck": True}
    made = machines.ecs("CreateNetworkInterface", **wish, **switches)["NetworkInterfaceId"]

    def shown() -> dict[str, bool]:
        rows = machines.ecs("DescribeNetworkInterfaces", NetworkInterfaceId=[made])
        (row,) = rows["NetworkInterfaceSets"]["NetworkInterfaceSet"]
        return {name: row[name] for name in switches}

    assert shown() == switches
    change = {"NetworkInterfaceId": made, "SourceDestCheck": False}
    machines.ecs("ModifyNetworkInterfaceAttribute", **change)
    assert shown() == {"DeleteOnRelease": False, "SourceDestCheck": False}


def test_an_interface_is_read_and_changed(machines: Machines):
    wish = {"SecurityGroupId": machines.group_id, "VSwitchId": machines.vswitch_id}
    eni = {
        "NetworkInterfaceId": machines.ecs("CreateNetworkInterface", **wish)["NetworkInterfaceId"]
    }
    other = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
    machines.ecs(
        "ModifyNetworkInterfaceAttribute",
        **eni,
        NetworkInterfaceName="spare",
        Description="of the web",
        SecurityGroupId=[other],
        DeleteOnRelease=False,
    )
    row = machines.ecs("DescribeNetworkInterfaceAttribute", **eni)
    assert (row["NetworkInterfaceName"], row["Description"]) == ("spare", "of the web")
    assert row["SecurityGroupIds"] == {"SecurityGroupId": [other]}
    assert row["DeleteOnRelease"] is False
    eni["NetworkInterfaceId"] = "eni-1"
    refusal = machines.ecs.refusal("DescribeNetworkInterfaceAttribute", **eni)
    assert refusal == ("InvalidEniId.NotFound", 404)
