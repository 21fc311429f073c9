"""Forward entries, route tables, load balancers and listeners changed in place."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.net.apis import Api, Network


@pytest.fixture
def entry(network: Network) -> dict[str, str]:
    """A forward entry that is Available, as requests name it."""
    vpc_id = network.vpc()
    nat = network.nat(vpc_id, network.vswitch(vpc_id))
    table = nat["ForwardTableIds"]["ForwardTableId"][0]
    made = network.api(
        "CreateForwardEntry",
        ForwardTableId=table,
        ExternalIp=network.bound_eip(nat["NatGatewayId"])["IpAddress"],
        ExternalPort="80",
        InternalIp="10.1.0.9",
        InternalPort="80",
        IpProtocol="tcp",
    )
    network.clock.advance(6)
    return {"ForwardTableId": table, "ForwardEntryId": made["ForwardEntryId"]}


def shown(vpc: Api, entry: dict[str, str]) -> dict[str, Any]:
    (row,) = vpc("DescribeForwardTableEntries", **entry)["ForwardTableEntries"]["ForwardTableEntry"]
    return dict(row)


def test_a_forward_entry_is_modifying_until_it_leads_elsewhere(
    vpc: Api, entry: dict[str, str], clock: ManualClock
):
    vpc("ModifyForwardEntry", **entry, InternalPort="8080", ForwardEntryName="web")
    row = shown(vpc, entry)
    assert (row["Status"], row["InternalPort"], row["ForwardEntryName"]) == (
        "Modifying",
        "8080",
        "web",
    )
    refusal = vpc.refusal("ModifyForwardEntry", **entry, InternalPort="81")
    assert refusal == ("IncorretForwardEntryStatus", 400)
    clock.advance(6)
    assert shown(vpc, entry)["Status"] == "Available"


def test_a_forward_entrys_name_alone_changes_at_once(vpc: Api, entry: dict[str, str]):
    before = shown(vpc, entry)
    vpc("ModifyForwardEntry", **entry, ForwardEntryName="web")
    assert shown(vpc, entry) == before | {"ForwardEntryName": "web"}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"ExternalIp": "8.8.8.8"}, ("InvalidExternalIp.NotFound", 404)),
        ({"ForwardEntryId": "fwd-1"}, ("InvalidForwardEntryId.NotFound", 404)),
        ({"ForwardTableId": "ftb-1"}, ("InvalidForwardTableId.NotFound", 404)),
        ({"ForwardEntryName": "http://x"}, ("InvalidParameter.Name.Malformed", 400)),
    ],
)
def test_a_forward_entry_is_not_changed(
    vpc: Api, entry: dict[str, str], change: dict[str, str], refusal: tuple[str, int]
):
    before = shown(vpc, entry)
    assert vpc.refusal("ModifyForwardEntry", **(entry | change)) == refusal
    assert shown(vpc, entry) == before


def test_a_route_table_gets_another_name_and_description(network: Network, vpc: Api):
    made = vpc("CreateRouteTable", VpcId=network.vpc(), RouteTableName="own")
    table = {"RouteTableId": made["RouteTableId"]}
    refusal = vpc.refusal("ModifyRouteTableAttributes", **table, RouteTableName="new")
    assert refusal == ("IncorrectRouteTableStatus", 404)  # Pending
    network.clock.advance(10)
    vpc("ModifyRouteTableAttributes", **table, RouteTableName="new", Description="of the web")
    vpc("ModifyRouteTableAttributes", **table, RoutePropagationEnable=False)
    (row,) = vpc("DescribeRouteTableList", **table)["RouterTableList"]["RouterTableListType"]
    assert (row["RouteTableName"], row["Description"]) == ("new", "of the web")
    assert row["RoutePropagationEnable"] is False
    refusal = vpc.refusal("ModifyRouteTableAttributes", RouteTableId="vtb-1")
    assert refusal == ("InvalidRouteTableId.NotFound", 404)


def test_a_load_balancer_gets_another_name(slb: Api):
    own = {"LoadBalancerId": slb("CreateLoadBalancer", LoadBalancerName="a")["LoadBalancerId"]}
    slb("SetLoadBalancerName", **own, LoadBalancerName="b")
    assert slb("DescribeLoadBalancerAttribute", **own)["LoadBalancerName"] == "b"
    refusal = slb.refusal("SetLoadBalancerName", **own, LoadBalancerName="b" * 81)
    assert refusal == ("InvalidParameter", 400)
    refusal = slb.refusal("SetLoadBalancerName", LoadBalancerId="lb-1", LoadBalancerName="b")
    assert refusal == ("InvalidLoadBalancerId.NotFound", 404)


@pytest.fixture
def listener(slb: Api) -> dict[str, Any]:
    """A TCP listener, as requests name it."""
    own = {"LoadBalancerId": slb("CreateLoadBalancer")["LoadBalancerId"]}
    named = own | {"ListenerPort": 80}
    slb("CreateLoadBalancerTCPListener", **named, Bandwidth=-1, BackendServerPort=8080)
    return named


def test_a_listener_takes_what_is_given(slb: Api, listener: dict[str, Any]):
    before = slb("DescribeLoadBalancerTCPListenerAttribute", **listener)
    slb("StartLoadBalancerListener", **listener)
    slb(
        "SetLoadBalancerTCPListenerAttribute",
        **listener,
        Bandwidth=50,
        Scheduler="rr",
        HealthCheckInterval=9,
        HealthCheckSwitch="off",
        Description="web",
    )
    after = slb("DescribeLoadBalancerTCPListenerAttribute", **listener)
    changed = {"Bandwidth": 50, "Scheduler": "rr", "HealthCheckInterval": 9, "Description": "web"}
    changed |= {"HealthCheck": "off", "Status": "running", "RequestId": after["RequestId"]}
    assert after == before | changed


def test_a_listener_is_given_a_group_and_loses_it(slb: Api, listener: dict[str, Any]):
    own = {"LoadBalancerId": listener["LoadBalancerId"]}
    group = slb("CreateVServerGroup", **own)["VServerGroupId"]

    def group_now() -> str:
        return slb("DescribeLoadBalancerTCPListenerAttribute", **listener)["VServerGroupId"]

    slb("SetLoadBalancerTCPListenerAttribute", **listener, VServerGroup="on", VServerGroupId=group)
    assert group_now() == group
    slb("SetLoadBalancerTCPListenerAttribute", **listener, VServerGroup="off")
    assert group_now() == ""


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"ListenerPort": 81}, ("ResourceNotFound.Listener", 404)),
        ({"VServerGroupId": "rsp-1"}, ("ResourceNotFound.VServerGroup", 400)),
        ({"Bandwidth": 0}, ("InvalidParameter", 400)),
        ({"EstablishedTimeout": 9}, ("InvalidParameter", 400)),
    ],
)
def test_a_listener_is_not_changed(
    slb: Api, listener: dict[str, Any], change: dict[str, Any], refusal: tuple[str, int]
):
    assert slb.refusal("SetLoadBalancerTCPListenerAttribute", **(listener | change)) == refusal
