"""Regions, quotas, roles, opening the service, versions, add-ons."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import REGION, Ack


def test_regions_are_named(ack: Ack) -> None:
    answer = ack("DescribeRegions")
    assert {"cn-hangzhou", "cn-shanghai"} <= {row["regionId"] for row in answer["regions"]}
    assert answer["requestId"]


def test_quotas_are_the_documented_ones(ack: Ack) -> None:
    quota = ack("DescribeUserQuota")
    assert quota["cluster_quota"] == 50
    assert quota["node_quota"] == 100
    assert quota["cluster_nodepool_quota"] == 20
    assert quota["quotas"]["q_Kubernetes_Cluster"]["quota"] == "50"


def test_quotas_follow_the_scenario(clock: ManualClock) -> None:
    scenario = {"limits": {"clusters": 3, "node_pools": 1}}
    with Emulator(clock=clock, seed=1, scenario=scenario) as emulator:
        ack = Ack(emulator, clock)
        assert ack("DescribeUserQuota")["cluster_quota"] == 3
        ack.make_network()
        cluster_id = ack.make_cluster()
        ack.make_pool(cluster_id, nodes=0)
        second = ack.pool_request(name="second", nodes=0)
        refused = ack.refusal("CreateClusterNodePool", cluster_id, **second)
        assert refused == ("QuotaExceeded.NodePool", 403)


def without_roles(clock: ManualClock, *roles: str) -> Emulator:
    return Emulator(clock=clock, seed=1, scenario={"missing_roles": list(roles)})


def test_roles_are_granted_unless_the_scenario_takes_them(clock: ManualClock) -> None:
    names = ["AliyunCSManagedKubernetesRole", "AliyunCSManagedAutoScalerRole", "NoSuchRole"]
    with without_roles(clock, names[1]) as emulator:
        ack = Ack(emulator, clock)
        rows = ack("CheckServiceRole", roles=[{"name": name} for name in names])["roles"]
    assert [row["granted"] for row in rows] == [True, False, False]
    assert rows[1]["message"] == f"The role does not exist: {names[1]}"


@pytest.mark.parametrize(
    ("role", "nodes", "automatic", "code"),
    [
        ("AliyunOOSLifecycleHook4CSRole", 1, False, "MissingAuth.AliyunOOSLifecycleHook4CSRole"),
        ("AliyunCSManagedAutoScalerRole", None, True, "ErrAutoScalerRoleNotAttach"),
    ],
)
def test_pools_need_the_roles_of_scaling(
    clock: ManualClock, role: str, nodes: int | None, code: str, *, automatic: bool
) -> None:
    with without_roles(clock, role) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        settings = {"auto_scaling": {"enable": automatic, "max_instances": 1}}
        body = ack.pool_request(nodes=nodes) | settings
        cluster_id = ack.make_cluster()
        assert ack.refusal("CreateClusterNodePool", cluster_id, **body) == (code, 400)


def test_the_service_is_open_already(ack: Ack) -> None:
    assert ack.refusal("OpenAckService", type="propayasgo") == ("ORDER.OPEND", 500)


def test_the_service_is_opened_once(ack: Ack) -> None:
    ack.emulator.set_faults({"faults": [{"kind": "service_not_open"}]})
    assert ack("OpenAckService", type="propayasgo")["order_id"].isdigit()
    assert ack.refusal("OpenAckService", type="propayasgo")[0] == "ORDER.OPEND"


def test_creatable_versions_are_the_three_newest_minors(ack: Ack) -> None:
    asked = {"Region": REGION, "ClusterType": "ManagedKubernetes"}
    every = ack("DescribeKubernetesVersionMetadata", **asked)
    creatable = ack("DescribeKubernetesVersionMetadata", Mode="creatable", **asked)
    assert [row["version"].rpartition(".")[0][:4] for row in creatable] == ["1.36", "1.35", "1.34"]
    assert len(every) > len(creatable)
    assert all(row["upgradable_versions"] == [] for row in every)
    (row,) = ack(
        "DescribeKubernetesVersionMetadata",
        KubernetesVersion="1.34.10-aliyun.1",
        QueryUpgradableVersion=True,
        **asked,
    )
    assert row["upgradable_versions"] == ["1.35.7-aliyun.1"]
    assert row["runtimes"] == [{"name": "containerd", "version": "2.1.9"}]


@pytest.mark.parametrize("asked", ["1.34", "1.34.10", "1.34.10-aliyun.1"])
def test_a_short_version_stands_for_its_patch(ack: Ack, asked: str) -> None:
    cluster_id, _ = ack.ask_cluster(kubernetes_version=asked)
    assert ack.detail(cluster_id)["current_version"] == "1.34.10-aliyun.1"


def test_minors_end_when_acks_page_says(ack: Ack) -> None:
    rows = ack("DescribeKubernetesVersionMetadata", Region=REGION, ClusterType="ManagedKubernetes")
    ends = {row["version"].rpartition(".")[0][:4]: row["expiration_date"][:10] for row in rows}
    assert ends["1.36"] == "2027-05-30"
    assert ends["1.35"] == "2027-02-28"
    assert ends["1.34"] == "2026-09-30"


def test_the_catalogue_of_add_ons(ack: Ack) -> None:
    old = ack("DescribeAddons", region=REGION)
    assert old["StandardComponents"]["coredns"]["version"] == "v1.13.2.2"
    groups = {row["group_name"]: row["items"] for row in old["ComponentGroups"]}
    assert {"name": "kube-flannel-ds"} in groups["network"]
    rows = {row["name"]: row for row in ack("ListAddons", cluster_version="1.34.10")["addons"]}
    assert rows["ack-nvidia-device-plugin"]["install_by_default"] is True
    assert rows["kube-apiserver"]["version"] == "v1.34.10"
    one = ack("DescribeAddon", "coredns")
    assert one["newer_versions"][0]["version"] == "v1.13.2.3"
    assert ack.refusal("DescribeAddon", "nonsense") == ("AddonNotFound", 404)


def test_add_ons_are_installed_upgraded_and_removed(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    name = "ack-node-problem-detector"
    body = [{"name": name, "config": '{"a":1}'}]
    assert ack.refusal("GetClusterAddonInstance", cluster_id, name) == ("AddonNotFound", 404)
    task_id = ack("InstallClusterAddons", cluster_id, body=body)["task_id"]
    clock.advance(35)
    assert ack.task(task_id)["state"] == "success"
    addon = ack("GetClusterAddonInstance", cluster_id, name)
    assert (addon["state"], addon["config"]) == ("active", '{"a":1}')
    upgrade = [{"component_name": name, "next_version": "9.9.9"}]
    ack("UpgradeClusterAddons", cluster_id, body=upgrade)
    addon = ack("GetClusterAddonInstance", cluster_id, name)
    assert (addon["state"], addon["version"]) == ("upgrading", "1.2.20")
    clock.advance(35)
    assert ack("GetClusterAddonInstance", cluster_id, name)["version"] == "9.9.9"
    ack("ModifyClusterAddon", cluster_id, name, config='{"a":2}')
    clock.advance(35)
    assert ack("GetClusterAddonInstance", cluster_id, name)["config"] == '{"a":2}'
    tasks = ack("DescribeClusterTasks", cluster_id)["tasks"]
    (task,) = [row for row in tasks if row["task_type"] == "cluster_addon_modify"]
    assert task["state"] == "success"
    ack("UnInstallClusterAddons", cluster_id, addons=[{"name": name}])
    clock.advance(35)
    assert ack.refusal("GetClusterAddonInstance", cluster_id, name) == ("AddonNotFound", 404)


def test_a_managed_pool_needs_the_problem_detector(ack: Ack) -> None:
    cluster_id = ack.make_cluster(
        addons=[{"name": "flannel"}, {"name": "ack-node-problem-detector"}]
    )
    pool_id = ack.make_pool(cluster_id, nodes=0, extra={"management": {"enable": True}})
    assert ack.pool(cluster_id, pool_id)["management"]["enable"] is True


def test_default_add_ons_are_there_but_those_left_out(ack: Ack) -> None:
    left_out = {"name": "csi-plugin", "disabled": True}
    cluster_id = ack.make_cluster(addons=[{"name": "flannel"}, left_out])
    rows = ack("ListClusterAddonInstances", cluster_id)["addons"]
    names = {row["name"] for row in rows}
    assert {"kube-flannel-ds", "ack-nvidia-device-plugin"} <= names
    assert "csi-plugin" not in names
    assert {row["state"] for row in rows} == {"active"}


def test_permissions_read_back(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    row = {"cluster": cluster_id, "role_name": "dev", "role_type": "cluster"}
    ack("GrantPermissions", "2099", body=[row])
    (found,) = ack("DescribeUserPermission", "2099")
    assert (found["resource_id"], found["role_name"]) == (cluster_id, "dev")
    more = {"cluster": cluster_id, "namespace": "web", "role_name": "admin"}
    ack("UpdateUserPermissions", "2099", body=[more], mode="patch")
    ids = [found["resource_id"] for found in ack("DescribeUserPermission", "2099")]
    assert ids == [cluster_id, f"{cluster_id}/web"]
    ack("UpdateUserPermissions", "2099", body=[row], mode="delete")
    assert len(ack("DescribeUserPermission", "2099")) == 1
    assert ack("DescribeUserPermission", "nobody") == []


def test_versions_of_add_ons_in_the_older_form(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    found = ack("DescribeClusterAddonsVersion", cluster_id)
    assert found["coredns"]["can_upgrade"] is True


def test_the_older_operations_say_the_same_of_add_ons(ack: Ack, clock: ManualClock) -> None:
    cluster_id = ack.make_cluster()
    one = ack("DescribeClusterAddonInstance", cluster_id, "coredns")
    assert one.items() <= ack("GetClusterAddonInstance", cluster_id, "coredns").items()
    assert ack("DescribeClusterAddonMetadata", cluster_id, "coredns")["name"] == "coredns"
    refused = ack.refusal("DescribeClusterAddonMetadata", cluster_id, "nonsense")
    assert refused == ("AddonNotFound", 404)
    ack(
        "UpgradeClusterAddons",
        cluster_id,
        body=[{"component_name": "coredns", "next_version": "v2"}],
    )
    names = [row["name"] for row in ack("ListClusterAddonInstances", cluster_id)["addons"]]
    seen = ack("DescribeClusterAddonsUpgradeStatus", cluster_id, componentIds=names)
    assert set(seen) == set(names)
    assert seen["coredns"]["tasks"]["status"] == "Running"
    clock.advance(35)
    seen = ack("DescribeClusterAddonUpgradeStatus", cluster_id, "coredns")
    assert (seen["tasks"]["status"], seen["addon_info"]["version"]) == ("Success", "v2")


def test_the_state_of_named_add_ons_leaves_out_what_is_not_installed(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    asked = ["coredns", "ack-gpu-exporter"]
    seen = ack("DescribeClusterAddonsUpgradeStatus", cluster_id, componentIds=asked)
    assert set(seen) == {"coredns"}
