"""GetLoadBalancerAttribute, through the official SDK."""

from __future__ import annotations

import pytest
from alibabacloud_nlb20220430 import models
from alibabacloud_nlb20220430.client import Client

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network


@pytest.fixture
def nlb(emulator: Emulator) -> Api:
    return Api(Client, models, emulator)


def test_a_balancer_is_read_by_its_id_as_the_list_shows_it(
    nlb: Api, network: Network, clock: ManualClock
) -> None:
    vpc_id = network.vpc()
    zone = {"VSwitchId": network.vswitch(vpc_id), "ZoneId": f"{REGION}-k"}
    made = nlb("CreateLoadBalancer", AddressType="Intranet", VpcId=vpc_id, ZoneMappings=[zone])
    clock.advance(21)
    found = nlb("GetLoadBalancerAttribute", LoadBalancerId=made["LoadbalancerId"])
    (listed,) = nlb("ListLoadBalancers")["LoadBalancers"]
    assert found | listed == found
    assert (found["LoadBalancerStatus"], found["RegionId"]) == ("Active", REGION)


def test_one_that_does_not_exist_is_refused(nlb: Api) -> None:
    refusal = nlb.refusal("GetLoadBalancerAttribute", LoadBalancerId="nlb-nothing")
    assert refusal == ("ResourceNotFound.loadBalancer", 404)
