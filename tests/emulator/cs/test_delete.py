"""DeleteCluster: what goes, what stays, in which state, and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import REGION, Ack

GONE = 185.0


def test_a_cluster_goes_with_everything_that_was_made_for_it(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=True, snat_entry=True)
    ack.make_pool(cluster_id)
    answer = ack("DeleteCluster", cluster_id)
    assert ack.detail(cluster_id)["state"] == "deleting"
    assert ack.task(answer["task_id"])["state"] == "running"
    clock.advance(GONE)
    assert ack.refusal("DescribeClusterDetail", cluster_id) == ("ErrorClusterNotFound", 404)
    assert ack.task(answer["task_id"])["state"] == "success"
    assert ack("DescribeClustersForRegion", REGION)["clusters"] == [], "how its end is known"
    assert ack.instances() == []
    assert ack.balancers() == {}
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 0
    assert ack.vpc("DescribeNatGateways", VpcId=ack.vpc_id)["TotalCount"] == 0
    groups = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)["SecurityGroups"]
    assert groups["SecurityGroup"] == []
    with ack.emulator.backend.transaction() as session:
        now = ack.emulator.backend.timeline_now(session)
        for kind in ("node", "nodepool", "addon", "route", "snat", "eni", "disk", "ramrole"):
            assert session.find(kind, at=now) == [], kind


def test_the_network_can_be_deleted_after_it(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=True)
    ack.make_pool(cluster_id)
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    ack.vpc("DeleteVSwitch", VSwitchId=ack.vswitch_id)
    clock.advance(20)
    ack.vpc("DeleteVpc", VpcId=ack.vpc_id)
    clock.advance(10)
    assert ack.vpc("DescribeVpcs")["TotalCount"] == 0


def test_what_the_user_brought_stays(ack: Ack, clock: ManualClock) -> None:
    group_id = ack.ecs("CreateSecurityGroup", VpcId=ack.vpc_id)["SecurityGroupId"]
    made = ack.vpc(
        "CreateNatGateway", VpcId=ack.vpc_id, VSwitchId=ack.vswitch_id, NatType="Enhanced"
    )
    clock.advance(100)
    cluster_id = ack.make_cluster(security_group_id=group_id, snat_entry=True)
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    found = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)["SecurityGroups"]["SecurityGroup"]
    assert [row["SecurityGroupId"] for row in found] == [group_id]
    gateways = ack.vpc("DescribeNatGateways", VpcId=ack.vpc_id)["NatGateways"]["NatGateway"]
    assert [row["NatGatewayId"] for row in gateways] == [made["NatGatewayId"]]


def test_deletion_protection_refuses_until_it_is_cleared(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster(deletion_protection=True)
    code, status = ack.refusal("DeleteCluster", cluster_id)
    assert (code, status) == ("ErrorDeletionProtectionEnabled", 400)
    ack.raw(
        "ModifyCluster", "PUT", f"/api/v2/clusters/{cluster_id}", {"deletion_protection": False}
    )
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.refusal("DescribeClusterDetail", cluster_id)[0] == "ErrorClusterNotFound"


@pytest.mark.parametrize(
    "options",
    [
        {"keep_slb": True},
        {"delete_options": [{"resource_type": "SLB", "delete_mode": "retain"}]},
        {"retain_all_resources": True},
    ],
)
def test_balancers_stay_when_asked(ack: Ack, clock: ManualClock, options: dict[str, Any]) -> None:
    cluster_id = ack.make_cluster()
    ack("DeleteCluster", cluster_id, **options)
    clock.advance(GONE)
    assert len(ack.balancers()) == 1


def test_single_resources_stay_when_named(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    group_id = ack.detail(cluster_id)["security_group_id"]
    ack("DeleteCluster", cluster_id, retain_resources=[group_id])
    clock.advance(GONE)
    found = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)["SecurityGroups"]["SecurityGroup"]
    assert [row["SecurityGroupId"] for row in found] == [group_id]
    assert ack.balancers() == {}


def test_a_balancer_of_a_service_goes_with_the_cluster(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    ack.slb(
        "CreateLoadBalancer",
        LoadBalancerName="of-a-service",
        AddressType="intranet",
        VpcId=ack.vpc_id,
        VSwitchId=ack.vswitch_id,
        Tags=json.dumps([{"TagKey": "ack.aliyun.com", "TagValue": cluster_id}]),
    )
    (made,) = [row for name, row in ack.balancers().items() if name == "of-a-service"]
    tags = [{"Key": "ack.aliyun.com", "Value": cluster_id}]
    ack.slb("TagResources", ResourceType="instance", ResourceId=[made["LoadBalancerId"]], Tag=tags)
    rows = ack("DescribeClusterResources", cluster_id, with_addon_resources=True)
    assert [
        row["creator_type"] for row in rows if row["instance_id"] == made["LoadBalancerId"]
    ] == ["addon"]
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.balancers() == {}


@pytest.mark.parametrize("seconds", [0, 10, 100, 300])
def test_a_cluster_that_is_being_made_can_be_deleted(
    ack: Ack, clock: ManualClock, seconds: float
) -> None:
    cluster_id, _ = ack.ask_cluster(endpoint_public_access=True, snat_entry=True)
    clock.advance(seconds)
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.refusal("DescribeClusterDetail", cluster_id)[0] == "ErrorClusterNotFound"
    assert ack.balancers() == {}
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 0
    clock.advance(600)
    assert ack.balancers() == {}
    assert ack("DescribeClustersV1")["clusters"] == []


@pytest.mark.parametrize("seconds", [0, 20, 120])
def test_a_pool_that_is_being_made_goes_too(ack: Ack, clock: ManualClock, seconds: float) -> None:
    cluster_id = ack.make_cluster()
    ack.ask_pool(cluster_id, nodes=3)
    clock.advance(seconds)
    ack("DeleteCluster", cluster_id)
    for _ in range(6):
        clock.advance(100)
        last = ack.instances()
    assert last == []


def test_a_second_deletion_tells_the_same_task(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    first = ack("DeleteCluster", cluster_id)
    again = ack("DeleteCluster", cluster_id)
    assert again["task_id"] == first["task_id"]


def test_a_failed_deletion_is_told_and_can_be_repeated(ack: Ack, clock: ManualClock) -> None:
    ack.emulator.set_faults({"faults": [{"kind": "delete_failed", "cluster": "demo"}]})
    cluster_id = ack.make_cluster()
    answer = ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.detail(cluster_id)["state"] == "delete_failed"
    assert ack.task(answer["task_id"])["error"]["code"] == "DependencyViolation.Resource"
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.refusal("DescribeClusterDetail", cluster_id)[0] == "ErrorClusterNotFound"


def test_subscriptions_are_never_released(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    ack.make_pool(cluster_id, instance_charge_type="PrePaid", period=1, period_unit="Month")
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert len(ack.instances()) == 2


def test_an_unknown_delete_option_is_refused(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    options = [{"resource_type": "SLB", "delete_mode": "perhaps"}]
    refused = ack.refusal("DeleteCluster", cluster_id, delete_options=options)
    assert refused == ("InvalidParameter", 400)
    assert ack.detail(cluster_id)["state"] == "running"


def test_a_deleted_name_and_pod_cidr_are_free_again(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    ack("DeleteCluster", cluster_id)
    clock.advance(GONE)
    assert ack.make_cluster() != cluster_id


def test_a_deleting_cluster_takes_no_changes(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    ack("DeleteCluster", cluster_id)
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **ack.pool_request())
    assert refused[0] == "InvalidClusterStatus.Forbidden"
    assert ack.refusal("ModifyCluster", cluster_id, deletion_protection=True)[0] == refused[0]
