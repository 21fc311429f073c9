"""Scenarios set limits, stock and regions, and make resources that have settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ackgpu.emulator.faults import ConfigurationError
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.scenario import check_scenario, make_resources, settings_of
from tests.support.signing import acs3

VSWITCH = {"ZoneId": "cn-hangzhou-k", "CidrBlock": "10.0.0.0/24"}


def resource(**fields: Any) -> dict[str, Any]:
    return {"action": "vpc.CreateVSwitch", "parameters": {"VpcId": "vpc-1", **VSWITCH}, **fields}


def made(gateway: Gateway, kind: str = "vswitch") -> list[Any]:
    with gateway.backend.transaction() as session:
        return session.find(kind)


def test_resources_exist_from_the_beginning_in_their_order(gateway: Gateway) -> None:
    make_resources(gateway.backend, gateway.products, [resource(), resource(region="cn-shanghai")])
    assert [(doc.created_at, doc.region) for doc in made(gateway)] == [
        (-2400.0, "cn-hangzhou"),
        (-1200.0, "cn-shanghai"),
    ]
    answer = gateway.answer(acs3("DescribeVSwitches", "2016-04-28"))
    assert json.loads(answer.body)["TotalCount"] == 1


def test_a_resource_may_name_an_earlier_one(gateway: Gateway) -> None:
    body = {"name": "demo-${net.VSwitchId}", "region_id": "cn-hangzhou"}
    make_resources(
        gateway.backend,
        gateway.products,
        [resource(name="net"), {"action": "cs.CreateCluster", "body": body}],
    )
    (vswitch,) = made(gateway)
    (cluster,) = made(gateway, "cluster")
    assert cluster.body["name"] == f"demo-{vswitch.id}"


def test_resources_are_made_once(gateway: Gateway) -> None:
    for _ in range(2):
        make_resources(gateway.backend, gateway.products, [resource()])
    assert len(made(gateway)) == 1
    gateway.backend.reset()
    make_resources(gateway.backend, gateway.products, [resource()])
    assert len(made(gateway)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "vpc.CreateAtlantis"},
        resource(parameters={"VpcId": "${nothing.VpcId}"}),
        resource(parameters={"VpcId": "v", "CidrBlock": "full"}),
    ],
)
def test_a_resource_that_cannot_be_made_is_refused_and_leaves_nothing(
    gateway: Gateway, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError):
        make_resources(gateway.backend, gateway.products, [resource(), wrong])
    assert made(gateway) == []


def test_products_read_their_part_of_the_scenario() -> None:
    scenario = {"limits": {"eips": 3}, "stock": {}, "regions": ["cn-hangzhou"], "latency_ms": 5}
    check_scenario(scenario)
    assert set(settings_of(scenario)) == {"limits", "stock", "regions"}


@pytest.mark.parametrize(
    ("scenario", "named"),
    [
        ({"limit": {}}, "limit"),
        ({"key_identifiers": "no"}, "key_identifiers"),
        ({"limits": []}, "limits"),
        ({"limits": {"eip": 3}}, "eip"),
        ({"limits": {"eips@cn-atlantis": 3}}, "cn-atlantis"),
        ({"limits": {"eips": "many"}}, "many"),
        ({"limits": {"eips": -1}}, "-1"),
        ({"regions": "cn-hangzhou"}, "regions"),
        ({"regions": ["cn-atlantis"]}, "cn-atlantis"),
        ({"stock": {"cn-hangzhou": {}}}, "cn-hangzhou"),
        ({"stock": {"cn-hangzhou-k": "WithoutStock"}}, "cn-hangzhou-k"),
        ({"stock": {"cn-hangzhou-k": {"ecs.vgn5i.huge": "WithStock"}}}, "huge"),
        ({"stock": {"cn-hangzhou-k": {"ecs.vgn5i-m2.xlarge": "SoldOut"}}}, "SoldOut"),
        ({"latency_ms": "slow"}, "latency_ms"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"seed": "seven"}, "seed"),
        ({"missing_roles": "AliyunCSManagedLogRole"}, "missing_roles"),
        ({"resources": [{"acton": "vpc.CreateVpc"}]}, "action"),
    ],
)
def test_what_a_scenario_cannot_say_is_refused(scenario: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        check_scenario(scenario)


def test_an_empty_key_says_nothing() -> None:
    scenario = {"limits": None, "stock": None, "regions": None, "resources": None}
    check_scenario(scenario)
    assert settings_of(scenario) == {}


def test_a_region_that_the_scenario_leaves_out_does_not_exist(
    make_gateway: Callable[..., Gateway],
) -> None:
    gateway = make_gateway(settings={"regions": ["cn-hangzhou"]})
    answer = gateway.answer(acs3("DescribeVSwitches", "2016-04-28", {"RegionId": "cn-shanghai"}))
    assert json.loads(answer.body)["Code"] == "InvalidRegionId.NotFound"
