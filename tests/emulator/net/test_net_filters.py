"""A filter of a list narrows it, also where nothing in the account can fit it."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_nlb20220430 import models
from alibabacloud_nlb20220430.client import Client

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network, run_instance

OWNER = 1234567890123456
SOMEBODY = 42


@pytest.fixture
def nlb(emulator: Emulator) -> Api:
    return Api(Client, models, emulator)


@pytest.mark.parametrize(
    ("action", "fits", "does_not"),
    [
        ("DescribeVpcs", {"VpcOwnerId": OWNER}, {"VpcOwnerId": SOMEBODY}),
        ("DescribeVpcs", {}, {"DhcpOptionsSetId": "dopt-x"}),
        ("DescribeVSwitches", {"VSwitchOwnerId": OWNER}, {"VSwitchOwnerId": SOMEBODY}),
    ],
)
def test_networks_are_narrowed(
    vpc: Api, network: Network, action: str, fits: dict[str, Any], does_not: dict[str, Any]
) -> None:
    network.vswitch(network.vpc())
    counts = [vpc(action, **filters)["TotalCount"] for filters in (fits, does_not)]
    assert counts == [1, 0]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"Filter": [{"Key": "CreationStartTime", "Value": "2020-01-01T00:00Z"}]}, 1),
        ({"Filter": [{"Key": "CreationStartTime", "Value": "2099-01-01T00:00Z"}]}, 0),
        ({"Filter": [{"Key": "CreationEndTime", "Value": "2020-01-01T00:00Z"}]}, 0),
        ({"SecurityProtectionEnabled": False}, 1),
        ({"SecurityProtectionEnabled": True}, 0),
        ({"ServiceManaged": True}, 0),
        ({"SegmentInstanceId": "eipsg-x"}, 0),
        ({"PublicIpAddressPoolId": "pippool-x"}, 0),
    ],
)
def test_addresses_are_narrowed(vpc: Api, filters: dict[str, Any], count: int) -> None:
    vpc("AllocateEipAddress")
    assert vpc("DescribeEipAddresses", **filters)["TotalCount"] == count


def test_instances_are_narrowed_by_their_public_addresses(
    vpc: Api, ecs: Api, network: Network, clock: ManualClock
) -> None:
    vpc_id = network.vpc()
    group = ecs("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    instance = run_instance(ecs, network.vswitch(vpc_id), group)
    eip = vpc("AllocateEipAddress")
    clock.advance(60)
    vpc("AssociateEipAddress", AllocationId=eip["AllocationId"], InstanceId=instance)
    clock.advance(60)

    def found(name: str, address: str) -> int:
        count: int = ecs("DescribeInstances", **{name: f'["{address}"]'})["TotalCount"]
        return count

    assert found("EipAddresses", eip["EipAddress"]) == 1
    for name in ("EipAddresses", "PublicIpAddresses", "InnerIpAddresses", "RdmaIpAddresses"):
        assert found(name, "198.51.100.7") == 0
    assert ecs("DescribeInstances", Ipv6Address=["2001:db8::1"])["TotalCount"] == 0


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"LoadBalancerNames": ["web"]}, 1),
        ({"LoadBalancerNames": ["other"]}, 0),
        ({"ZoneId": f"{REGION}-k"}, 1),
        ({"ZoneId": f"{REGION}-j"}, 0),
        ({"AddressIpVersion": "DualStack"}, 0),
    ],
)
def test_zonal_balancers_are_narrowed(
    nlb: Api, network: Network, filters: dict[str, Any], count: int
) -> None:
    vpc_id = network.vpc()
    zone = {"VSwitchId": network.vswitch(vpc_id), "ZoneId": f"{REGION}-k"}
    wanted = {"AddressType": "Intranet", "VpcId": vpc_id, "ZoneMappings": [zone]}
    nlb("CreateLoadBalancer", LoadBalancerName="web", **wanted)
    assert nlb("ListLoadBalancers", **filters)["TotalCount"] == count
