"""Clusters, changed: settings, edition, endpoint, tags, protection, version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import REGION, Ack

OLD = "1.34.10-aliyun.1"
NEXT = "1.35.7-aliyun.1"


@pytest.fixture
def cluster_id(ack: Ack) -> str:
    return ack.make_cluster(kubernetes_version=OLD)


def modify(ack: Ack, cluster_id: str, **body: Any) -> dict[str, Any]:
    """ModifyCluster with exactly this body."""
    answer = ack.raw("ModifyCluster", "PUT", f"/api/v2/clusters/{cluster_id}", body)
    return dict(answer)


def test_settings_change_and_the_cluster_is_updating_for_a_moment(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    window = {"enable": True, "maintenance_time": "03:00:00Z", "duration": "3h"}
    answer = modify(ack, cluster_id, timezone="Asia/Shanghai", maintenance_window=window)
    assert ack.detail(cluster_id)["state"] == "updating"
    clock.advance(15)
    cluster = ack.detail(cluster_id)
    assert cluster["state"] == "running"
    assert cluster["timezone"] == "Asia/Shanghai"
    assert cluster["maintenance_window"] == window | {"weekly_period": ""}
    assert ack.task(answer["task_id"])["state"] == "success"


def test_a_change_while_it_is_updating_is_refused_in_the_published_words(
    ack: Ack, cluster_id: str
) -> None:
    ack("ModifyCluster", cluster_id, timezone="Asia/Tokyo")
    refused = ack.error("ModifyCluster", cluster_id, timezone="Asia/Shanghai")
    assert "cannot operate cluster where state is updating" in refused.message


def test_the_same_settings_again_change_nothing(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    modify(ack, cluster_id, timezone="Asia/Shanghai")
    clock.advance(15)
    before = ack.detail(cluster_id)
    modify(ack, cluster_id, timezone="Asia/Shanghai", cluster_name="demo")
    assert ack.detail(cluster_id) == before


def test_a_name_of_another_cluster_is_refused(ack: Ack, cluster_id: str) -> None:
    ack.ask_cluster(name="other", container_cidr="172.30.0.0/16")
    refused = ack.refusal("ModifyCluster", cluster_id, cluster_name="other")
    assert refused == ("ErrorClusterNameAlreadyExist", 400)


def test_a_cluster_is_renamed(ack: Ack, cluster_id: str) -> None:
    modify(ack, cluster_id, cluster_name="better")
    assert ack.detail(cluster_id)["name"] == "better"
    found = ack("DescribeClustersV1", name="better")["clusters"]
    assert [row["cluster_id"] for row in found] == [cluster_id]


def test_a_public_endpoint_comes_and_goes(ack: Ack, cluster_id: str, clock: ManualClock) -> None:
    modify(ack, cluster_id, api_server_eip=True)
    clock.advance(60)
    assert json.loads(ack.detail(cluster_id)["master_url"])["api_server_endpoint"]
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 1
    modify(ack, cluster_id, api_server_eip=False)
    clock.advance(60)
    assert json.loads(ack.detail(cluster_id)["master_url"])["api_server_endpoint"] == ""
    assert len(ack.balancers()) == 1
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 0


def test_basic_becomes_pro_and_never_back(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster(cluster_spec="ack.standard")
    body = {"type": "ManagedKubernetes", "spec": "ack.pro.small"}
    ack.raw("MigrateCluster", "POST", f"/clusters/{cluster_id}/migrate", body)
    clock.advance(15)
    assert ack.detail(cluster_id)["cluster_spec"] == "ack.pro.small"
    refused = ack.refusal("ModifyCluster", cluster_id, cluster_spec="ack.standard")
    assert refused[0] == "InvalidParameter.ClusterSpec"


def test_tags_are_replaced_but_the_own_one(ack: Ack, cluster_id: str) -> None:
    ack("ModifyClusterTags", cluster_id, body=[{"key": "a", "value": "b"}])
    tags = {row["key"]: row["value"] for row in ack.detail(cluster_id)["tags"]}
    assert tags == {"a": "b", "ack.aliyun.com": cluster_id}


def test_tags_are_added_listed_and_taken(ack: Ack, cluster_id: str) -> None:
    named = {"resource_ids": [cluster_id], "resource_type": "CLUSTER", "region_id": REGION}
    assert set(ack("TagResources", tags=[{"key": "a", "value": "b"}], **named)) == {"RequestId"}
    rows = ack("ListTagResources", **named)["tag_resources"]["tag_resource"]
    assert {(row["tag_key"], row["tag_value"]) for row in rows} == {
        ("a", "b"),
        ("ack.aliyun.com", cluster_id),
    }
    wanted = ack("ListTagResources", tags=[{"key": "a", "value": "b"}], **named)
    assert len(wanted["tag_resources"]["tag_resource"]) == 1
    ack("UntagResources", tag_keys=["a"], **named)
    rows = ack("ListTagResources", **named)["tag_resources"]["tag_resource"]
    assert [row["tag_key"] for row in rows] == ["ack.aliyun.com"]


def test_a_cluster_has_at_most_twenty_tags(ack: Ack, cluster_id: str) -> None:
    tags = [{"key": f"k{number}", "value": "v"} for number in range(21)]
    named = {"resource_ids": [cluster_id], "resource_type": "CLUSTER", "region_id": REGION}
    assert ack.refusal("TagResources", tags=tags, **named) == ("QuotaExceeded.Tags", 403)


@pytest.mark.parametrize(
    "tag",
    [
        ("aliyun", "v"),
        ("acs:x", "v"),
        ("http://x", "v"),
        ("", "v"),
        ("k" * 65, "v"),
        ("k", "v" * 129),
    ],
)
def test_a_tag_that_no_cluster_takes_is_refused(
    ack: Ack, cluster_id: str, tag: tuple[str, str]
) -> None:
    tags = [{"key": tag[0], "value": tag[1]}]
    named = {"resource_ids": [cluster_id], "resource_type": "CLUSTER", "region_id": REGION}
    other = {"name": "other", "container_cidr": "10.0.0.0/16", "service_cidr": "10.1.0.0/20"}
    refusals = [
        ack.refusal("TagResources", tags=tags, **named),
        ack.refusal("ModifyClusterTags", cluster_id, body=tags),
        ack.refusal("CreateCluster", **ack.cluster_request(tags=tags, **other)),
    ]
    assert refusals == [("InvalidParameter", 400)] * 3


def test_objects_in_the_cluster_are_protected(ack: Ack, cluster_id: str) -> None:
    asked = {"resource_type": "services", "namespace": "default", "resources": ["web"]}
    answer = ack("UpdateResourcesDeleteProtection", cluster_id, enable=True, **asked)
    assert answer["protection"] == "true"
    rows = ack(
        "DescribeResourcesDeleteProtection",
        cluster_id,
        "services",
        namespace="default",
        resources="web,api",
    )
    assert [(row["name"], row["protection"]) for row in rows] == [("web", True), ("api", False)]


def test_an_upgrade_goes_by_one_minor_version(
    ack: Ack, cluster_id: str, clock: ManualClock
) -> None:
    assert ack.detail(cluster_id)["next_version"] == NEXT
    refused = ack.refusal("UpgradeCluster", cluster_id, next_version="1.36.2-aliyun.1")
    assert refused[0] == "InvalidParameter.NextVersion"
    answer = ack("UpgradeCluster", cluster_id, next_version=NEXT)
    assert ack.detail(cluster_id)["state"] == "upgrading"
    assert ack.detail(cluster_id)["current_version"] == OLD
    assert ack("GetUpgradeStatus", cluster_id)["upgrade_step"] == "prechecking"
    clock.advance(100)
    assert ack("GetUpgradeStatus", cluster_id)["upgrade_step"] == "upgrading"
    clock.advance(330)
    cluster = ack.detail(cluster_id)
    assert (cluster["state"], cluster["current_version"]) == ("running", NEXT)
    assert cluster["init_version"] == OLD
    assert ack("GetUpgradeStatus", cluster_id)["status"] == "success"
    assert ack.task(answer["task_id"])["state"] == "success"


def test_an_upgrade_that_never_was_has_not_started(ack: Ack, cluster_id: str) -> None:
    assert ack("GetUpgradeStatus", cluster_id)["upgrade_step"] == "not_start"


@pytest.mark.parametrize("by_task", [True, False])
def test_an_upgrade_pauses_and_goes_on(
    ack: Ack, cluster_id: str, clock: ManualClock, *, by_task: bool
) -> None:
    task_id = ack("UpgradeCluster", cluster_id, next_version=NEXT)["task_id"]
    clock.advance(100)
    if by_task:
        ack("PauseTask", task_id)
    else:
        ack("PauseClusterUpgrade", cluster_id)
    assert ack.task(task_id)["state"] == "paused"
    clock.advance(10_000)
    assert ack.detail(cluster_id)["state"] == "upgrading"
    assert ack.detail(cluster_id)["current_version"] == OLD
    assert ack("GetUpgradeStatus", cluster_id)["status"] == "pause"
    if by_task:
        ack("ResumeTask", task_id)
    else:
        ack("ResumeUpgradeCluster", cluster_id)
    clock.advance(310)
    assert ack.task(task_id)["state"] == "running"
    clock.advance(15)
    assert ack.task(task_id)["state"] == "success"
    assert ack.detail(cluster_id)["current_version"] == NEXT


@pytest.mark.parametrize("paused", [True, False])
def test_an_upgrade_is_given_up(
    ack: Ack, cluster_id: str, clock: ManualClock, *, paused: bool
) -> None:
    task_id = ack("UpgradeCluster", cluster_id, next_version=NEXT)["task_id"]
    clock.advance(100)
    if paused:
        ack("PauseTask", task_id)
    ack("CancelTask", task_id)
    clock.advance(1000)
    assert ack.task(task_id)["state"] == "canceled"
    cluster = ack.detail(cluster_id)
    assert (cluster["state"], cluster["current_version"]) == ("running", OLD)


@pytest.mark.parametrize("action", ["PauseTask", "ResumeTask", "CancelTask"])
def test_other_tasks_cannot_be_paused(ack: Ack, action: str) -> None:
    _, task_id = ack.ask_cluster(name="other", container_cidr="172.30.0.0/16")
    assert ack.refusal(action, task_id) == ("TaskOperationNotSupported", 400)


def test_a_check_passes_after_a_while(ack: Ack, cluster_id: str, clock: ManualClock) -> None:
    check_id = ack("RunClusterCheck", cluster_id, type="ClusterUpgrade")["check_id"]
    assert ack("GetClusterCheck", cluster_id, check_id)["status"] == "Running"
    clock.advance(25)
    assert ack("GetClusterCheck", cluster_id, check_id)["status"] == "Succeeded"
    (row,) = ack("ListClusterChecks", cluster_id)["checks"]
    assert row["check_id"] == check_id
    assert ack.refusal("RunClusterCheck", cluster_id, type="Horoscope")[0] == "InvalidParameter"


def test_logs_of_the_control_plane_are_off_until_asked_for(ack: Ack, cluster_id: str) -> None:
    assert ack("CheckControlPlaneLogEnable", cluster_id)["components"] == []
    ack("UpdateControlPlaneLog", cluster_id, components=["apiserver"])
    kept = ack("CheckControlPlaneLogEnable", cluster_id)
    assert (kept["components"], kept["log_ttl"]) == (["apiserver"], "30")
    assert kept["log_project"] == f"k8s-log-{cluster_id}"


def test_the_audit_log_is_turned_on_and_off(ack: Ack, cluster_id: str) -> None:
    assert ack("GetClusterAuditProject", cluster_id)["audit_enabled"] is False
    ack("UpdateClusterAuditLogConfig", cluster_id, disable=False)
    assert ack("GetClusterAuditProject", cluster_id)["sls_project_name"] == f"k8s-log-{cluster_id}"
    ack("UpdateClusterAuditLogConfig", cluster_id, disable=True)
    assert ack("GetClusterAuditProject", cluster_id)["audit_enabled"] is False
