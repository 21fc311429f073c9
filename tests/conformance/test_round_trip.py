"""What was not supplied reads back as the service returns it, and applying again changes nothing.

Terraform and Ansible plan a change for anything else. What unsupplied attributes read back as is
from an observed answer of 2026 and from the documented examples.
"""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.conformance.life import VGPU, Life, Refused
from tests.conformance.tea import TeaClient

MOVING = {"updated", "updated_time"}
"""What may differ between two readings: when something was changed."""


@pytest.fixture
def life(clock: ManualClock, keys: dict[str, str], hosts: dict[str, str]) -> Life:
    """A cluster with a pool, made with as little as the service takes."""
    life = Life(TeaClient(keys, hosts, protocol="http"), clock)
    life.make_network()
    body = {
        "name": "bare",
        "cluster_type": "ManagedKubernetes",
        "region_id": "cn-hangzhou",
        "vpcid": life.ids["vpc"],
        "vswitch_ids": [life.ids["vswitch"]],
        "container_cidr": "172.20.0.0/16",
        "service_cidr": "172.21.0.0/20",
    }
    life.ids["cluster"] = life.cs("CreateCluster", body=body)["cluster_id"]
    life.settle(400)
    group = {
        "instance_types": [VGPU],
        "vswitch_ids": [life.ids["vswitch"]],
        "system_disk_category": "cloud_efficiency",
        "system_disk_size": 120,
        "desired_size": 1,
    }
    pool = {"nodepool_info": {"name": "vgpu"}, "scaling_group": group}
    made = life.cs("CreateClusterNodePool", life.ids["cluster"], body=pool)
    life.ids["pool"] = made["nodepool_id"]
    life.settle(400)
    return life


def without(body: dict[str, Any]) -> dict[str, Any]:
    return {
        key: without(value) if isinstance(value, dict) else value
        for key, value in body.items()
        if key not in MOVING
    }


def cluster(life: Life) -> dict[str, Any]:
    return without(life.cs("DescribeClusterDetail", life.ids["cluster"]))


def pool(life: Life) -> dict[str, Any]:
    return without(life.cs("DescribeClusterNodePoolDetail", life.ids["cluster"], life.ids["pool"]))


def test_a_cluster_shows_nothing_that_nobody_supplied(life: Life) -> None:
    shown = cluster(life)
    assert shown["timezone"] == ""
    assert shown["deletion_protection"] is False
    assert shown["maintenance_window"]["enable"] is False
    assert shown["rrsa_config"] == {"enabled": False}
    assert shown.get("extra_sans") in (None, [])
    assert [tag for tag in shown["tags"] if not tag["key"].startswith("ack.")] == []


def test_a_pool_shows_nothing_that_nobody_supplied(life: Life) -> None:
    shown = pool(life)
    assert shown["kubernetes_config"]["labels"] in ([], None)
    assert shown["kubernetes_config"]["taints"] in ([], None)
    assert shown["kubernetes_config"].get("user_data", "") == ""
    assert shown["auto_scaling"]["enable"] is False
    assert shown["scaling_group"]["key_pair"] == ""
    assert shown["scaling_group"]["data_disks"] in ([], None)
    assert shown["scaling_group"]["tags"] in ([], None)
    assert shown["scaling_group"]["login_password"] in ("", None)


def test_a_network_shows_nothing_that_nobody_supplied(life: Life) -> None:
    (vpc,) = life.vpc("DescribeVpcs", VpcId=life.ids["vpc"])["Vpcs"]["Vpc"]
    (vswitch,) = life.vpc("DescribeVSwitches", VpcId=life.ids["vpc"])["VSwitches"]["VSwitch"]
    assert (vpc["Description"], vpc["Ipv6CidrBlock"]) == ("", "")
    assert (vswitch["Description"], vswitch["VSwitchName"]) == ("", "")
    assert vpc["SecondaryCidrBlocks"]["SecondaryCidrBlock"] == []


def test_applying_a_cluster_as_it_is_changes_nothing(life: Life) -> None:
    before = cluster(life)
    same = {
        key: before[key] for key in ("timezone", "deletion_protection", "maintenance_window")
    } | {"cluster_name": before["name"]}
    for _ in range(2):
        life.cs("ModifyCluster", life.ids["cluster"], body=same)
        life.settle(60)
    assert cluster(life) == before


def test_applying_a_pool_as_it_is_changes_nothing(life: Life) -> None:
    before = pool(life)
    group = before["scaling_group"]
    same = {
        "nodepool_info": {"name": before["nodepool_info"]["name"]},
        "kubernetes_config": before["kubernetes_config"],
        "auto_scaling": before["auto_scaling"],
        "scaling_group": {
            key: group[key]
            for key in ("instance_types", "vswitch_ids", "system_disk_category", "desired_size")
        },
    }
    for _ in range(2):
        life.cs("ModifyClusterNodePool", life.ids["cluster"], life.ids["pool"], body=same)
        life.settle(120)
    assert pool(life) == before
    assert len(life.cs("DescribeClusterNodes", life.ids["cluster"])["nodes"]) == 1


def test_applying_a_network_as_it_is_changes_nothing(life: Life) -> None:
    def network() -> Any:
        return life.vpc("DescribeVpcs")["Vpcs"], life.vpc("DescribeVSwitches")["VSwitches"]

    before = network()
    tags = [{"Key": "owner", "Value": "conformance"}]
    for _ in range(2):
        life.vpc("ModifyVpcAttribute", VpcId=life.ids["vpc"], VpcName="demo")
        life.vpc("TagResources", ResourceType="VPC", ResourceId=[life.ids["vpc"]], Tag=tags)
    assert network() == before


def test_the_same_rule_twice_is_one_rule(life: Life) -> None:
    group_id = life.ecs("CreateSecurityGroup", VpcId=life.ids["vpc"])["SecurityGroupId"]
    rule = {"IpProtocol": "tcp", "PortRange": "22/22", "SourceCidrIp": "10.0.0.0/8"}
    for _ in range(2):
        life.ecs("AuthorizeSecurityGroup", SecurityGroupId=group_id, Permissions=[rule])
    shown = life.ecs("DescribeSecurityGroupAttribute", SecurityGroupId=group_id)
    assert len(shown["Permissions"]["Permission"]) == 1


def test_a_token_stands_for_one_request_only(life: Life) -> None:
    network = {"CidrBlock": "10.0.0.0/8", "ClientToken": "once"}
    first, second = (life.vpc("CreateVpc", **network)["VpcId"] for _ in range(2))
    assert first == second
    with pytest.raises(Refused) as caught:
        life.vpc("CreateVpc", **network | {"CidrBlock": "172.16.0.0/12"})
    assert caught.value.code == "IdempotentParameterMismatch"


def test_the_task_of_a_deletion_is_there_after_the_cluster(life: Life, emulator: Emulator) -> None:
    task_id = life.cs("DeleteCluster", life.ids["cluster"])["task_id"]
    assert life.cs("DescribeTaskInfo", task_id)["state"] == "running"
    life.settle(24 * 3600)
    assert life.cs("DescribeTaskInfo", task_id)["state"] == "success"
    with pytest.raises(Refused) as caught:
        life.cs("DescribeClusterDetail", life.ids["cluster"])
    assert (caught.value.code, caught.value.status) == ("ErrorClusterNotFound", 404)
