"""What the cloud may do wrong with a cluster, by the faults of its domain."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import Ack


def spoil(ack: Ack, **fault: Any) -> None:
    ack.emulator.set_faults({"faults": [fault]})


@pytest.mark.parametrize(("stage", "seconds"), [(1, 60), (2, 210), (4, 360)])
def test_a_cluster_fails_at_a_stage(
    ack: Ack, clock: ManualClock, stage: int, seconds: float
) -> None:
    spoil(ack, kind="cluster_failed", stage=stage, message="the stack rolled back")
    cluster_id, task_id = ack.ask_cluster()
    clock.advance(seconds - 1)
    assert ack.detail(cluster_id)["state"] == "initial"
    clock.advance(2)
    assert ack.detail(cluster_id)["state"] == "failed"
    task = ack.task(task_id)
    assert task["state"] == "fail"
    assert task["error"] == {"code": "400", "message": "the stack rolled back"}
    assert [row["state"] for row in task["stages"]] == ["success"] * (stage - 1) + ["fail"]
    event = ack("DescribeClusterEvents", cluster_id)["events"][0]
    assert event["data"]["level"] == "error"


def test_a_cluster_is_stuck(ack: Ack, clock: ManualClock) -> None:
    spoil(ack, kind="cluster_stuck")
    cluster_id, task_id = ack.ask_cluster()
    clock.advance(100_000)
    assert ack.detail(cluster_id)["state"] == "initial"
    assert ack.task(task_id)["state"] == "running"
    ack("DeleteCluster", cluster_id)
    clock.advance(200)
    assert ack.refusal("DescribeClusterDetail", cluster_id)[0] == "ErrorClusterNotFound"


def test_a_fault_of_another_cluster_does_nothing(ack: Ack) -> None:
    spoil(ack, kind="cluster_failed", cluster="another")
    assert ack.detail(ack.make_cluster())["state"] == "running"


def test_a_pool_fails(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    spoil(ack, kind="pool_failed", pool="gpu", code="InsufficientBalance.CreditPay", message="poor")
    pool_id, task_id = ack.ask_pool(cluster_id)
    clock.advance(60)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "failed"
    error = ack.task(task_id)["error"]
    assert error["code"] == "InsufficientBalance.CreditPay"
    assert 'msg:"poor"' in error["message"]


def test_a_failed_pool_can_be_scaled_again(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    spoil(ack, kind="pool_failed")
    pool_id, _ = ack.ask_pool(cluster_id)
    clock.advance(60)
    ack.emulator.set_faults(None)
    body = {"scaling_group": {"desired_size": 2}}
    path = f"/clusters/{cluster_id}/nodepools/{pool_id}"
    ack.raw("ModifyClusterNodePool", "PUT", path, body)
    clock.advance(300)
    assert ack.pool(cluster_id, pool_id)["status"]["healthy_nodes"] == 2


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("node_never_joins", "Unknown", "NodepoolScaleFailed.FailedJoinCluster"),
        ("node_not_ready", "NotReady", "NodepoolScaleFailed.WaitForDesiredSizeTimeout"),
    ],
)
def test_a_node_is_lost(ack: Ack, clock: ManualClock, kind: str, status: str, code: str) -> None:
    cluster_id = ack.make_cluster()
    spoil(ack, kind=kind, count=1)
    pool_id, task_id = ack.ask_pool(cluster_id)
    clock.advance(300)
    assert ack.task(task_id)["state"] == "running"
    clock.advance(400)
    assert sorted(row["node_status"] for row in ack.nodes(cluster_id)) == sorted(["Ready", status])
    (lost,) = ack.nodes(cluster_id, state="failed")
    assert lost["error_message"]
    assert ack.pool(cluster_id, pool_id)["status"]["failed_nodes"] == 1
    task = ack.task(task_id)
    assert task["error"]["code"] == code
    assert sorted(row["status"] for row in task["task_result"]) == ["failed", "success"]


def test_a_label_never_appears_on_one_node(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    key = "aliyun.accelerator/nvidia_mem"
    spoil(ack, kind="label_missing", key=key, node=1)
    ack.make_pool(cluster_id)
    assert [key in doc["gpu_labels"] for doc in ack.node_docs(cluster_id)] == [True, False]


def test_labels_never_appear(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    spoil(ack, kind="label_missing")
    ack.make_pool(cluster_id)
    scheduled = {"ack.node.gpu.schedule": "default"}
    assert [doc["gpu_labels"] for doc in ack.node_docs(cluster_id)] == [scheduled] * 2


def test_a_label_has_another_value(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    key = "aliyun.accelerator/nvidia_mem"
    spoil(ack, kind="label_wrong", key=key, value="1024MiB", count=1)
    ack.make_pool(cluster_id)
    values = [doc["gpu_labels"][key] for doc in ack.node_docs(cluster_id)]
    assert values == ["1024MiB", "2048MiB"]


@pytest.mark.parametrize(
    "fault", [{"kind": "gpu_allocatable", "value": 0}, {"kind": "plugin_down"}]
)
def test_a_node_offers_no_gpu(ack: Ack, fault: dict[str, Any]) -> None:
    cluster_id = ack.make_cluster()
    spoil(ack, **fault)
    ack.make_pool(cluster_id)
    assert [doc["gpu"]["allocatable"] for doc in ack.node_docs(cluster_id)] == [0, 0]
