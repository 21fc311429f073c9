"""Where a pool's nodes come from, and what keeps them from coming."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import VGPU, Ack


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster()


def scenario(clock: ManualClock, **settings: Any) -> Emulator:
    return Emulator(clock=clock, seed=3, scenario=settings)


def test_out_of_stock_is_told_by_the_task_alone(clock: ManualClock) -> None:
    stock = {"cn-hangzhou-k": {VGPU: "WithoutStock"}}
    with scenario(clock, stock=stock) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster()
        pool_id, task_id = ack.ask_pool(cluster_id)
        assert ack.task(task_id)["state"] == "running"
        clock.advance(60)
        task = ack.task(task_id)
        assert task["state"] == "fail"
        assert task["error"]["code"] == "OperationDenied.NoStock"
        failed = [stage["message"] for stage in task["stages"] if stage["state"] == "fail"]
        assert failed == ["Scale out instances"]
        form = 'Fail to scale instances for scaling group(code:"OperationDenied.NoStock", msg:"'
        assert task["error"]["message"].startswith(form)
        assert ack.nodes(cluster_id) == []
        assert ack.pool(cluster_id, pool_id)["status"]["total_nodes"] == 0
        assert ack.instances() == []


def test_the_next_type_or_zone_with_stock_is_taken(clock: ManualClock) -> None:
    stock = {"cn-hangzhou-k": {VGPU: "WithoutStock"}}
    with scenario(clock, stock=stock) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster()
        other = ack.add_vswitch("cn-hangzhou-j", "192.168.16.0/20")
        ack.make_pool(cluster_id, vswitch_ids=[ack.vswitch_id, other])
        assert {row["ZoneId"] for row in ack.instances()} == {"cn-hangzhou-j"}


def test_balance_spreads_over_the_zones(ack: Ack, cluster_id: str) -> None:
    other = ack.add_vswitch("cn-hangzhou-j", "192.168.16.0/20")
    ids = [ack.vswitch_id, other]
    ack.make_pool(cluster_id, nodes=4, vswitch_ids=ids, multi_az_policy="BALANCE")
    zones = sorted(row["ZoneId"] for row in ack.instances())
    assert zones == ["cn-hangzhou-j"] * 2 + ["cn-hangzhou-k"] * 2


def test_the_vgpu_quota_leaves_a_partial_success(clock: ManualClock) -> None:
    with scenario(clock, limits={"vgpu_instances": 1}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster()
        pool_id, task_id = ack.ask_pool(cluster_id)
        clock.advance(200)
        task = ack.task(task_id)
        assert task["error"]["code"] == "NodepoolScaleFailed.PartialSuccess"
        assert "QuotaExceed.ElasticQuota" in task["error"]["message"]
        assert ack.pool(cluster_id, pool_id)["status"]["total_nodes"] == 1


@pytest.mark.parametrize(
    ("spec", "limits"),
    [("ack.standard", {}), ("ack.pro.small", {"nodes_per_cluster": 10})],
)
def test_a_cluster_holds_only_so_many_nodes(
    clock: ManualClock, spec: str, limits: dict[str, int]
) -> None:
    with scenario(clock, limits=limits) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster(cluster_spec=spec)
        refused = ack.refusal("CreateClusterNodePool", cluster_id, **ack.pool_request(nodes=11))
        assert refused == ("QuotaExceeded.Node", 403)
        ack.make_pool(cluster_id, nodes=10)
        assert len(ack.nodes(cluster_id)) == 10


def test_a_node_without_a_route_never_gets_ready(clock: ManualClock) -> None:
    with scenario(clock, limits={"routes_per_table": 1}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster()
        _, task_id = ack.ask_pool(cluster_id)
        clock.advance(700)
        lost = [row for row in ack.nodes(cluster_id) if row["node_status"] != "Ready"]
        assert len(lost) == 1
        assert "QuotaExceeded" in lost[0]["error_message"]
        assert ack.task(task_id)["state"] == "fail"


def test_pods_come_in_so_many_shares_of_their_cidr(ack: Ack) -> None:
    cluster_id = ack.make_cluster(container_cidr="172.20.0.0/25", node_cidr_mask="26")
    ack.ask_pool(cluster_id, nodes=3)
    ack.clock.advance(700)
    shares = sorted(doc["pod_cidr"] for doc in ack.node_docs(cluster_id))
    assert shares == ["", "172.20.0.0/26", "172.20.0.64/26"]
    assert [row["node_status"] for row in ack.nodes(cluster_id)].count("Ready") == 2


def test_an_instance_released_by_hand_leaves_an_offline_node(ack: Ack, clock: ManualClock) -> None:
    config = f'{{"PodVswitchId":{{"cn-hangzhou-k":["{ack.vswitch_id}"]}}}}'
    cluster_id = ack.make_cluster(addons=[{"name": "terway-eniip", "config": config}])
    pool_id = ack.make_pool(cluster_id)
    ack.ecs("DeleteInstance", InstanceId=ack.instances()[0]["InstanceId"], Force=True)
    clock.advance(30)
    assert sorted(row["node_status"] for row in ack.nodes(cluster_id)) == ["Offline", "Ready"]
    status = ack.pool(cluster_id, pool_id)["status"]
    assert (status["healthy_nodes"], status["offline_nodes"]) == (1, 1)
    path = f"/clusters/{cluster_id}/nodepools/{pool_id}"
    ack.raw("ModifyClusterNodePool", "PUT", path, {"scaling_group": {"desired_size": 2}})
    clock.advance(300)
    assert [row["node_status"] for row in ack.nodes(cluster_id)] == ["Ready", "Ready"]
    assert len(ack.instances()) == 2


def test_types_are_chosen_by_patterns(ack: Ack, cluster_id: str) -> None:
    pattern = {"cores": 4, "memory": 12, "instance_type_families": ["ecs.vgn5i"]}
    ack.make_pool(cluster_id, instance_types=[], instance_patterns=[pattern])
    assert {row["InstanceType"] for row in ack.instances()} == {VGPU}


def test_pools_of_an_old_dedicated_cluster_are_served(clock: ManualClock) -> None:
    with scenario(clock, limits={"dedicated_clusters": 1}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id = ack.make_cluster(cluster_type="Kubernetes")
        ack.make_pool(cluster_id)
        assert ack.detail(cluster_id)["cluster_type"] == "Kubernetes"
        assert ack.detail(cluster_id)["size"] == 2


def test_nodes_come_in_pages_and_by_filters(ack: Ack, cluster_id: str) -> None:
    pool_id = ack.make_pool(cluster_id, nodes=3)
    page = ack("DescribeClusterNodes", cluster_id, pageSize="2", pageNumber="2")
    assert len(page["nodes"]) == 1
    assert page["page"] == {"page_number": 2, "page_size": 2, "total_count": 3}
    first = ack.nodes(cluster_id)[0]
    for query in (
        {"instanceIds": first["instance_id"]},
        {"nodeIps": first["ip_address"][0]},
        {"nodeNames": first["node_name"]},
    ):
        assert ack.nodes(cluster_id, **query) == [first]
    assert len(ack.nodes(cluster_id, nodepool_id=pool_id, state="running")) == 3
    assert ack.nodes(cluster_id, nodepool_id="np0") == []
