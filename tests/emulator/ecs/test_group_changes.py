"""Security groups and their rules changed in place, through the SDK."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.ecs.machines import Machines
from tests.emulator.ecs.test_security_groups import SSH, rules


def ssh_rule(machines: Machines, **more: Any) -> dict[str, Any]:
    """The group's only rule, once it was made."""
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("AuthorizeSecurityGroup", **group, Permissions=[SSH | more])
    (rule,) = rules(machines.ecs, machines.group_id)
    return rule


def test_a_group_gets_another_name_and_description(machines: Machines):
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("ModifySecurityGroupAttribute", **group, SecurityGroupName="web")
    machines.ecs("ModifySecurityGroupAttribute", **group, Description="of the web")
    body = machines.ecs("DescribeSecurityGroupAttribute", **group)
    assert (body["SecurityGroupName"], body["Description"]) == ("web", "of the web")
    refusal = machines.ecs.refusal("ModifySecurityGroupAttribute", **group, SecurityGroupName="1")
    assert refusal == ("InvalidSecurityGroupName.Malformed", 400)
    refusal = machines.ecs.refusal("ModifySecurityGroupAttribute", **group, Description="https://x")
    assert refusal == ("InvalidSecurityGroupDiscription.Malformed", 400)


def test_a_group_that_is_not_there_or_a_products_own_stays(machines: Machines):
    change = {"SecurityGroupName": "web"}
    refusal = machines.ecs.refusal("ModifySecurityGroupAttribute", SecurityGroupId="sg-1", **change)
    assert refusal == ("InvalidSecurityGroupId.NotFound", 404)
    made = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id, ServiceManaged=True)
    change |= {"SecurityGroupId": made["SecurityGroupId"]}
    refusal = machines.ecs.refusal("ModifySecurityGroupAttribute", **change)
    assert refusal == ("InvalidOperation.ResourceManagedByCloudProduct", 403)


def test_members_of_a_basic_group_can_be_kept_apart(machines: Machines):
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("ModifySecurityGroupPolicy", **group, InnerAccessPolicy="drop")
    body = machines.ecs("DescribeSecurityGroupAttribute", **group)
    assert body["InnerAccessPolicy"] == "Drop"
    refusal = machines.ecs.refusal("ModifySecurityGroupPolicy", **group, InnerAccessPolicy="some")
    assert refusal == ("InvalidPolicy.Malformed", 400)


def test_an_enterprise_group_has_no_inner_policy_to_change(machines: Machines):
    made = machines.ecs(
        "CreateSecurityGroup", VpcId=machines.vpc_id, SecurityGroupType="enterprise"
    )
    refusal = machines.ecs.refusal(
        "ModifySecurityGroupPolicy",
        SecurityGroupId=made["SecurityGroupId"],
        InnerAccessPolicy="Accept",
    )
    assert refusal == ("InvalidGroupParameter.OperationDenied", 400)


def test_a_rule_named_by_its_id_takes_what_is_given(machines: Machines):
    old = ssh_rule(machines, Description="ssh")
    machines.ecs(
        "ModifySecurityGroupRule",
        SecurityGroupId=machines.group_id,
        SecurityGroupRuleId=old["SecurityGroupRuleId"],
        PortRange="2222/2222",
        SourceCidrIp="10.1.0.0/16",
        Priority="5",
    )
    (new,) = rules(machines.ecs, machines.group_id)
    changed = {"PortRange": "2222/2222", "SourceCidrIp": "10.1.0.0/16", "Priority": "5"}
    assert new == old | changed


def test_a_rule_found_by_what_it_says_takes_the_description(machines: Machines):
    old = ssh_rule(machines)
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("ModifySecurityGroupRule", **group, **SSH, Description="ssh")
    assert rules(machines.ecs, machines.group_id) == [old | {"Description": "ssh"}]
    other = SSH | {"PortRange": "23/23", "Description": "telnet"}
    refusal = machines.ecs.refusal("ModifySecurityGroupRule", **group, **other)
    assert refusal == ("InvalidSecurityGroupRule.RuleNotExist", 400)


def test_an_egress_rule_is_changed_by_its_own_operation(machines: Machines):
    group = {"SecurityGroupId": machines.group_id}
    web = {"IpProtocol": "tcp", "PortRange": "443/443", "DestCidrIp": "0.0.0.0/0"}
    machines.ecs("AuthorizeSecurityGroupEgress", **group, Permissions=[web])
    (old,) = rules(machines.ecs, machines.group_id)
    named = group | {"SecurityGroupRuleId": old["SecurityGroupRuleId"]}
    refusal = machines.ecs.refusal("ModifySecurityGroupRule", **named, Priority="2")
    assert refusal == ("InvalidSecurityGroupRuleId.NotFound", 404)
    machines.ecs("ModifySecurityGroupEgressRule", **named, IpProtocol="all", Policy="drop")
    (new,) = rules(machines.ecs, machines.group_id)
    assert (new["IpProtocol"], new["PortRange"], new["Policy"]) == ("ALL", "-1/-1", "Drop")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"SourceGroupId": "sg-bp1other"}, ("InvalidParam.SecurityGroupRule", 400)),
        ({"PortRange": "70000/1"}, ("InvalidPortRange.Malformed", 400)),
        ({"Priority": "101"}, ("InvalidPriority.Malformed", 400)),
        ({"PortRange": "443/443"}, ("InvalidSecurityGroupRule.RuleAlreadyExist", 403)),
    ],
)
def test_a_rule_is_not_changed(
    machines: Machines, change: dict[str, str], refusal: tuple[str, int]
):
    old = ssh_rule(machines)
    group = {"SecurityGroupId": machines.group_id}
    machines.ecs("AuthorizeSecurityGroup", **group, Permissions=[SSH | {"PortRange": "443/443"}])
    named = group | {"SecurityGroupRuleId": old["SecurityGroupRuleId"]}
    assert machines.ecs.refusal("ModifySecurityGroupRule", **named, **change) == refusal
    assert rules(machines.ecs, machines.group_id)[0] == old


def test_an_instance_joins_a_group_and_leaves_it(machines: Machines):
    one = machines.running()
    made = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
    both = {"InstanceId": one, "SecurityGroupId": made}
    machines.ecs("JoinSecurityGroup", **both)
    groups = [machines.group_id, made]
    assert machines.row(one)["SecurityGroupIds"] == {"SecurityGroupId": groups}
    (eni,) = machines.ecs("DescribeNetworkInterfaces")["NetworkInterfaceSets"][
        "NetworkInterfaceSet"
    ]
    assert eni["SecurityGroupIds"] == {"SecurityGroupId": groups}
    refusal = machines.ecs.refusal("JoinSecurityGroup", **both)
    assert refusal == ("InvalidInstanceId.AlreadyExists", 400)
    machines.ecs("LeaveSecurityGroup", **both)
    refusal = machines.ecs.refusal("LeaveSecurityGroup", **both)
    assert refusal == ("InstanceNotInSecurityGroup", 403)
    last = {"InstanceId": one, "SecurityGroupId": machines.group_id}
    assert machines.ecs.refusal("LeaveSecurityGroup", **last) == ("InstanceLastSecurityGroup", 403)


def test_an_interface_joins_a_group_of_its_vpc_alone(machines: Machines):
    one = {"SecurityGroupId": machines.group_id, "VSwitchId": machines.vswitch_id}
    eni = machines.ecs("CreateNetworkInterface", **one)["NetworkInterfaceId"]
    elsewhere = machines.ecs("CreateSecurityGroup")["SecurityGroupId"]
    named = {"NetworkInterfaceId": eni, "SecurityGroupId": elsewhere}
    refusal = machines.ecs.refusal("JoinSecurityGroup", **named)
    assert refusal == ("InvalidSecurityGroup.VpcMismatch", 400)
    here = machines.ecs("CreateSecurityGroup", VpcId=machines.vpc_id)["SecurityGroupId"]
    machines.ecs("JoinSecurityGroup", NetworkInterfaceId=eni, SecurityGroupId=here)
    machines.ecs("LeaveSecurityGroup", NetworkInterfaceId=eni, SecurityGroupId=machines.group_id)
    (row,) = machines.ecs("DescribeNetworkInterfaces")["NetworkInterfaceSets"][
        "NetworkInterfaceSet"
    ]
    assert row["SecurityGroupIds"] == {"SecurityGroupId": [here]}
