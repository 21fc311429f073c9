"""What the network offers to the other products, and what goes wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.slb.balancers import make_load_balancer, remove_load_balancer
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.addresses import take_address
from ackgpu.emulator.vpc.eips import make_eip, remove_eip
from ackgpu.emulator.vpc.nat_gateways import make_nat_gateway, remove_nat_gateway
from ackgpu.emulator.vpc.route_entries import make_route_entry, remove_route_entry
from ackgpu.emulator.vpc.snat_entries import make_snat_entry
from tests.emulator.net.apis import REGION, Api, Network

ACK_TAGS = {"ack.aliyun.com": "c1", "kubernetes.do.not.delete": "true"}


@contextmanager
def inside(emulator: Emulator) -> Iterator[Call]:
    """A call of another product's handler: one writing transaction."""
    with emulator.backend.transaction(write=True) as session:
        operation = PRODUCT.operations["CreateVpc"]
        yield emulator.backend.call(session, operation, region=REGION)


@pytest.fixture
def vswitch(network: Network, vpc: Api) -> dict[str, Any]:
    vswitch_id = network.vswitch(network.vpc())
    (row,) = vpc("DescribeVSwitches", VSwitchId=vswitch_id)["VSwitches"]["VSwitch"]
    return row


def balancer(call: Call, vswitch: dict[str, Any], at: float) -> Doc:
    return make_load_balancer(
        call,
        region=REGION,
        name="ManagedK8SSlbIntranet-c1",
        address_type="intranet",
        vpc_id=vswitch["VpcId"],
        vswitch_id=vswitch["VSwitchId"],
        tags=ACK_TAGS,
        ports=(6443,),
        at=at,
    )


def test_a_planned_balancer_appears_and_goes_when_its_time_comes(
    emulator: Emulator, slb: Api, vswitch: dict[str, Any], clock: ManualClock
):
    with inside(emulator) as call:
        doc = balancer(call, vswitch, call.now + 100)
        remove_load_balancer(call, doc, at=call.now + 200)
    assert slb("DescribeLoadBalancers")["TotalCount"] == 0
    clock.advance(101)
    body = slb("DescribeLoadBalancerAttribute", LoadBalancerId=doc.id)
    assert body["ListenerPorts"] == {"ListenerPort": [6443]}
    assert body["LoadBalancerSpec"] == "slb.s2.small"
    row = slb("DescribeLoadBalancerTCPListenerAttribute", LoadBalancerId=doc.id, ListenerPort=6443)
    assert row["Status"] == "running"
    clock.advance(100)
    assert slb("DescribeLoadBalancers")["TotalCount"] == 0
    assert slb("DescribeLoadBalancerListeners")["TotalCount"] == 0


def test_what_ack_made_is_protected_until_the_protection_is_taken_off(
    emulator: Emulator, slb: Api, vswitch: dict[str, Any]
):
    with inside(emulator) as call:
        doc = balancer(call, vswitch, call.now)
    refusal = slb.refusal("DeleteLoadBalancer", LoadBalancerId=doc.id)
    assert refusal == ("OperationDenied.DeleteProtectionIsOn", 400)
    slb("SetLoadBalancerDeleteProtection", LoadBalancerId=doc.id, DeleteProtection="off")
    slb("DeleteLoadBalancer", LoadBalancerId=doc.id)


def test_planned_things_count_against_quotas(emulator: Emulator, vswitch: dict[str, Any]):
    with inside(emulator) as call:
        for number in range(60):
            balancer(call, vswitch, call.now + number)
        with pytest.raises(ApiError) as caught:
            balancer(call, vswitch, call.now)
    assert caught.value.code == "OperationForbidden.QuotaLimit"


def test_addresses_are_taken_once_and_freed_with_their_owner(
    emulator: Emulator, vpc: Api, network: Network, clock: ManualClock
):
    vswitch_id = network.vswitch(network.vpc(), "10.1.0.0/29")

    def free() -> int:
        (row,) = vpc("DescribeVSwitches", VSwitchId=vswitch_id)["VSwitches"]["VSwitch"]
        return row["AvailableIpAddressCount"]

    assert free() == 4
    with inside(emulator) as call:
        vswitch = call.docs.get("vswitch", vswitch_id)
        taken = {take_address(call, vswitch, f"i-{n}") for n in range(4)}
        with pytest.raises(ApiError) as caught:
            take_address(call, vswitch, "i-9")
        call.docs.put(Doc("instance", "i-0", deleted_at=call.now + 10))
    assert caught.value.code == "OperationFailed.VSwitchNoAvailableIp"
    assert taken == {"10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4"}
    assert free() == 0
    clock.advance(11)
    assert free() == 1
    with inside(emulator) as call:
        vswitch = call.docs.get("vswitch", vswitch_id)
        assert take_address(call, vswitch, "i-9") == "10.1.0.1"


def test_an_eip_that_is_made_bound_is_in_use(
    emulator: Emulator, network: Network, vpc: Api, clock: ManualClock
):
    with inside(emulator) as call:
        doc = make_eip(
            call,
            region=REGION,
            name="api",
            bandwidth=100,
            tags=ACK_TAGS,
            at=call.now + 50,
            bound_to="lb-1",
            bound_type="SlbInstance",
        )
        remove_eip(call, doc, at=call.now + 90)
    assert vpc("DescribeEipAddresses")["TotalCount"] == 0
    clock.advance(51)
    row = network.eip(doc.id)
    assert (row["Status"], row["InstanceId"]) == ("InUse", "lb-1")
    assert vpc.refusal("ReleaseEipAddress", AllocationId=doc.id) == ("IncorrectEipStatus", 400)
    clock.advance(50)
    assert vpc("DescribeEipAddresses")["TotalCount"] == 0


def test_what_is_removed_before_it_is_born_never_exists(
    emulator: Emulator, vpc: Api, vswitch: dict[str, Any], clock: ManualClock
):
    with inside(emulator) as call:
        where = {"vpc_id": vswitch["VpcId"], "vswitch_id": vswitch["VSwitchId"]}
        nat = make_nat_gateway(call, region=REGION, name="", tags={}, at=call.now + 60, **where)
        remove_nat_gateway(call, nat, at=call.now + 30)
    for _ in range(20):
        clock.advance(10)
        assert vpc("DescribeNatGateways")["TotalCount"] == 0
    (table,) = vpc("DescribeRouteTableList")["RouterTableList"]["RouterTableListType"]
    ask = {"RouteTableId": table["RouteTableId"], "RouteEntryType": "Custom"}
    assert vpc("DescribeRouteEntryList", **ask)["RouteEntrys"] == {"RouteEntry": []}


def test_a_way_out_can_be_planned_whole(
    emulator: Emulator, vpc: Api, vswitch: dict[str, Any], clock: ManualClock
):
    with inside(emulator) as call:
        where = {"vpc_id": vswitch["VpcId"], "vswitch_id": vswitch["VSwitchId"]}
        nat = make_nat_gateway(call, region=REGION, name="", tags={}, at=call.now + 10, **where)
        make_snat_entry(
            call,
            table_id=nat.body["SnatTableId"],
            vswitch_id=vswitch["VSwitchId"],
            address="198.18.0.9",
            at=call.now + 110,
        )
    clock.advance(120)
    (row,) = vpc("DescribeSnatTableEntries", NatGatewayId=nat.id)["SnatTableEntries"][
        "SnatTableEntry"
    ]
    assert (row["Status"], row["SourceCIDR"]) == ("Available", "10.1.0.0/24")


def test_a_nodes_route_comes_and_goes(
    emulator: Emulator, vpc: Api, vswitch: dict[str, Any], clock: ManualClock
):
    table_id = vswitch["RouteTable"]["RouteTableId"]
    with inside(emulator) as call:
        hop = {"next_hop_id": "i-1", "next_hop_type": "Instance"}
        doc = make_route_entry(
            call, route_table_id=table_id, cidr="172.20.0.0/25", at=call.now + 10, **hop
        )
        remove_route_entry(call, doc, at=call.now + 50)

    def count() -> int:
        return vpc("DescribeRouteEntryList", RouteTableId=table_id, NextHopId="i-1")["TotalCount"]

    counts = [count()]
    for seconds in (11, 45):
        clock.advance(seconds)
        counts.append(count())
    assert counts == [0, 1, 0]


def test_a_fault_keeps_a_nat_gateway_in_creating(clock: ManualClock):
    fault = {"kind": "stuck", "resource": "natgateway", "state": "Creating", "name": "out"}
    with Emulator(clock=clock, faults={"faults": [fault]}) as emulator:
        network = Network(Api(Client, models, emulator), clock)
        vpc_id = network.vpc()
        vswitch_id = network.vswitch(vpc_id)
        stuck = network.nat(vpc_id, vswitch_id, Name="out")
        other = network.nat(vpc_id, vswitch_id, Name="other")
        clock.advance(3600)
        assert network.gateway(stuck["NatGatewayId"])["Status"] == "Creating"
    assert other["Status"] == "Available"


def test_a_fault_keeps_a_vswitch_from_going(clock: ManualClock):
    with Emulator(clock=clock) as emulator:
        network = Network(Api(Client, models, emulator), clock)
        vswitch_id = network.vswitch(network.vpc())
        emulator.set_faults({"faults": [{"kind": "stuck", "resource": "vswitch"}]})
        network.api("DeleteVSwitch", VSwitchId=vswitch_id)
        clock.advance(3600)
        body = network.api("DescribeVSwitchAttributes", VSwitchId=vswitch_id)
    assert body["Status"] == "Pending"
