"""Node pools: their birth, their nodes, how they read back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import VGPU, Ack


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster()


def test_a_new_pool_can_be_read_at_once(ack: Ack, cluster_id: str) -> None:
    pool_id, _ = ack.ask_pool(cluster_id)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "initial"
    (listed,) = ack("DescribeClusterNodePools", cluster_id)["nodepools"]
    assert listed["nodepool_info"]["nodepool_id"] == pool_id


def test_a_new_pool_is_not_found_for_a_moment_where_reads_lag(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    ack.emulator.set_faults(
        {"faults": [{"effect": "lag", "action": "DescribeClusterNodePool*", "lag": 2}]}
    )
    path = (cluster_id, ack.ask_pool(cluster_id)[0])
    refused = ack.refusal("DescribeClusterNodePoolDetail", *path)
    assert refused == ("ErrorNodePoolNotFound", 404)
    assert ack("DescribeClusterNodePools", cluster_id)["nodepools"] == []
    clock.advance(3)
    assert ack.pool(*path)["status"]["state"] == "initial"


def test_a_pool_becomes_active_when_its_nodes_are_ready(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    pool_id, task_id = ack.ask_pool(cluster_id)
    seen = []
    for _ in range(10):
        clock.advance(20)
        status = ack.pool(cluster_id, pool_id)["status"]
        seen.append((status["state"], status["total_nodes"], status["healthy_nodes"]))
    assert seen[0] == ("scaling", 2, 0)
    assert seen[-1] == ("active", 2, 2)
    assert ack.task(task_id)["state"] == "success"
    assert {row["status"] for row in ack.task(task_id)["task_result"]} == {"success"}


def test_nodes_are_instances_with_a_route_each(ack: Ack, cluster_id: str) -> None:
    pool_id = ack.make_pool(cluster_id)
    nodes = ack.nodes(cluster_id)
    instances = {row["InstanceId"]: row for row in ack.instances()}
    assert {node["instance_id"] for node in nodes} == set(instances)
    for node in nodes:
        instance = instances[node["instance_id"]]
        assert node["node_name"] == f"cn-hangzhou.{node['ip_address'][0]}"
        assert node["nodepool_id"] == pool_id
        assert node["node_status"] == "Ready"
        assert node["state"] == "running"
        assert node["source"] == "ess"
        assert instance["InstanceName"] == f"worker-k8s-for-cs-{cluster_id}"
        assert instance["InstanceType"] == VGPU
    hops = {doc["instance_id"]: doc["pod_cidr"] for doc in ack.node_docs(cluster_id)}
    table_id = ack.vpc("DescribeVpcAttribute", VpcId=ack.vpc_id)["VRouterId"]
    assert table_id
    assert len(set(hops.values())) == 2
    assert all(cidr.startswith("172.20.") for cidr in hops.values())


def test_gpus_show_ninety_seconds_after_ready(ack: Ack, cluster_id: str) -> None:
    ack.make_pool(cluster_id)
    for node in ack.node_docs(cluster_id):
        assert node["t_gpu"] - node["t_ready"] == 90
        assert node["t_join"] < node["t_ready"]
        assert node["gpu_labels"] == {
            "aliyun.accelerator/nvidia_name": "GRID-P4-2Q",
            "aliyun.accelerator/nvidia_mem": "2048MiB",
            "aliyun.accelerator/nvidia_count": "1",
            "aliyun.accelerator/xpu_type": "nvidia",
            "ack.node.gpu.schedule": "default",
        }
        assert node["labels"]["node.kubernetes.io/instance-type"] == VGPU
        assert node["gpu"]["allocatable"] == 1


def test_a_cpu_node_has_no_gpu(ack: Ack, cluster_id: str) -> None:
    pool_id = ack.make_pool(
        cluster_id, instance_types=["ecs.g7.xlarge"], system_disk_category="cloud_essd"
    )
    assert [node["gpu"] for node in ack.node_docs(cluster_id)] == [None, None]
    assert ack.pool(cluster_id, pool_id)["status"]["initial_nodes"] == 0


def test_labels_and_taints_reach_the_nodes_and_tags_the_instances(
    ack: Ack, cluster_id: str
) -> None:
    config = {
        "labels": [{"key": "ack.node.gpu.schedule", "value": "cgpu"}],
        "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
    }
    tags = [{"key": "team", "value": "vision"}]
    pool_id = ack.make_pool(cluster_id, tags=tags, extra={"kubernetes_config": config})
    pool = ack.pool(cluster_id, pool_id)
    assert pool["kubernetes_config"]["labels"] == config["labels"]
    assert pool["scaling_group"]["tags"] == tags
    for node in ack.node_docs(cluster_id):
        assert node["labels"]["ack.node.gpu.schedule"] == "cgpu"
        assert "ack.node.gpu.schedule" not in node["gpu_labels"]
        assert node["taints"] == config["taints"]
    for instance in ack.instances():
        assert {"TagKey": "team", "TagValue": "vision"} in instance["Tags"]["Tag"]
        assert {"TagKey": "ack.aliyun.com", "TagValue": cluster_id} in instance["Tags"]["Tag"]


def test_tags_as_terraforms_provider_spells_them_read_back_as_all_others(
    ack: Ack, cluster_id: str
) -> None:
    tags = [{"Key": "team", "Value": "vision"}]
    body = {
        "nodepool_info": {"name": "p"},
        "scaling_group": {"vswitch_ids": [ack.vswitch_id], "instance_types": [VGPU], "tags": tags},
        "kubernetes_config": {},
    }
    made = ack.raw("CreateClusterNodePool", "POST", f"/clusters/{cluster_id}/nodepools", body)
    ack.clock.advance(5)
    pool = ack.pool(cluster_id, made["nodepool_id"])
    assert pool["scaling_group"]["tags"] == [{"key": "team", "value": "vision"}]


def test_what_was_not_supplied_reads_back_as_observed(ack: Ack, cluster_id: str) -> None:
    pool = ack.pool(cluster_id, ack.make_pool(cluster_id))
    assert pool["auto_scaling"] == {
        "eip_bandwidth": 0,
        "eip_internet_charge_type": "",
        "enable": False,
        "max_instances": 0,
        "min_instances": 0,
        "type": "",
    }
    assert pool["kubernetes_config"]["node_name_mode"] == "nodeip"
    assert "labels" not in pool["kubernetes_config"]
    assert pool["node_config"] == {}
    group = pool["scaling_group"]
    assert group["login_password"] == ""
    assert group["multi_az_policy"] == "PRIORITY"
    assert group["spot_strategy"] == "NoSpot"
    assert group["private_pool_options"] == {}
    assert group["system_disk_categories"] == ["cloud_ssd"]
    assert group["scaling_group_id"].startswith("asg-")
    cluster = ack.detail(cluster_id)
    assert group["security_group_ids"] == [cluster["security_group_id"]]
    assert group["ram_policy"] == group["ram_role_name"] == cluster["worker_ram_role_name"]


def test_a_password_is_never_echoed(ack: Ack, cluster_id: str) -> None:
    pool_id = ack.make_pool(cluster_id, nodes=0, login_password="Secret-1234")
    assert ack.pool(cluster_id, pool_id)["scaling_group"]["login_password"] == ""


def test_a_settled_pool_counts_as_observed(ack: Ack, cluster_id: str, clock: ManualClock) -> None:
    pool_id, _ = ack.ask_pool(cluster_id)
    clock.advance(190)
    early = ack.pool(cluster_id, pool_id)["status"]
    assert (early["healthy_nodes"], early["initial_nodes"]) == (2, 2)
    clock.advance(100)
    late = ack.pool(cluster_id, pool_id)["status"]
    assert (late["healthy_nodes"], late["initial_nodes"], late["serving_nodes"]) == (2, 0, 2)


def test_the_list_is_narrowed_by_name(ack: Ack, cluster_id: str) -> None:
    ack.make_pool(cluster_id, name="a", nodes=0)
    ack.make_pool(cluster_id, name="b", nodes=0)
    pools = ack("DescribeClusterNodePools", cluster_id, NodepoolName="b")["nodepools"]
    assert [pool["nodepool_info"]["name"] for pool in pools] == ["b"]


@pytest.mark.parametrize(
    ("group", "extra", "code"),
    [
        ({"instance_types": []}, {}, "MissingParameter.InstanceTypes"),
        ({"instance_types": [VGPU] * 11}, {}, "InvalidParameter.InstanceTypes"),
        ({"vswitch_ids": []}, {}, "InvalidVSwitch.Count"),
        ({"vswitch_ids": ["vsw-x"]}, {}, "InvalidVSwitchId.NotFound"),
        ({"system_disk_size": 10}, {}, "InvalidParameter.SystemDiskSize"),
        ({"multi_az_policy": "LUCK"}, {}, "InvalidParameter.MultiAzPolicy"),
        ({"instance_charge_type": "PrePaid", "period": 11}, {}, "InvalidParameter.Period"),
        ({"key_pair": "absent"}, {}, "InvalidKeyPair.NotFound"),
        ({}, {"auto_scaling": {"enable": True, "max_instances": 3}},
         "InvalidDesiredSizeOrCount.NotNull"),
        ({}, {"auto_scaling": {"min_instances": 4, "max_instances": 3}},
         "InvalidParameter.AutoScaling"),
        ({}, {"management": {"enable": True}}, "InvalidParameter.Management"),
        ({}, {"kubernetes_config": {"taints": [{"key": "a", "effect": "Never"}]}},
         "InvalidParameter.Taints"),
    ],
)  # fmt: skip
def test_a_pool_is_refused(
    ack: Ack, cluster_id: str, group: dict[str, Any], extra: dict[str, Any], code: str
) -> None:
    body = ack.pool_request(**group) | extra
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **body)
    assert refused == (code, 400)
    ack.clock.advance(5)
    assert ack("DescribeClusterNodePools", cluster_id)["nodepools"] == []


def test_a_pool_name_is_taken_once_in_a_cluster(ack: Ack, cluster_id: str) -> None:
    ack.ask_pool(cluster_id, nodes=0)
    refused = ack.error("CreateClusterNodePool", cluster_id, **ack.pool_request(nodes=0))
    assert refused.code == "InvalidParameter.Name"
    assert "is already exist in cluster" in refused.message


def test_a_cluster_that_does_not_run_takes_no_pool(ack: Ack) -> None:
    cluster_id, _ = ack.ask_cluster()
    refused = ack.error("CreateClusterNodePool", cluster_id, **ack.pool_request())
    assert refused.code == "InvalidClusterStatus.Forbidden"
    assert "initial" in refused.message


def test_a_type_too_small_for_ack_fails_the_task(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    _, task_id = ack.ask_pool(cluster_id, instance_types=["ecs.vgn5i-m1.large"])
    clock.advance(60)
    assert ack.task(task_id)["error"]["code"] == "InvalidInstanceType.NotSupported"
    assert ack.instances() == []


def test_a_disk_that_the_family_does_not_take_fails_the_task(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    _, task_id = ack.ask_pool(cluster_id, system_disk_category="cloud_essd")
    clock.advance(60)
    error = ack.task(task_id)["error"]
    assert error["code"] == "InvalidSystemDiskCategory.ValueNotSupported"


def test_further_disk_categories_are_fallbacks(ack: Ack, cluster_id: str) -> None:
    ack.make_pool(cluster_id, system_disk_categories=["cloud_essd", "cloud_ssd"])
    assert len(ack.instances()) == 2


def test_the_runtime_version_asked_for_reads_back(ack: Ack) -> None:
    cluster_id = ack.make_cluster(kubernetes_version="1.35")
    asked = {"runtime": "containerd", "runtime_version": "1.6.28"}
    pool_id = ack.make_pool(cluster_id, extra={"kubernetes_config": asked})
    assert ack.pool(cluster_id, pool_id)["kubernetes_config"]["runtime_version"] == "1.6.28"


def test_from_1_36_on_there_is_containerd_2_alone(ack: Ack) -> None:
    cluster_id = ack.make_cluster(kubernetes_version="1.36")
    pool = ack.pool_request()
    old = {"kubernetes_config": {"runtime": "containerd", "runtime_version": "1.6.28"}}
    refused = ack.refusal("CreateClusterNodePool", cluster_id, **(pool | old))
    assert refused == ("InvalidParameter.RuntimeVersion", 400)
    ack.make_pool(cluster_id, extra={"kubernetes_config": {"runtime_version": "2.1.9"}})
