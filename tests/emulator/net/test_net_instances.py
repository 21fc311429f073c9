"""Instances and security groups in the network: what they hold on to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.net.apis import Api, Network, run_instance


@dataclass(frozen=True)
class Site:
    """A VPC with a vSwitch, a security group and a running instance."""

    ecs: Api
    vpc_id: str
    vswitch_id: str
    group_id: str
    instance_id: str


@pytest.fixture
def site(ecs: Api, network: Network, clock: ManualClock) -> Site:
    vpc_id = network.vpc()
    vswitch_id = network.vswitch(vpc_id)
    group_id = ecs("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    instance_id = run_instance(ecs, vswitch_id, group_id)
    clock.advance(30)
    return Site(ecs, vpc_id, vswitch_id, group_id, instance_id)


def test_a_vpc_is_emptied_from_the_inside(vpc: Api, site: Site, clock: ManualClock):
    refusal = vpc.refusal("DeleteVSwitch", VSwitchId=site.vswitch_id)
    assert refusal == ("DependencyViolation", 400)
    site.ecs("DeleteInstance", InstanceId=site.instance_id, Force=True)
    clock.advance(30)
    vpc("DeleteVSwitch", VSwitchId=site.vswitch_id)
    clock.advance(10)
    assert vpc.refusal("DeleteVpc", VpcId=site.vpc_id) == ("DependencyViolation.SecurityGroup", 400)
    site.ecs("DeleteSecurityGroup", SecurityGroupId=site.group_id)
    vpc("DeleteVpc", VpcId=site.vpc_id)
    clock.advance(5)
    assert vpc("DescribeVpcs")["TotalCount"] == 0


def test_an_instance_takes_an_address_and_gives_it_back(vpc: Api, site: Site, clock: ManualClock):
    def free() -> int:
        body = vpc("DescribeVSwitchAttributes", VSwitchId=site.vswitch_id)
        return int(body["AvailableIpAddressCount"])

    assert free() == 251
    site.ecs("DeleteInstance", InstanceId=site.instance_id, Force=True)
    clock.advance(30)
    assert free() == 252


def test_an_instance_takes_one_eip_when_it_runs(vpc: Api, network: Network, site: Site):
    one, two = (vpc("AllocateEipAddress")["AllocationId"] for _ in range(2))
    young = run_instance(site.ecs, site.vswitch_id, site.group_id)
    refusal = vpc.refusal("AssociateEipAddress", AllocationId=one, InstanceId=young)
    assert refusal == ("IncorrectInstanceStatus", 400)
    vpc("AssociateEipAddress", AllocationId=one, InstanceId=site.instance_id)
    refusal = vpc.refusal("AssociateEipAddress", AllocationId=two, InstanceId=site.instance_id)
    assert refusal == ("InvalidAssociation.Duplicated", 400)
    row = network.eip(one)
    assert (row["InstanceId"], row["InstanceType"]) == (site.instance_id, "EcsInstance")


def test_a_route_leads_to_an_instance_of_the_vpc(vpc: Api, network: Network, site: Site):
    def table_of(each: str) -> str:
        body = vpc("DescribeRouteTableList", VpcId=each)
        return str(body["RouterTableList"]["RouterTableListType"][0]["RouteTableId"])

    route = {"DestinationCidrBlock": "192.168.1.0/24", "NextHopId": site.instance_id}
    vpc("CreateRouteEntry", RouteTableId=table_of(site.vpc_id), **route)
    elsewhere = table_of(network.vpc())
    refusal = vpc.refusal("CreateRouteEntry", RouteTableId=elsewhere, **route)
    assert refusal == ("InvalidNextHop.NotFound", 400)


def test_a_server_is_added_once_and_found_by_its_id(slb: Api, site: Site):
    own = {"LoadBalancerId": slb("CreateLoadBalancer")["LoadBalancerId"]}
    slb("CreateLoadBalancer")
    servers = json.dumps([{"ServerId": site.instance_id, "Weight": "80"}])
    for _ in range(2):
        body = slb("AddBackendServers", BackendServers=servers, **own)
        (row,) = body["BackendServers"]["BackendServer"]
        assert (row["ServerId"], row["Weight"]) == (site.instance_id, "80")
    (row,) = slb("DescribeLoadBalancerAttribute", **own)["BackendServers"]["BackendServer"]
    assert (row["ServerIp"], row["Weight"]) == ("10.1.0.1", 80)
    assert slb("DescribeLoadBalancers", ServerId=site.instance_id)["TotalCount"] == 1
    body = slb("RemoveBackendServers", BackendServers=servers, **own)
    assert body["BackendServers"] == {"BackendServer": []}


def test_the_servers_of_a_group_are_read_and_changed(slb: Api, site: Site):
    def text(*rows: dict[str, Any]) -> str:
        return json.dumps([{"ServerId": site.instance_id, **row} for row in rows])

    def shown() -> list[tuple[int, int]]:
        body = slb("DescribeVServerGroupAttribute", **ask)
        rows = body["BackendServers"]["BackendServer"]
        assert {row["ServerId"] for row in rows} <= {site.instance_id}
        return [(row["Port"], row["Weight"]) for row in rows]

    own = {"LoadBalancerId": slb("CreateLoadBalancer")["LoadBalancerId"]}
    first = text({"Port": "80", "Weight": "50"})
    body = slb("CreateVServerGroup", **own, BackendServers=first)
    ask = {"VServerGroupId": body["VServerGroupId"]}
    added = text({"Port": 80}, {"Port": 81})
    slb("AddVServerGroupBackendServers", BackendServers=added, **ask)
    assert shown() == [(80, 50), (81, 100)]
    weights = text({"Port": 81, "Weight": 7})
    slb("SetVServerGroupAttribute", VServerGroupName="h", BackendServers=weights, **ask)
    assert shown() == [(80, 50), (81, 7)]
    moved = {"OldBackendServers": text({"Port": 80}), "NewBackendServers": text({"Port": 90})}
    slb("ModifyVServerGroupBackendServers", **moved, **ask)
    assert shown() == [(81, 7), (90, 100)]
    slb("RemoveVServerGroupBackendServers", BackendServers=text({"Port": 81}), **ask)
    assert shown() == [(90, 100)]
    body = slb("DescribeVServerGroupAttribute", **ask)
    assert (body["VServerGroupName"], body["LoadBalancerId"]) == ("h", own["LoadBalancerId"])


def test_the_weight_of_a_default_server_is_changed(slb: Api, site: Site):
    ask = {"LoadBalancerId": slb("CreateLoadBalancer")["LoadBalancerId"]}
    rows = json.dumps([{"ServerId": site.instance_id, "Weight": 100}])
    slb("AddBackendServers", BackendServers=rows, **ask)
    slb("SetBackendServers", BackendServers=rows.replace("100", "20"), **ask)
    (row,) = slb("DescribeLoadBalancerAttribute", **ask)["BackendServers"]["BackendServer"]
    assert row["Weight"] == 20
