"""What the vendor's own CLI and Terraform's provider ask of clusters beside the usual."""

from __future__ import annotations

from typing import Any

import alibabacloud_ram20150501.models as ram_models
import pytest
from alibabacloud_ram20150501.client import Client as RamClient

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import Ack
from tests.emulator.kube.api import Api as KubeApi
from tests.emulator.net.apis import Api

OLD, NEXT = "1.34.10-aliyun.1", "1.35.7-aliyun.1"


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster(kubernetes_version=OLD)


def kubelets(ack: Ack, cluster_id: str) -> list[str]:
    """The versions that the nodes show in Kubernetes."""
    nodes = KubeApi(ack.emulator, cluster_id)("GET", "/api/v1/nodes").body["items"]
    return sorted(node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes)


@pytest.fixture
def upgrade(ack: Ack, cluster_id: str) -> tuple[str, str]:
    """A pool of two nodes, one of which is upgraded, and the task that goes on."""
    pool_id = ack.make_pool(cluster_id)
    answer = ack("UpgradeClusterNodepool", cluster_id, pool_id, kubernetes_version=NEXT)
    assert kubelets(ack, cluster_id) == [f"v{OLD}", f"v{OLD}"]
    ack.clock.advance(130)
    assert kubelets(ack, cluster_id) == [f"v{OLD}", f"v{NEXT}"]
    return pool_id, answer["task_id"]


def test_the_upgrade_of_a_pool_pauses_and_goes_on(
    ack: Ack, cluster_id: str, upgrade: tuple[str, str], clock: ManualClock
) -> None:
    pool_id, task_id = upgrade
    ack("PauseTask", task_id)
    clock.advance(10_000)
    assert ack.task(task_id)["state"] == "paused"
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "upgrading"
    assert kubelets(ack, cluster_id) == [f"v{OLD}", f"v{NEXT}"]
    ack("ResumeTask", task_id)
    clock.advance(105)
    assert ack.task(task_id)["state"] == "running"
    clock.advance(10)
    assert ack.task(task_id)["state"] == "success"
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "active"
    assert kubelets(ack, cluster_id) == [f"v{NEXT}", f"v{NEXT}"]


@pytest.mark.parametrize("paused", [True, False])
def test_the_upgrade_of_a_pool_is_given_up(
    ack: Ack, cluster_id: str, upgrade: tuple[str, str], clock: ManualClock, *, paused: bool
) -> None:
    pool_id, task_id = upgrade
    if paused:
        ack("PauseTask", task_id)
    ack("CancelTask", task_id)
    assert ack.task(task_id)["state"] == "canceled"
    assert ack.pool(cluster_id, pool_id)["status"]["state"] == "active"
    clock.advance(1000)
    assert kubelets(ack, cluster_id) == [f"v{OLD}", f"v{NEXT}"]


def test_cancelling_what_has_ended_is_no_failure(
    ack: Ack, upgrade: tuple[str, str], clock: ManualClock
) -> None:
    _, task_id = upgrade
    clock.advance(300)
    ack("CancelTask", task_id)
    assert ack.task(task_id)["state"] == "success"
    assert ack.refusal("PauseTask", task_id) == ("TaskOperationNotSupported", 400)
    assert ack.refusal("ResumeTask", task_id) == ("TaskOperationNotSupported", 400)


def test_a_changed_add_on_leaves_a_task(ack: Ack, cluster_id: str, clock: ManualClock) -> None:
    ack("ModifyClusterAddon", cluster_id, "coredns", config='{"a":1}')
    (task,) = tasks(ack, cluster_id, task_type="cluster_addon_modify")
    assert task["state"] == "running"
    assert tasks(ack, cluster_id, task_type="cluster_addon_modify", state="success") == []
    clock.advance(35)
    (task,) = tasks(ack, cluster_id, task_type="cluster_addon_modify", state="success")
    assert ack.task(task["task_id"])["task_type"] == "cluster_addon_modify"


def test_tasks_are_listed_by_type_and_state(ack: Ack, cluster_id: str) -> None:
    ack.ask_pool(cluster_id)
    everything = {(row["task_type"], row["state"]) for row in tasks(ack, cluster_id)}
    assert len(everything) == 2
    (done,) = tasks(ack, cluster_id, state="success")
    (under_way,) = tasks(ack, cluster_id, state="running")
    assert {(row["task_type"], row["state"]) for row in (done, under_way)} == everything
    assert tasks(ack, cluster_id, task_type=done["task_type"]) == [done]
    assert tasks(ack, cluster_id, task_type="cluster_delete") == []


def tasks(ack: Ack, cluster_id: str, **query: str) -> list[dict[str, Any]]:
    """DescribeClusterTasks with filters that no SDK has."""
    path = f"/clusters/{cluster_id}/tasks"
    return list(ack.raw("DescribeClusterTasks", "GET", path, query=query)["tasks"])


def test_an_older_version_shows_what_it_can_become(ack: Ack, cluster_id: str) -> None:
    old = {"name": "ack-gpu-exporter", "version": "1.5.0"}
    ack("InstallClusterAddons", cluster_id, body=[old])
    ack.clock.advance(35)

    def shown() -> tuple[str, bool]:
        row = ack("DescribeClusterAddonsVersion", cluster_id)["ack-gpu-exporter"]
        status = ack("DescribeClusterAddonUpgradeStatus", cluster_id, "ack-gpu-exporter")
        assert row["can_upgrade"] is status["can_upgrade"]
        return row["next_version"], row["can_upgrade"]

    assert shown() == ("1.6.2", True)
    (newer,) = ack("DescribeAddon", "ack-gpu-exporter", version="1.5.0")["newer_versions"]
    assert newer["version"] == "1.6.2"
    upgrade = {"component_name": "ack-gpu-exporter", "next_version": "1.6.2"}
    ack("UpgradeClusterAddons", cluster_id, body=[upgrade])
    ack.clock.advance(35)
    assert shown() == ("", False)
    assert ack("DescribeAddon", "ack-gpu-exporter")["newer_versions"] == []


@pytest.mark.parametrize(
    "name",
    ["managed-gatekeeper", "managed-policy-template-controller", "managed-security-inspector"],
)
def test_what_security_needs_is_in_the_catalogue(ack: Ack, cluster_id: str, name: str) -> None:
    row = ack("DescribeAddon", name)
    assert (row["category"], row["managed"], row["install_by_default"]) == ("security", True, False)
    ack("InstallClusterAddons", cluster_id, body=[{"name": name}])
    ack.clock.advance(35)
    assert ack("GetClusterAddonInstance", cluster_id, name)["state"] == "active"


@pytest.fixture
def alice(ack: Ack, cluster_id: str) -> str:
    """The id of a RAM user who may do something in the cluster, and in another."""
    ram = Api(RamClient, ram_models, ack.emulator)
    uid = str(ram("CreateUser", UserName="alice", DisplayName="Alice")["User"]["UserId"])
    rows = [
        {"cluster": cluster_id, "role_name": "dev", "role_type": "cluster"},
        {"cluster": cluster_id, "namespace": "web", "role_name": "admin", "role_type": "namespace"},
        {"role_name": "ops", "role_type": "all-clusters"},
    ]
    ack("GrantPermissions", uid, body=rows)
    return uid


def test_whose_kubeconfigs_a_cluster_has(ack: Ack, cluster_id: str, alice: str) -> None:
    body = ack("ListClusterKubeconfigStates", cluster_id)
    assert body["page"] == {"page_number": 1, "page_size": 10, "total_count": 2}
    root, user = body["states"]
    assert (root["account_type"], root["cert_state"]) == ("RootAccount", "Unexpired")
    assert (user["account_id"], user["account_name"]) == (alice, "alice")
    assert (user["account_state"], user["account_display_name"]) == ("Active", "Alice")
    Api(RamClient, ram_models, ack.emulator)("DeleteUser", UserName="alice")
    page = ack("ListClusterKubeconfigStates", cluster_id, pageNumber=2, pageSize=1)
    (user,) = page["states"]
    assert user["account_state"] == "Deleted"


def test_all_that_a_user_may_do_in_a_cluster_is_taken_away(
    ack: Ack, cluster_id: str, alice: str
) -> None:
    ack("CleanClusterUserPermissions", cluster_id, alice, Force=True)
    (left,) = ack("DescribeUserPermission", alice)
    assert (left["role_name"], left["resource_type"]) == ("ops", "console")
    assert len(ack("ListClusterKubeconfigStates", cluster_id)["states"]) == 1
    refused = ack.refusal("CleanClusterUserPermissions", "c" + "0" * 32, alice)
    assert refused == ("ErrorClusterNotFound", 404)


@pytest.mark.parametrize("end", ["/", ""])
def test_how_a_clusters_nodes_scale_is_set(ack: Ack, cluster_id: str, end: str) -> None:
    path = f"/cluster/{cluster_id}/autoscale/config{end}"
    body = {"cool_down_duration": "15m", "scale_down_enabled": True}
    answer = ack.raw("CreateAutoscalingConfig", "POST", path, body)
    assert answer["cluster_id"] == cluster_id
    ack.clock.advance(35)
    assert ack.task(answer["task_id"])["state"] == "success"
    assert ack("GetClusterAddonInstance", cluster_id, "ack-goatscaler")["state"] == "active"


def test_the_older_scaler_is_another_component(ack: Ack, cluster_id: str) -> None:
    ack("CreateAutoscalingConfig", cluster_id, scaler_type="cluster-autoscaler", expander="random")
    ack.clock.advance(35)
    assert ack("GetClusterAddonInstance", cluster_id, "cluster-autoscaler")["state"] == "active"


@pytest.mark.parametrize(
    "change", [{"expander": "luck"}, {"scaler_type": "hand"}, {"expander": "priority"}]
)
def test_scaling_that_makes_no_sense(ack: Ack, cluster_id: str, change: dict[str, str]) -> None:
    refused = ack.refusal("CreateAutoscalingConfig", cluster_id, **change)
    assert refused == ("InvalidParameter", 400)


def test_a_change_to_pay_as_you_go_takes_a_while(ack: Ack, cluster_id: str) -> None:
    ack.make_pool(cluster_id, nodes=1)
    (instance_id,) = [row["InstanceId"] for row in ack.instances()]
    named = {"InstanceIds": f'["{instance_id}"]'}
    ack.ecs("ModifyInstanceChargeType", **named, InstanceChargeType="PrePaid", Period=1)
    ack.clock.advance(6)
    ack.ecs("ModifyInstanceChargeType", **named, InstanceChargeType="PostPaid")
    assert ack.instances()[0]["InstanceChargeType"] == "PrePaid"
    refused = ack.ecs.refusal("DeleteInstance", InstanceId=instance_id, Force=True)
    assert refused == ("LastTokenProcessing", 403)
    ack.clock.advance(31)
    assert ack.instances()[0]["InstanceChargeType"] == "PostPaid"
