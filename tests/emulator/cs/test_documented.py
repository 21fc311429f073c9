"""Our answers against documented and observed ones: same keys, same JSON types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import alibabacloud_cs20151215.models as cs_models
import pytest

from tests.emulator.cs.ack import CREATED, GROWN, REGION, Ack, without_nulls
from tests.support.shapes import absent_keys, type_faults, unknown_keys

FIXTURES = sorted((Path(__file__).parents[3] / "fixtures" / "aliyun" / "cs").glob("*/*.json"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in FIXTURES]

UNKNOWN = {"DescribeClusterLogs": ["log_level"], "DescribeKubernetesVersionMetadata": ["multi_az"]}
"""Keys of samples of 2021 that today's SDK does not have."""

FOREIGN = {
    "DescribeClusterDetail": {
        "control_plane_config",  # of dedicated clusters
        "control_plane_endpoints_config",  # of network load balancers
        "maintenance_window.recurrence",  # not supplied here
        "parameters.key",  # stands for any
    },
    "DescribeClusterResources": {"associated_object"},  # of load balancers of Services
    "DescribeUserQuota": {"quotas.key"},  # stands for any
}
"""Keys of samples that an answer of ours does not have."""


def sample(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))["body"]


def rows(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


@pytest.mark.parametrize("path", FIXTURES, ids=NAMES)
def test_the_sdk_knows_every_key_of_the_sample(path: Path) -> None:
    action = path.parent.name
    model = getattr(cs_models, f"{action}ResponseBody", None)
    body = sample(path)
    if model is None:
        assert isinstance(body, str)
        return
    for row in rows(body):
        assert set(unknown_keys(model, row)) <= set(UNKNOWN.get(action, ()))


SPOT = {
    "compensate_with_on_demand": True,
    "on_demand_base_capacity": 0,
    "on_demand_percentage_above_base_capacity": 20,
    "spot_instance_pools": 5,
    "spot_instance_remedy": False,
    "spot_price_limit": [{"instance_type": "ecs.c6.large", "price_limit": "0.39"}],
}
UPGRADE = {"auto_upgrade": True, "surge": 5, "surge_percentage": 50, "max_unavailable": 1}
MANAGED = {
    "auto_scaling": {"is_bond_eip": True},
    "management": {"enable": True, "auto_repair": True, "upgrade_config": UPGRADE},
}


class Tour:
    """Asks every operation, keeps each one's last answer, and lets what it began end."""

    def __init__(self, ack: Ack) -> None:
        self.ack, self.answers = ack, dict[str, Any]()

    def __call__(self, action: str, *path: str, **parameters: Any) -> Any:
        self.answers[action] = self.ack(action, *path, **parameters)
        self.ack.clock.advance(60)
        return self.answers[action]


def visit_the_account(ask: Tour) -> None:
    ask("CheckServiceRole", roles=[{"name": "NoSuchRole"}])
    ask("DescribeRegions")
    ask("DescribeUserQuota")
    ask("DescribeAddons", region=REGION)
    ask("ListAddons")
    ask("DescribeAddon", "coredns")
    ask("DescribeKubernetesVersionMetadata", Region=REGION, ClusterType="ManagedKubernetes")
    ask.ack.emulator.set_faults({"faults": [{"kind": "service_not_open"}]})
    ask("OpenAckService", type="propayasgo")


def visit_a_cluster(ask: Tour) -> tuple[str, str]:
    """Make a cluster and a pool; their ids."""
    ack = ask.ack
    window = {"enable": True, "maintenance_time": "03:00:00Z", "duration": "3h"}
    request = ack.cluster_request(
        kubernetes_version="1.34.10-aliyun.1",
        endpoint_public_access=True,
        maintenance_window=window,
        rrsa_config={"enabled": True},
        extra_sans=["192.168.1.1"],
        auto_mode={"enable": True},
        addons=[{"name": "flannel"}, {"name": "ack-node-problem-detector"}],
        operation_policy={"cluster_auto_upgrade": {"enabled": True, "channel": "patch"}},
    )
    cluster_id = ask("CreateCluster", **request)["cluster_id"]
    ack.clock.advance(CREATED)
    disk = {"category": "cloud_ssd", "size": 40, "encrypted": "true"}
    body = ack.pool_request(
        tags=[{"key": "env", "value": "prod"}],
        data_disks=[disk | {"auto_snapshot_policy_id": "sp-1"}],
        rds_instances=["rm-1"],
        **SPOT,
    )
    config = {
        "labels": [{"key": "env", "value": "prod"}],
        "taints": [{"key": "key", "value": "value", "effect": "NoSchedule"}],
    }
    made = ask("CreateClusterNodePool", cluster_id, **body, kubernetes_config=config, **MANAGED)
    ack.clock.advance(GROWN)
    return cluster_id, made["nodepool_id"]


def visit_reads(ask: Tour, cluster_id: str, pool_id: str) -> None:
    for action in (
        "DescribeClusterDetail", "DescribeClusterNodePools", "DescribeClusterNodes",
        "DescribeClusterResources", "DescribeClusterTasks", "DescribeClusterEvents",
        "DescribeClusterLogs", "DescribeClusterUserKubeconfig", "ListClusterAddonInstances",
        "GetUpgradeStatus",
    ):  # fmt: skip
        ask(action, cluster_id)
    ask("DescribeEvents")
    ask("DescribeClustersV1")
    ask("DescribeClustersForRegion", REGION)
    ask("DescribeClusterNodePoolDetail", cluster_id, pool_id)
    ask("GetClusterAddonInstance", cluster_id, "coredns")
    ask("DescribeClusterAttachScripts", cluster_id, nodepool_id=pool_id)


def visit_changes(ask: Tour, cluster_id: str, pool_id: str) -> None:
    named = {"resource_ids": [cluster_id], "resource_type": "CLUSTER", "region_id": REGION}
    ask("TagResources", tags=[{"key": "a", "value": "b"}], **named)
    ask("ListTagResources", **named)
    ask("UntagResources", tag_keys=["a"], **named)
    ask("ModifyCluster", cluster_id, timezone="Asia/Shanghai")
    ask("RunClusterCheck", cluster_id, type="ClusterUpgrade")
    ask("GetClusterCheck", cluster_id, ask.answers["RunClusterCheck"]["check_id"])
    ask("ListClusterChecks", cluster_id)
    ask("InstallClusterAddons", cluster_id, body=[{"name": "ack-gpu-exporter"}])
    upgrade = {"component_name": "ack-gpu-exporter", "next_version": "2"}
    ask("UpgradeClusterAddons", cluster_id, body=[upgrade])
    ask("UnInstallClusterAddons", cluster_id, addons=[{"name": "ack-gpu-exporter"}])
    ask("ModifyClusterNodePool", cluster_id, pool_id, nodepool_info={"name": "other"})
    ask("ScaleClusterNodePool", cluster_id, pool_id, count=1)
    ask.ack.clock.advance(GROWN)
    first, second, third = ask.ack.nodes(cluster_id)
    instance_ids = [first["instance_id"]]
    ask("RemoveNodePoolNodes", cluster_id, pool_id, instance_ids=instance_ids)
    ask.ack.clock.advance(60)
    ask("DeleteClusterNodes", cluster_id, nodes=[second["node_name"]])
    ask.ack.clock.advance(60)
    attached = {"instances": [first["instance_id"]]}
    ask("AttachInstancesToNodePool", cluster_id, pool_id, **attached)
    ask.ack.clock.advance(GROWN)
    attached = {"instances": [second["instance_id"]], "nodepool_id": pool_id}
    ask("AttachInstances", cluster_id, **attached)
    ask.ack.clock.advance(GROWN)
    assert third["instance_id"]


def visit_the_end(ask: Tour, cluster_id: str, pool_id: str) -> None:
    ask("CreateAutoscalingConfig", cluster_id)
    ask("ListClusterKubeconfigStates", cluster_id)
    ask("CleanClusterUserPermissions", cluster_id, "2099")
    upgraded = ask("UpgradeCluster", cluster_id, next_version="1.35.7-aliyun.1")
    ask("GetUpgradeStatus", cluster_id)
    ask.ack.clock.advance(500)
    ask("DeleteClusterNodepool", cluster_id, pool_id, force=True)
    ask.ack.clock.advance(60)
    faults = [{"kind": "pool_failed"}]
    ask.ack.emulator.set_faults({"faults": faults})
    made = ask("CreateClusterNodePool", cluster_id, **ask.ack.pool_request())
    ask("DescribeTaskInfo", made["task_id"])
    ask("DescribeClusterTasks", cluster_id)
    ask("DeleteCluster", cluster_id)
    assert upgraded["task_id"]


@pytest.fixture
def answers(ack: Ack) -> dict[str, Any]:
    ask = Tour(ack)
    visit_the_account(ask)
    cluster_id, pool_id = visit_a_cluster(ask)
    visit_reads(ask, cluster_id, pool_id)
    visit_changes(ask, cluster_id, pool_id)
    visit_the_end(ask, cluster_id, pool_id)
    return ask.answers


def lacking(action: str, documented: Any, answer: Any) -> list[str]:
    """Keys and types of the sample that our answer has not."""
    if isinstance(documented, str):
        return [] if isinstance(answer, str) and answer.endswith("\r\n") else ["text"]
    if isinstance(documented, list):
        documented, answer = documented[0], answer[0]
    foreign = FOREIGN.get(action, set()) | set(UNKNOWN.get(action, ()))
    absent = [key for key in absent_keys(documented, answer) if key not in foreign]
    return absent + type_faults(without_nulls(documented), without_nulls(answer))


def test_our_answers_have_what_the_samples_have(answers: dict[str, Any]) -> None:
    found = {
        f"{path.parent.name}/{path.stem}": lacking(
            path.parent.name, sample(path), answers[path.parent.name]
        )
        for path in FIXTURES
    }
    assert {name: keys for name, keys in found.items() if keys} == {}
