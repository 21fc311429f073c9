"""Existing instances taken into a pool."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import VGPU, ZONE, Ack


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster()


@pytest.fixture
def pool_id(ack: Ack, cluster_id: str) -> str:
    return ack.make_pool(cluster_id, nodes=0)


def run_instance(ack: Ack, instance_type: str = VGPU) -> str:
    """An instance of the user's own that runs."""
    group_id = ack.ecs("CreateSecurityGroup", VpcId=ack.vpc_id)["SecurityGroupId"]
    made = ack.ecs(
        "RunInstances",
        InstanceType=instance_type,
        ZoneId=ZONE,
        VSwitchId=ack.vswitch_id,
        SecurityGroupId=group_id,
        ImageId="aliyun_3_x64_20G_alibase_20250629.vhd",
        SystemDisk={"Category": "cloud_ssd", "Size": "40"},
    )
    ack.clock.advance(30)
    return str(made["InstanceIdSets"]["InstanceIdSet"][0])


def test_an_instance_becomes_a_node_in_five_minutes(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    instance_id = run_instance(ack)
    answer = ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "scaling"
    clock.advance(295)
    assert ack.nodes(cluster_id)[0]["node_status"] == "NotReady"
    clock.advance(10)
    (node,) = ack.nodes(cluster_id)
    assert (node["instance_id"], node["node_status"]) == (instance_id, "Ready")
    assert node["source"] == "ess_attach"
    task = ack.task(answer["task_id"])
    assert (task["state"], task["task_type"]) == ("success", "cluster_attach")
    assert task["task_result"] == [{"data": instance_id, "status": "success"}]
    assert ack.pool(cluster_id, pool_id)["scaling_group"]["desired_size"] == 1
    assert ack.node_docs(cluster_id)[0]["gpu_labels"]["aliyun.accelerator/nvidia_mem"] == "2048MiB"


def test_a_node_that_left_with_its_instance_can_come_back_at_once(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    instance_id = run_instance(ack)
    ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    clock.advance(310)
    ack("RemoveNodePoolNodes", cluster_id, pool_id, instance_ids=[instance_id])
    clock.advance(110)
    assert ack.nodes(cluster_id) == []
    assert instance_id in [row["InstanceId"] for row in ack.instances()]
    ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    clock.advance(310)
    assert [row["node_status"] for row in ack.nodes(cluster_id)] == ["Ready"]


def test_rows_say_which_instances_were_rejected(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    good, small = run_instance(ack), run_instance(ack, "ecs.vgn5i-m1.large")
    answer = ack(
        "AttachInstances", cluster_id, nodepool_id=pool_id, instances=[good, small, "i-nowhere"]
    )
    rows = {row["instanceId"]: row for row in answer["list"]}
    assert rows[good] == {"code": "200", "instanceId": good, "message": "successful"}
    assert rows[small]["code"] == "400"
    assert "4 vCPUs" in rows[small]["message"]
    assert "not found" in rows["i-nowhere"]["message"]
    clock.advance(310)
    assert [node["instance_id"] for node in ack.nodes(cluster_id)] == [good]


def test_an_instance_is_in_one_cluster_only(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    instance_id = run_instance(ack)
    ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    clock.advance(310)
    answer = ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    task = ack.task(answer["task_id"])
    assert task["state"] == "fail"
    assert "already in cluster" in task["error"]["message"]


def test_an_instance_of_another_vpc_is_rejected(ack: Ack, cluster_id: str, pool_id: str) -> None:
    ack.make_network()
    instance_id = run_instance(ack)
    answer = ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    assert "is not in vpc" in ack.task(answer["task_id"])["error"]["message"]
    assert ack.nodes(cluster_id) == []


def test_an_autoscaling_pool_takes_no_instance(ack: Ack, cluster_id: str) -> None:
    automatic = {"auto_scaling": {"enable": True, "max_instances": 2}}
    pool_id = ack.make_pool(cluster_id, name="auto", nodes=None, extra=automatic)
    refused = ack.refusal("AttachInstancesToNodePool", cluster_id, pool_id, instances=["i-1"])
    assert refused == ("InvalidNodePool.AutoScaling", 400)


def test_an_attached_instance_outlives_a_cluster_whose_pool_has_no_size(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    pool_id = ack.make_pool(cluster_id, name="open", nodes=None)
    instance_id = run_instance(ack)
    ack("AttachInstancesToNodePool", cluster_id, pool_id, instances=[instance_id])
    clock.advance(310)
    ack("DeleteCluster", cluster_id)
    clock.advance(190)
    assert [row["InstanceId"] for row in ack.instances()] == [instance_id]


def test_the_script_is_plain_text_that_ends_a_line(ack: Ack, cluster_id: str, pool_id: str) -> None:
    text = ack("DescribeClusterAttachScripts", cluster_id, nodepool_id=pool_id, arch="amd64")
    assert isinstance(text, str)
    assert text.endswith("\r\n")
    assert text.startswith("curl http://aliacs-k8s-cn-hangzhou.oss-cn-hangzhou-internal.")
    assert "--openapi-token" in text
    assert "kube-flannel-ds" in text
