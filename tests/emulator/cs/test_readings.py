"""What Container Service does under either reading of what is not published about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import REGION, Ack

Reading = Callable[..., Ack]
V1_AND_ITS_KIN = (
    ("DescribeClustersV1", False),
    ("DescribeClusters", False),
    ("GetUpgradeStatus", True),
    ("PauseClusterUpgrade", True),
    ("CancelClusterUpgrade", True),
    ("ResumeUpgradeCluster", True),
)


@pytest.fixture
def reading(clock: ManualClock) -> Iterator[Reading]:
    """An account with a network in which doubts are read as a test says."""
    opened: list[Emulator] = []

    def read(**doubts: str) -> Ack:
        emulator = Emulator(clock=clock, seed=7, scenario={"doubts": doubts})
        opened.append(emulator.__enter__())
        ack = Ack(emulator, clock)
        ack.make_network()
        return ack

    yield read
    for emulator in opened:
        emulator.__exit__(None, None, None)


@pytest.mark.parametrize(("action", "of_cluster"), V1_AND_ITS_KIN)
def test_the_operations_that_are_switched_off_are_unknown(
    reading: Reading, action: str, *, of_cluster: bool
) -> None:
    ack = reading(clusters_v1="withdrawn")
    cluster_id = ack.make_cluster()
    path = [cluster_id] if of_cluster else []
    assert ack.refusal(action, *path) == ("InvalidAction.NotFound", 404)
    (row,) = ack("DescribeClustersForRegion", REGION)["clusters"]
    assert row["cluster_id"] == cluster_id


def test_v1_may_answer_a_region_with_an_empty_list(reading: Reading) -> None:
    ack = reading(clusters_v1="empty")
    ack.make_cluster()
    assert len(ack("DescribeClustersV1")["clusters"]) == 1
    assert ack("DescribeClustersV1", region_id=REGION)["clusters"] == []


def test_lists_of_clusters_may_be_late_and_the_detail_is_not(
    reading: Reading, clock: ManualClock
) -> None:
    ack = reading(cluster_lists="late")
    cluster_id, _ = ack.ask_cluster()
    assert ack("DescribeClustersForRegion", REGION)["clusters"] == []
    assert ack.detail(cluster_id)["state"] == "initial"
    clock.advance(11)
    assert len(ack("DescribeClustersForRegion", REGION)["clusters"]) == 1


def test_a_new_pool_may_be_hidden_for_ten_seconds(reading: Reading, clock: ManualClock) -> None:
    ack = reading(new_pool="late")
    cluster_id = ack.make_cluster()
    path = (cluster_id, ack.ask_pool(cluster_id)[0])
    refused = ack.refusal("DescribeClusterNodePoolDetail", *path)
    assert refused == ("ErrorNodePoolNotFound", 404)
    assert ack("DescribeClusterNodePools", cluster_id)["nodepools"] == []
    clock.advance(11)
    assert ack.pool(*path)["status"]["state"] == "initial"


def test_two_clusters_may_have_one_name(reading: Reading) -> None:
    ack = reading(cluster_names="free")
    first = ack.make_cluster()
    second = ack.make_cluster(container_cidr="172.24.0.0/16")
    assert first != second
    assert len(ack("DescribeClustersForRegion", REGION, name="demo")["clusters"]) == 2


@pytest.mark.parametrize(("choice", "same"), [("kept", True), ("ignored", False)])
def test_a_clusters_token_is_kept_or_ignored(reading: Reading, choice: str, *, same: bool) -> None:
    ack = reading(cluster_token=choice, cluster_names="free")
    first, _ = ack.ask_cluster(client_token="once")
    if same:
        assert ack.ask_cluster(client_token="once")[0] == first
        return
    data = ack.cluster_request(client_token="once", container_cidr="172.24.0.0/16")
    assert ack("CreateCluster", **data)["cluster_id"] != first


@pytest.mark.parametrize(
    ("life", "seconds", "same"),
    [
        ("minute", 59, True),
        ("minute", 61, False),
        ("day", 86_399, True),
        ("day", 86_401, False),
        ("forever", 10_000_000, True),
    ],
)
def test_a_tokens_answer_lives_as_long_as_it_is_read(
    reading: Reading, clock: ManualClock, life: str, seconds: float, *, same: bool
) -> None:
    ack = reading(token_life=life)
    first = ack.vpc("AllocateEipAddress", ClientToken="once")["AllocationId"]
    clock.advance(seconds)
    again = ack.vpc("AllocateEipAddress", ClientToken="once")["AllocationId"]
    assert (again == first) is same


def test_a_pool_may_need_a_login(reading: Reading) -> None:
    ack = reading(node_login="required")
    cluster_id = ack.make_cluster()
    request = ack.pool_request()
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **request)
    assert refused == ("InvalidParameter.KeyPair", 400)
    assert ack.ask_pool(cluster_id, login_password="Secret-1234")


def test_a_pool_may_have_to_name_its_runtime(reading: Reading) -> None:
    ack = reading(pool_runtime="required")
    cluster_id = ack.make_cluster()
    request = ack.pool_request()
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **request)
    assert refused == ("MissingParameter.RuntimeVersion", 400)
    named = {"kubernetes_config": {"runtime": "containerd", "runtime_version": "2.1.9"}}
    assert ack("CreateClusterNodePool", cluster_id, **(request | named))["nodepool_id"]


def test_small_workers_may_be_accepted(reading: Reading) -> None:
    small = "ecs.g7.large"
    refused, accepted = reading(), reading(small_workers="accepted")
    ends = []
    for ack in (refused, accepted):
        cluster_id = ack.make_cluster()
        pool_id = ack.make_pool(
            cluster_id, nodes=1, instance_types=[small], system_disk_category="cloud_essd"
        )
        ends.append(ack.pool(cluster_id, pool_id)["status"]["healthy_nodes"])
    assert ends == [0, 1]


def test_vgpu_types_may_be_refused(reading: Reading) -> None:
    ack = reading(vgpu_types="refused")
    cluster_id = ack.make_cluster()
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **ack.pool_request())
    assert refused == ("InvalidParameter.InstanceTypes", 400)
    assert ack.ask_pool(cluster_id, instance_types=["ecs.gn6i-c4g1.xlarge"])


def test_deprecated_fields_may_be_taken_ignored_or_refused(reading: Reading) -> None:
    names = {}
    for choice in ("taken", "ignored"):
        ack = reading(deprecated_fields=choice)
        cluster_id, _ = ack.ask_cluster(custom_san="a.example", worker_period=1)
        names[choice] = "a.example" in ack.detail(cluster_id)["meta_data"]
    assert names == {"taken": True, "ignored": False}
    ack = reading(deprecated_fields="refused")
    asked = ack.cluster_request(worker_period=1)
    assert ack.refusal("CreateCluster", **asked) == ("InvalidParameter", 400)


def test_the_detail_may_lack_what_was_announced_to_be_dropped(reading: Reading) -> None:
    ack = reading(dropped_fields="absent")
    detail = ack.detail(ack.make_cluster())
    dropped = {"parameters", "subnet_cidr", "vswitch_id", "zone_id", "external_loadbalancer_id"}
    assert dropped & set(detail) == set()
    assert {"container_cidr", "vswitch_ids", "meta_data", "master_url"} <= set(detail)


def balancers(ack: Ack) -> dict[str, list[int]]:
    """The ports of each load balancer by its kind of address."""
    rows = ack.balancers().values()
    found = {}
    for row in rows:
        listeners = ack.slb("DescribeLoadBalancerAttribute", LoadBalancerId=row["LoadBalancerId"])[
            "ListenerPorts"
        ]["ListenerPort"]
        found[row["AddressType"]] = sorted(listeners)
    return found


@pytest.mark.parametrize(
    ("choice", "ports"),
    [
        ("one", {"intranet": [6443]}),
        ("two", {"intranet": [6443], "internet": [22, 6443, 8443]}),
    ],
)
def test_the_public_endpoint_is_an_eip_on_one_balancer_or_on_its_own(
    reading: Reading, clock: ManualClock, choice: str, ports: dict[str, list[int]]
) -> None:
    ack = reading(api_balancers=choice)
    cluster_id = ack.make_cluster(endpoint_public_access=True, ssh_flags=True)
    assert balancers(ack) == ports
    (eip,) = ack.vpc("DescribeEipAddresses")["EipAddresses"]["EipAddress"]
    types = {row["LoadBalancerId"]: row["AddressType"] for row in ack.balancers().values()}
    assert types[eip["InstanceId"]] == ("intranet" if choice == "one" else "internet")
    ack("ModifyCluster", cluster_id, api_server_eip=False)
    clock.advance(60)
    assert balancers(ack) == {"intranet": [6443]}
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 0
    ack("DeleteCluster", cluster_id)
    clock.advance(200)
    assert ack.balancers() == {}


@pytest.mark.parametrize(("choice", "fits"), [("uncounted", 48), ("counted", 47)])
def test_a_nat_gateways_own_route_counts_or_not(reading: Reading, choice: str, fits: int) -> None:
    ack = reading(nat_route=choice)
    cluster_id = ack.make_cluster(snat_entry=True)
    ack.make_pool(cluster_id, nodes=48)
    ready = [doc["t_ready"] is not None for doc in ack.node_docs(cluster_id)]
    assert sum(ready) == fits


@pytest.mark.parametrize(("choice", "left"), [("kept", 1), ("deleted", 0)])
def test_a_given_group_stays_or_goes_and_is_protected_meanwhile(
    reading: Reading, clock: ManualClock, choice: str, left: int
) -> None:
    ack = reading(given_group=choice)
    group = ack.ecs("CreateSecurityGroup", VpcId=ack.vpc_id)["SecurityGroupId"]
    cluster_id = ack.make_cluster(security_group_id=group)
    refused = ack.ecs.refusal("DeleteSecurityGroup", SecurityGroupId=group)
    assert refused == ("DependencyViolation", 403)
    ack("DeleteCluster", cluster_id)
    clock.advance(200)
    groups = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)
    assert groups["TotalCount"] == left


@pytest.mark.parametrize("choice", ["immediate", "asynchronous"])
def test_a_conversion_is_done_at_once_or_later(
    reading: Reading, clock: ManualClock, choice: str
) -> None:
    ack = reading(conversions=choice)
    ack.make_pool(ack.make_cluster(), nodes=1)
    (instance_id,) = [row["InstanceId"] for row in ack.instances()]
    ids, terms = f'["{instance_id}"]', {"Period": 1, "PeriodUnit": "Month"}
    ack.ecs("ModifyInstanceChargeType", InstanceIds=ids, InstanceChargeType="PrePaid", **terms)
    late = choice == "asynchronous"
    seen = ack.instances()[0]["InstanceChargeType"]
    refused, _ = ack.ecs.refusal("DeleteInstance", InstanceId=instance_id, Force=True)
    assert (seen, refused) == (
        ("PostPaid", "LastTokenProcessing") if late else ("PrePaid", "ChargeTypeViolation")
    )
    clock.advance(31)
    assert ack.instances()[0]["InstanceChargeType"] == "PrePaid"
    listed = ack.ecs("DescribeInstances", InstanceChargeType="PostPaid")
    assert listed["TotalCount"] == 0


@pytest.mark.parametrize("choice", ["current", "late"])
def test_tags_are_seen_at_once_or_ten_seconds_later(
    reading: Reading, clock: ManualClock, choice: str
) -> None:
    ack = reading(tags=choice)
    tag = [{"Key": "team", "Value": "x"}]
    vpc_id = ack.vpc("CreateVpc", CidrBlock="10.0.0.0/8", Tag=tag)["VpcId"]

    def seen() -> tuple[int, Any, int]:
        found = ack.vpc("DescribeVpcs", Tag=tag)["TotalCount"]
        (row,) = ack.vpc("DescribeVpcs", VpcId=vpc_id)["Vpcs"]["Vpc"]
        listed = ack.vpc("ListTagResources", ResourceType="VPC", Tag=tag)
        return found, row["Tags"]["Tag"], len(listed["TagResources"]["TagResource"])

    shown = (1, [{"Key": "team", "Value": "x"}], 1)
    assert seen() == (shown if choice == "current" else (0, [], 0))
    clock.advance(11)
    assert seen() == shown
    change = {"ResourceType": "VPC", "ResourceId": [vpc_id]}
    ack.vpc("TagResources", Tag=[{"Key": "team", "Value": "y"}], **change)
    assert seen()[0] == (0 if choice == "current" else 1)
    clock.advance(11)
    assert seen()[0] == 0
