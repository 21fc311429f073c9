"""The data files of preflight fit the code that reads them, and the cloud's protocols."""

from __future__ import annotations

import inspect
import random
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud import api
from ackgpu.cloud.aliyun.cloud import connect
from ackgpu.cloud.kube.kubeconfig import UserKubeconfig
from ackgpu.errors import UsageError
from ackgpu.preflight.limits import PROFILES, Edition, limit_kinds, overrides_of
from ackgpu.preflight.offer_search import gpu_memory
from ackgpu.preflight.ram_actions import actions_of, policy_of
from ackgpu.spec.instance_limits import cards_of
from ackgpu.spec.model import ClusterSpec, parse
from ackgpu.steps.blueprint import Blueprint, ZonePlan
from ackgpu.steps.graph_of import Ports, create_graph

PROTOCOLS = {
    "identity": api.IdentityApi,
    "network": api.NetworkApi,
    "compute": api.ComputeApi,
    "balancers": api.BalancerApi,
    "containers": api.ContainerApi,
    "quota_center": api.QuotaApi,
}


def read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("ackgpu.preflight").joinpath(f"data/{name}").read_text("utf-8"))


def steps_of(spec: ClusterSpec) -> tuple[Any, ...]:
    zones = (ZonePlan("cn-hangzhou-k", "192.168.0.0/24"),)
    clock = ManualClock()
    cloud = connect(
        "cn-hangzhou",
        env={},
        home=Path(),
        clock=clock,
        cancel=CancelToken(),
        rng=random.Random(1),  # noqa: S311 -- no secret
        later=True,
    )
    ports = Ports(cloud, cast("Any", None), UserKubeconfig([Path("config")], clock))
    return create_graph(ports, Blueprint(spec, "1.34.1-aliyun.1", zones, {}))


def spec_with(**pool: Any) -> ClusterSpec:
    pools = [{"name": "gpu", "instanceTypes": ["ecs.vgn5i-m2.xlarge"], **pool}]
    return parse({"metadata": {"name": "demo"}, "nodePools": pools})


SPECS = (
    spec_with(),
    spec_with(chargeType="PrePaid", period=1),
    spec_with(spot={"strategy": "SpotAsPriceGo"}),
    spec_with(instanceTypes=["ecs.gn6i-c4g1.xlarge"]),
    spec_with(instanceTypes=["ecs.gn6i-c24g1.12xlarge"], spot={"strategy": "SpotAsPriceGo"}),
    spec_with(instanceTypes=["ecs.gn5i-c2g1.large"]),
)


@pytest.mark.parametrize("product", PROTOCOLS)
def test_every_call_of_the_cloud_has_its_ram_actions(product: str) -> None:
    methods = {
        name
        for name, member in inspect.getmembers(PROTOCOLS[product], inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods == set(read("ram.toml")[product])


@pytest.mark.parametrize("spec", SPECS)
def test_steps_name_calls_and_limits_that_exist(spec: ClusterSpec) -> None:
    for step in steps_of(spec):
        assert set(step.consumes) <= set(limit_kinds()), step.name
        for call in (*step.reads, *step.writes):
            product, _, method = call.partition(".")
            assert hasattr(PROTOCOLS[product], method), f"{step.name}: {call}"


@pytest.mark.parametrize(
    ("spec", "limit", "amount"),
    [
        (SPECS[0], "vgpu_instances", 2),
        (SPECS[1], "vgpu_prepaid_instances", 2),
        (SPECS[2], "vgpu_spot_instances", 2),
        (SPECS[3], "gpus_gn6i_postpay", 2),
        (SPECS[4], "gpus_gn6i_spot", 4),
        (SPECS[5], "gpus_other_postpay", 2),
    ],
)
def test_instances_count_against_the_limit_of_their_kind(
    spec: ClusterSpec, limit: str, amount: int
) -> None:
    (pool,) = [step for step in steps_of(spec) if step.kind == "node pool"]
    of_instances = {key: n for key, n in pool.consumes.items() if key[:4] in {"vgpu", "gpus"}}
    assert of_instances == {limit: amount}


@pytest.mark.parametrize(
    ("type_id", "cards"),
    [
        ("ecs.gn6i-c4g1.xlarge", 1),
        ("ecs.gn6i-c24g1.12xlarge", 2),
        ("ecs.gn6v-c8g1.16xlarge", 8),
        ("ecs.gn7e-c16g1.32xlarge", 8),
        ("ecs.gn5i-c2g1.large", 1),
        ("ecs.ebmgn7e.32xlarge", 1),
    ],
)
def test_the_cards_of_a_type_are_told_by_its_name(type_id: str, cards: int) -> None:
    assert cards_of(type_id) == cards


@pytest.mark.parametrize(
    ("limit", "product", "name"),
    [
        ("clusters", "csk", "q_cbdch3"),
        ("nodes", "csk", "q_i5uzm3"),
        ("security_groups", "ecs", "q_security-groups"),
        ("vgpu_instances", "ecs-spec", "q_ecs_vgpu_postpay_g"),
        ("vgpu_prepaid_instances", "ecs-spec", "q_ecs_vgpu_prepay_g"),
        ("vgpu_spot_instances", "ecs-spec", "q_ecs_vgpu_spot_g"),
        ("gpus_gn7i_prepay", "ecs-spec", "q_ecs_gn7i_prepay_g"),
        ("gpus_gn8v_spot", "ecs-spec", "q_ecs_gn8v_spot_g"),
        ("vpcs", "vpc", "vpc_quota_instances_num_{region}"),
        ("vswitches", "vpc", "vpc_quota_vswitches_num"),
        ("route_entries", "vpc", "vpc_quota_route_entrys_num"),
        ("nat_gateways", "nat", "natgw_quota_nat_num_per_vpc"),
        ("snat_entries", "nat", "natgw_quota_snat_entry_num"),
        ("eips", "eip", "eip_quota_instances_num"),
        ("load_balancers", "slb", "slb_quota_instances_num"),
    ],
)
def test_limits_have_the_codes_that_quota_center_publishes(
    limit: str, product: str, name: str
) -> None:
    kind = limit_kinds()[limit]
    assert kind.product == product
    assert name in kind.names


def test_the_fallback_profile_has_the_figures_of_the_page_on_lightweight_gpus() -> None:
    edition = Edition("ack.pro.small", "flannel")
    figures = {key: kind.documented_for("2020", edition) for key, kind in limit_kinds().items()}
    assert PROFILES[0] == "2020"
    assert (figures["clusters"], figures["nodes"], figures["route_entries"]) == (50, 100, 48)
    assert (figures["security_groups"], figures["load_balancers"], figures["eips"]) == (100, 60, 20)


@pytest.mark.parametrize(
    ("edition", "clusters", "nodes"),
    [
        (Edition("ack.standard", "flannel"), 2, 10),
        (Edition("ack.pro.small", "flannel"), 100, 200),
        (Edition("ack.pro.4xlarge", "terway-eniip"), 100, 5000),
    ],
)
def test_todays_profile_depends_on_the_edition(edition: Edition, clusters: int, nodes: int) -> None:
    kinds = limit_kinds()
    assert kinds["clusters"].documented_for("2026", edition) == clusters
    assert kinds["nodes"].documented_for("2026", edition) == nodes


def test_overrides_are_read_with_either_dash() -> None:
    assert overrides_of(("eips=30", "route-entries=200")) == {"eips": 30, "route_entries": 200}


@pytest.mark.parametrize("text", ["eips", "eips=", "eips=-1", "eips=1.5", "=3", "cows=1"])
def test_an_override_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        overrides_of((text,))


def test_a_policy_lists_each_action_once_in_order() -> None:
    actions = actions_of(["network.vpcs", "network.vpcs", "containers.clusters", "identity.whoami"])
    assert actions == [
        "cs:DescribeClusterDetail",
        "cs:DescribeClustersForRegion",
        "cs:DescribeClustersV1",
        "cs:GetClusters",
        "vpc:DescribeVpcs",
    ]
    assert policy_of(actions)["Statement"][0]["Action"] == actions


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("4", (4, 4)), ("2..8", (2, 8)), ("4..", (4, float("inf"))), ("..8", (0, 8))],
)
def test_bounds_of_gpu_memory(text: str, bounds: tuple[float, float]) -> None:
    assert gpu_memory(text) == bounds


@pytest.mark.parametrize("text", ["", "x", "8..2", "-1", "1..2..3", "nan"])
def test_bounds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        gpu_memory(text)
