"""Node pools, changed: scaled, modified, repaired, deleted; nodes taken out."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import Ack


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster()


@pytest.fixture
def pool_id(ack: Ack, cluster_id: str) -> str:
    return ack.make_pool(cluster_id)


def put(ack: Ack, cluster_id: str, pool_id: str, **body: Any) -> dict[str, Any]:
    """ModifyClusterNodePool with exactly this body."""
    path = f"/clusters/{cluster_id}/nodepools/{pool_id}"
    answer = ack.raw("ModifyClusterNodePool", "PUT", path, body)
    return dict(answer)


def refused_put(ack: Ack, cluster_id: str, pool_id: str, **body: Any) -> Any:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDK's classes differ
        put(ack, cluster_id, pool_id, **body)
    return caught.value


def size(ack: Ack, cluster_id: str) -> int:
    return int(ack.detail(cluster_id)["size"])


def test_the_desired_size_scales_out_and_in(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    put(ack, cluster_id, pool_id, scaling_group={"desired_size": 3})
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "scaling"
    clock.advance(300)
    assert size(ack, cluster_id) == 3
    answer = put(ack, cluster_id, pool_id, scaling_group={"desired_size": 1})
    status = ack.pool(cluster_id, pool_id)["status"]
    assert (status["state"], status["removing_nodes"]) == ("removing_nodes", 2)
    clock.advance(90)
    assert size(ack, cluster_id) == 1
    assert len(ack.instances()) == 1
    assert ack.task(answer["task_id"])["state"] == "success"
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "active"


def test_the_same_desired_size_again_changes_nothing(
    ack: Ack, cluster_id: str, pool_id: str
) -> None:
    before = ack.pool(cluster_id, pool_id)
    answer = put(ack, cluster_id, pool_id, scaling_group={"desired_size": 2})
    assert ack.pool(cluster_id, pool_id) == before
    assert ack.task(answer["task_id"])["state"] == "success"


def test_a_pool_reads_back_into_itself(ack: Ack, cluster_id: str, pool_id: str) -> None:
    before = ack.pool(cluster_id, pool_id)
    parts = ("auto_scaling", "kubernetes_config", "management", "scaling_group", "tee_config")
    put(ack, cluster_id, pool_id, **{part: before[part] for part in parts})
    assert ack.pool(cluster_id, pool_id) == before


def test_a_count_is_a_delta(ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock) -> None:
    answer = ack("ScaleClusterNodePool", cluster_id, pool_id, count=2)
    assert set(answer) == {"task_id"}
    clock.advance(300)
    assert size(ack, cluster_id) == 4
    assert ack.pool(cluster_id, pool_id)["scaling_group"]["desired_size"] == 4


@pytest.mark.parametrize("count", [0, 501])
def test_a_count_out_of_range_is_refused(
    ack: Ack, cluster_id: str, pool_id: str, count: int
) -> None:
    refused = ack.refusal("ScaleClusterNodePool", cluster_id, pool_id, count=count)
    assert refused == ("InvalidParameter.Count", 400)


def test_a_busy_pool_refuses_changes(ack: Ack, cluster_id: str, pool_id: str) -> None:
    ack("ScaleClusterNodePool", cluster_id, pool_id, count=1)
    refused = refused_put(ack, cluster_id, pool_id, scaling_group={"desired_size": 5})
    assert refused.code == "InvalidNodePoolStatus.Forbidden"
    assert "cannot operate nodepool when nodepool state is scaling" in refused.message


def test_autoscaling_and_a_desired_size_exclude_each_other(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    automatic = {"enable": True, "min_instances": 1, "max_instances": 4, "type": "gpu"}
    put(ack, cluster_id, pool_id, auto_scaling=automatic)
    clock.advance(10)
    pool = ack.pool(cluster_id, pool_id)
    assert pool["auto_scaling"]["enable"] is True
    assert "desired_size" not in pool["scaling_group"]
    for body in (
        {"scaling_group": {"desired_size": 3}},
        {"auto_scaling": {"enable": False}, "scaling_group": {"desired_size": 3}},
    ):
        refused = refused_put(ack, cluster_id, pool_id, **body)
        assert refused.code == "InvalidDesiredSizeOrCount.NotNull"
    refused = ack.refusal("ScaleClusterNodePool", cluster_id, pool_id, count=1)
    assert refused[0] == "InvalidDesiredSizeOrCount.NotNull"
    put(ack, cluster_id, pool_id, auto_scaling={"enable": False})
    clock.advance(10)
    put(ack, cluster_id, pool_id, scaling_group={"desired_size": 3})
    clock.advance(300)
    assert size(ack, cluster_id) == 3


def test_a_lower_maximum_scales_in_at_once(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    put(ack, cluster_id, pool_id, auto_scaling={"enable": True, "max_instances": 1})
    clock.advance(90)
    assert size(ack, cluster_id) == 1


def test_the_kind_of_autoscaling_cannot_change(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    put(ack, cluster_id, pool_id, auto_scaling={"type": "gpu"})
    clock.advance(10)
    refused = refused_put(ack, cluster_id, pool_id, auto_scaling={"type": "cpu"})
    assert refused.code == "InvalidParameter.AutoScaling"


def test_labels_reach_existing_nodes_when_asked(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    labels = [{"key": "tier", "value": "gold"}]
    put(ack, cluster_id, pool_id, kubernetes_config={"labels": labels})
    clock.advance(10)
    assert all("tier" not in doc["labels"] for doc in ack.node_docs(cluster_id))
    put(ack, cluster_id, pool_id, kubernetes_config={"labels": labels}, update_nodes=True)
    assert all(doc["labels"]["tier"] == "gold" for doc in ack.node_docs(cluster_id))


@pytest.mark.parametrize("ignored", [True, False])
def test_an_empty_list_empties_unless_a_fault_says_otherwise(
    ack: Ack, cluster_id: str, *, ignored: bool
) -> None:
    tags = [{"key": "team", "value": "vision"}]
    pool_id = ack.make_pool(cluster_id, tags=tags)
    if ignored:
        ack.emulator.set_faults({"faults": [{"kind": "empty_lists_ignored"}]})
    put(ack, cluster_id, pool_id, scaling_group={"tags": []})
    group = ack.pool(cluster_id, pool_id)["scaling_group"]
    assert group.get("tags", []) == (tags if ignored else [])


def test_a_pool_with_nodes_is_deleted_by_force_only(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    refused = ack.refusal("DeleteClusterNodepool", cluster_id, pool_id)
    assert refused == ("ErrorNodePoolNotEmpty", 400)
    answer = ack("DeleteClusterNodepool", cluster_id, pool_id, force=True)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "deleting"
    clock.advance(80)
    refused = ack.refusal("DescribeClusterNodePoolDetail", cluster_id, pool_id)
    assert refused == ("ErrorNodePoolNotFound", 404)
    assert ack.task(answer["task_id"])["state"] == "success"
    assert ack.instances() == []


def test_routes_and_names_are_free_again(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    ack("DeleteClusterNodepool", cluster_id, pool_id, force=True)
    clock.advance(80)
    with ack.emulator.backend.transaction() as session:
        now = ack.emulator.backend.timeline_now(session)
        assert session.find("route", at=now) == []
    ack.make_pool(cluster_id)
    assert size(ack, cluster_id) == 2


def test_a_failed_deletion_can_be_repeated(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock
) -> None:
    ack.emulator.set_faults({"faults": [{"kind": "pool_delete_failed", "pool": "gpu"}]})
    answer = ack("DeleteClusterNodepool", cluster_id, pool_id, force=True)
    clock.advance(80)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "delete_failed"
    assert ack.task(answer["task_id"])["error"]["message"] == "ScalingGroup's instances not empty"
    ack("DeleteClusterNodepool", cluster_id, pool_id, force=True)
    clock.advance(80)
    assert ack("DescribeClusterNodePools", cluster_id)["nodepools"] == []


@pytest.mark.parametrize("release", [True, False])
def test_named_nodes_leave_the_pool(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock, *, release: bool
) -> None:
    first = ack.nodes(cluster_id)[0]
    answer = ack(
        "RemoveNodePoolNodes",
        cluster_id,
        pool_id,
        instance_ids=[first["instance_id"]],
        release_node=release,
        drain_node=True,
    )
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "removing_nodes"
    rows = ack.nodes(cluster_id, state="removing")
    assert [row["instance_id"] for row in rows] == [first["instance_id"]]
    clock.advance(110)
    assert [row["state"] for row in ack.nodes(cluster_id)] == ["running"]
    assert len(ack.instances()) == (1 if release else 2)
    assert ack.pool(cluster_id, pool_id)["scaling_group"]["desired_size"] == 1
    assert ack.task(answer["task_id"])["state"] == "success"


@pytest.mark.parametrize("action", ["DeleteClusterNodes", "RemoveClusterNodes"])
def test_nodes_are_removed_by_name(
    ack: Ack, cluster_id: str, pool_id: str, clock: ManualClock, action: str
) -> None:
    name = ack.nodes(cluster_id)[0]["node_name"]
    ack(action, cluster_id, nodes=[name], release_node=True)
    clock.advance(80)
    assert name not in {row["node_name"] for row in ack.nodes(cluster_id)}
    assert len(ack.instances()) == 1
    assert ack.pool(cluster_id, pool_id)["status"]["total_nodes"] == 1


def test_an_unknown_node_is_refused(ack: Ack, cluster_id: str, pool_id: str) -> None:
    refused = ack.refusal("DeleteClusterNodes", cluster_id, nodes=["cn-hangzhou.1.2.3.4"])
    assert refused == ("ErrorNodeNotFound", 404)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "active"


@pytest.mark.parametrize(
    ("action", "state", "seconds"),
    [("RepairClusterNodePool", "repairing", 95), ("UpgradeClusterNodepool", "upgrading", 245)],
)
def test_repair_and_upgrade_keep_the_pool_busy(
    ack: Ack, cluster_id: str, action: str, state: str, seconds: float
) -> None:
    pool_id = ack.make_pool(cluster_id)
    answer = ack(action, cluster_id, pool_id)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == state
    ack.clock.advance(seconds)
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "active"
    assert ack.task(answer["task_id"])["state"] == "success"


def test_pools_are_synchronised(ack: Ack, cluster_id: str) -> None:
    assert set(ack("SyncClusterNodePool", cluster_id)) == {"RequestId"}


def test_the_settings_of_the_kubelet_are_changed_one_by_one(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    kubelet = {"kubelet_configuration": {"maxPods": 50, "cpuManagerPolicy": "none"}}
    pool_id = ack.make_pool(cluster_id, extra={"node_config": kubelet})
    pool = f"/clusters/{cluster_id}/nodepools/{pool_id}"
    change = {"kubelet_config": {"maxPods": 60}, "containerd_config": {"limitCore": 1}}
    answer = ack.raw("ModifyNodePoolNodeConfig", "PUT", f"{pool}/node_config", change)
    assert answer["nodepool_id"] == pool_id
    assert ack.raw("DescribeClusterNodePoolDetail", "GET", pool)["status"]["state"] == "updating"
    clock.advance(10)
    assert ack.task(answer["task_id"])["state"] == "success"
    config = ack.raw("DescribeClusterNodePoolDetail", "GET", pool)["node_config"]
    settings = config["kubelet_configuration"]
    assert (settings["maxPods"], settings["cpuManagerPolicy"]) == (60, "none")
    assert config["containerd_config"] == {"limitCore": 1}
