"""The data: GPUs by type and driver, and the critical path that a benchmark reads."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator.cs.durations import critical_path
from ackgpu.emulator.cs.gpus import gpu_of, labels, schedule_labels
from ackgpu.emulator.shared.catalog import instance_types
from tests.emulator.cs.ack import Ack


@pytest.mark.parametrize(
    ("instance_type", "name", "memory"),
    [
        ("ecs.vgn5i-m2.xlarge", "GRID-P4-2Q", "2048MiB"),
        ("ecs.vgn6i-m4-vws.xlarge", "GRID-T4-4Q", "4096MiB"),
        ("ecs.vgn7i-vws-m24.7xlarge", "NVIDIA-A10-24Q", "24576MiB"),
        ("ecs.gn6i-c4g1.xlarge", "Tesla-T4", "15360MiB"),
        ("ecs.gn7i-c8g1.2xlarge", "NVIDIA-A10", "23028MiB"),
    ],
)
def test_labels_follow_the_type(instance_type: str, name: str, memory: str) -> None:
    gpu = gpu_of(instance_type)
    assert gpu is not None
    shown = labels(gpu)
    assert shown["aliyun.accelerator/nvidia_name"] == name
    assert shown["aliyun.accelerator/nvidia_mem"] == memory


def test_every_gpu_type_of_the_catalogue_has_a_gpu() -> None:
    for row in instance_types():
        assert (gpu_of(row["id"]) is None) == (row["gpu_amount"] == 0), row["id"]


def test_the_memory_follows_the_driver() -> None:
    old = gpu_of("ecs.gn6i-c4g1.xlarge", "450.102.04")
    assert old is not None
    assert (old.memory_mib, old.cuda) == (15109, "11.0")


def test_an_unknown_driver_falls_back() -> None:
    assert gpu_of("ecs.vgn5i-m2.xlarge", "1.2.3") == gpu_of("ecs.vgn5i-m2.xlarge")


@pytest.mark.parametrize(
    ("version", "labels"),
    [("1.31.9-aliyun.1", {}), ("1.32.13-aliyun.1", {"ack.node.gpu.schedule": "default"})],
)
def test_the_schedule_label_came_with_a_version(version: str, labels: dict[str, str]) -> None:
    assert schedule_labels(version) == labels


@pytest.mark.parametrize("nodes", [1, 3])
def test_the_critical_path_is_what_a_create_takes(ack: Ack, clock: ManualClock, nodes: int) -> None:
    begun = clock.now()
    cluster_id, _ = ack.ask_cluster()
    clock.advance(360)
    ack.ask_pool(cluster_id, nodes=nodes)
    with ack.emulator.backend.transaction() as session:
        last = max(doc.body["t_gpu"] for doc in session.find("node", scope=cluster_id))
    assert last - begun == pytest.approx(critical_path(nodes), abs=1)
    assert critical_path(0) == 360
