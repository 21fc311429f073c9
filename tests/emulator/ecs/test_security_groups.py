"""Security groups and their rules through the SDK."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.machines import Machines, machines_of
from tests.emulator.net.apis import REGION, Api

SSH = {"IpProtocol": "tcp", "PortRange": "22/22", "SourceCidrIp": "10.0.0.0/8"}


def rules(ecs: Api, group_id: str, **query: Any) -> list[dict[str, Any]]:
    body = ecs("DescribeSecurityGroupAttribute", SecurityGroupId=group_id, **query)
    return list(body["Permissions"]["Permission"])


def test_a_group_reads_back_as_it_was_made(machines: Machines):
    group_id = machines.ecs(
        "CreateSecurityGroup",
        VpcId=machines.vpc_id,
        SecurityGroupName="nodes",
        Description="of demo",
        Tag=[{"Key": "owner", "Value": "demo"}],
    )["SecurityGroupId"]
    body = machines.ecs("DescribeSecurityGroups", SecurityGroupIds=f'["{group_id}"]')
    (row,) = body["SecurityGroups"]["SecurityGroup"]
    assert (row["SecurityGroupName"], row["Description"]) == ("nodes", "of demo")
    assert (row["VpcId"], row["SecurityGroupType"]) == (machines.vpc_id, "normal")
    assert row["ServiceManaged"] is False
    assert row["Tags"] == {"Tag": [{"TagKey": "owner", "TagValue": "demo"}]}
    assert row["CreationTime"] == "2026-11-24T00:00:04Z"


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"VpcId": "vpc-nothing"}, "InvalidVpcId.NotFound", 404),
        ({"SecurityGroupType": "large"}, "InvalidParams.GroupType", 400),
        ({"SecurityGroupName": "1st"}, "InvalidSecurityGroupName.Malformed", 400),
        ({"SecurityGroupName": "http://x"}, "InvalidSecurityGroupName.Malformed", 400),
        ({"Tag": [{"Key": "aliyun"}]}, "InvalidTagKey.Malformed", 400),
        (
            {"Tag": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "Duplicate.TagKey",
            400,
        ),
    ],
)
def test_a_group_is_refused(machines: Machines, change: dict[str, Any], code: str, status: int):
    request = {"VpcId": machines.vpc_id} | change
    assert machines.ecs.refusal("CreateSecurityGroup", **request) == (code, status)


def test_a_vpc_that_is_not_available_yet_gets_no_group(machines: Machines):
    vpc_id = machines.network.api("CreateVpc", CidrBlock="10.0.0.0/8")["VpcId"]
    refusal = machines.ecs.refusal("CreateSecurityGroup", VpcId=vpc_id)
    assert refusal == ("IncorrectVpcStatus", 403)


def test_the_quota_of_groups_is_a_regions_own(clock: ManualClock):
    scenario = {"limits": {f"security_groups@{REGION}": 1}}
    with Emulator(clock=clock, seed=7, scenario=scenario) as emulator:
        ecs = machines_of(emulator, clock).ecs
        ecs("CreateSecurityGroup")
        assert ecs.refusal("CreateSecurityGroup") == ("QuotaExceed.SecurityGroup", 403)
        ecs("CreateSecurityGroup", RegionId="cn-shanghai")


def test_both_ways_to_page_but_not_at_once(machines: Machines):
    for number in range(12):
        machines.ecs("CreateSecurityGroup", SecurityGroupName=f"g{number}")
    first = machines.ecs("DescribeSecurityGroups")
    assert len(first["SecurityGroups"]["SecurityGroup"]) == 10
    rest = machines.ecs("DescribeSecurityGroups", NextToken=first["NextToken"], MaxResults=10)
    assert (len(rest["SecurityGroups"]["SecurityGroup"]), rest["NextToken"]) == (2, "")
    old = machines.ecs("DescribeSecurityGroups", PageNumber=2, PageSize=10)
    assert (len(old["SecurityGroups"]["SecurityGroup"]), old["TotalCount"]) == (2, 12)
    refusal = machines.ecs.refusal("DescribeSecurityGroups", PageNumber=1, MaxResults=10)
    assert refusal == ("NotSupported.PageNumberAndPageSize", 400)


def test_groups_of_another_region_are_not_listed(machines: Machines):
    machines.ecs("CreateSecurityGroup", RegionId="cn-shanghai")
    assert machines.ecs("DescribeSecurityGroups")["TotalCount"] == 0


def test_rules_are_added_once_and_taken_away(machines: Machines):
    group_id = machines.group_id
    for _ in range(2):
        machines.ecs("AuthorizeSecurityGroup", SecurityGroupId=group_id, Permissions=[SSH])
    (rule,) = rules(machines.ecs, group_id)
    assert (rule["IpProtocol"], rule["PortRange"], rule["Policy"]) == ("TCP", "22/22", "Accept")
    assert (rule["Direction"], rule["Priority"]) == ("ingress", "1")
    machines.ecs("RevokeSecurityGroup", SecurityGroupId=group_id, Permissions=[SSH])
    assert rules(machines.ecs, group_id) == []


def test_the_older_parameters_at_the_top_level_are_one_rule(machines: Machines):
    machines.ecs("AuthorizeSecurityGroup", SecurityGroupId=machines.group_id, **SSH)
    (rule,) = rules(machines.ecs, machines.group_id)
    assert rule["SourceCidrIp"] == "10.0.0.0/8"


def test_directions_are_kept_apart(machines: Machines):
    out = {"IpProtocol": "all", "PortRange": "-1/-1", "DestCidrIp": "0.0.0.0/0"}
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("AuthorizeSecurityGroup", **group, Permissions=[SSH])
    machines.ecs("AuthorizeSecurityGroupEgress", **group, Permissions=[out])
    assert len(rules(machines.ecs, machines.group_id)) == 2
    (egress,) = rules(machines.ecs, machines.group_id, Direction="egress")
    assert egress["DestCidrIp"] == "0.0.0.0/0"
    machines.ecs("RevokeSecurityGroupEgress", **group, Permissions=[out])
    assert len(rules(machines.ecs, machines.group_id)) == 1


@pytest.mark.parametrize("reading", ["refused", "ignored"])
@pytest.mark.parametrize("action", ["RevokeSecurityGroup", "RevokeSecurityGroupEgress"])
def test_a_rule_that_is_not_there_is_refused_or_ignored(
    machines: Machines, emulator: Emulator, action: str, reading: str
):
    """As a whole: of two rules of which one is there, neither goes."""
    emulator.backend.settings["doubts"] = {"absent_rule": reading}
    end = "Dest" if action.endswith("Egress") else "Source"
    there, absent = (
        {"IpProtocol": "tcp", "PortRange": p, f"{end}CidrIp": "10.0.0.0/8"}
        for p in ("22/22", "80/80")
    )
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs(action.replace("Revoke", "Authorize"), **group, Permissions=[there])
    asked = {**group, "Permissions": [there, absent]}
    if reading == "refused":
        refusal = machines.ecs.refusal(action, **asked)
        assert refusal == ("InvalidSecurityGroupRule.RuleNotExist", 400)
    else:
        machines.ecs(action, **asked)
    assert len(rules(machines.ecs, machines.group_id)) == (reading == "refused")


def test_a_rule_is_revoked_by_its_id(machines: Machines):
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("AuthorizeSecurityGroup", **group, Permissions=[SSH])
    rule_id = rules(machines.ecs, machines.group_id)[0]["SecurityGroupRuleId"]
    unknown = machines.ecs.refusal(
        "RevokeSecurityGroup", **group, SecurityGroupRuleId=["sgr-nothing"]
    )
    assert unknown == ("InvalidSecurityGroupRuleId.NotFound", 404)
    machines.ecs("RevokeSecurityGroup", **group, SecurityGroupRuleId=[rule_id])
    assert rules(machines.ecs, machines.group_id) == []


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"IpProtocol": "smoke"}, "InvalidIpProtocol.ValueNotSupported", 400),
        ({"PortRange": "22"}, "InvalidPortRange.Malformed", 400),
        ({"PortRange": "90/80"}, "InvalidPortRange.Malformed", 400),
        ({"PortRange": "1/70000"}, "InvalidPortRange.Malformed", 400),
        ({"SourceCidrIp": "10.0.0/99"}, "InvalidSourceCidrIp.Malformed", 400),
        ({"SourceCidrIp": ""}, "MissingParameter.Source", 400),
        ({"SourceGroupId": "sg-nothing"}, "InvalidSourceGroupId.NotFound", 404),
        ({"Priority": "0"}, "InvalidPriority.Malformed", 400),
        ({"Policy": "maybe"}, "InvalidPolicy.Malformed", 400),
    ],
)
def test_a_rule_is_refused(machines: Machines, change: dict[str, Any], code: str, status: int):
    refusal = machines.ecs.refusal(
        "AuthorizeSecurityGroup", SecurityGroupId=machines.group_id, Permissions=[SSH | change]
    )
    assert refusal == (code, status)


def test_a_group_with_members_stays(machines: Machines):
    instance_id = machines.running()
    delete = {"SecurityGroupId": machines.group_id}
    assert machines.ecs.refusal("DeleteSecurityGroup", **delete) == ("DependencyViolation", 403)
    listed = machines.ecs("DescribeSecurityGroups", IsQueryEcsCount=True)
    assert listed["SecurityGroups"]["SecurityGroup"][0]["EcsCount"] == 1
    machines.ecs("DeleteInstance", InstanceId=instance_id, Force=True)
    assert machines.ecs.refusal("DeleteSecurityGroup", **delete)[0] == "DependencyViolation"
    machines.clock.advance(11)
    machines.ecs("DeleteSecurityGroup", **delete)
    assert machines.ecs.refusal("DeleteSecurityGroup", **delete) == (
        "InvalidSecurityGroupId.NotFound",
        404,
    )


def test_a_group_that_another_names_stays(machines: Machines):
    other = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
    by_group = {"IpProtocol": "tcp", "PortRange": "1/65535", "SourceGroupId": machines.group_id}
    machines.ecs("AuthorizeSecurityGroup", SecurityGroupId=other, Permissions=[by_group])
    body = machines.ecs("DescribeSecurityGroupReferences", SecurityGroupId=[machines.group_id])
    (row,) = body["SecurityGroupReferences"]["SecurityGroupReference"]
    (referring,) = row["ReferencingSecurityGroups"]["ReferencingSecurityGroup"]
    assert referring["SecurityGroupId"] == other
    delete = machines.ecs.refusal("DeleteSecurityGroup", SecurityGroupId=machines.group_id)
    assert delete == ("DependencyViolation", 403)
    machines.ecs("DeleteSecurityGroup", SecurityGroupId=other)
    machines.ecs("DeleteSecurityGroup", SecurityGroupId=machines.group_id)


def test_a_group_that_a_product_owns_is_not_to_be_touched(machines: Machines):
    group_id = machines.ecs("CreateSecurityGroup", ServiceManaged=True)["SecurityGroupId"]
    managed = ("InvalidOperation.ResourceManagedByCloudProduct", 403)
    group = {"SecurityGroupId": group_id}
    assert machines.ecs.refusal("DeleteSecurityGroup", **group) == managed
    assert machines.ecs.refusal("AuthorizeSecurityGroup", **group, Permissions=[SSH]) == managed


def test_a_vpc_with_a_group_cannot_be_deleted(machines: Machines):
    assert machines.group_id
    refusal = machines.network.api.refusal("DeleteVpc", VpcId=machines.vpc_id)
    assert refusal[0].startswith("DependencyViolation")
