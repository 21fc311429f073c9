"""Nodes as a function of time, of the faults, and of what clients set."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import NODES, Api
from tests.emulator.kube.clusters import GPU, TYPE, write_node

MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def ready(node: dict[str, Any]) -> str:
    rows = {row["type"]: row["status"] for row in node["status"]["conditions"]}
    return str(rows["Ready"])


def test_a_node_joins_then_is_ready_then_shows_its_gpu(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster, t_join=40.0, t_ready=60.0, t_gpu=150.0)
    assert api.get(NODES)["items"] == []
    clock.advance(41)
    (node,) = api.get(NODES)["items"]
    assert ready(node) == "False"
    assert node["spec"]["taints"][0]["key"] == "node.kubernetes.io/not-ready"
    clock.advance(20)
    (node,) = api.get(NODES)["items"]
    assert ready(node) == "True"
    assert "taints" not in node["spec"]
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]
    assert "aliyun.accelerator/nvidia_mem" not in node["metadata"]["labels"]
    clock.advance(90)
    (node,) = api.get(NODES)["items"]
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "1"
    assert node["metadata"]["labels"]["aliyun.accelerator/nvidia_mem"] == "2048MiB"


def test_resource_versions_rise_with_what_time_brings(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster, t_join=0.0, t_ready=60.0, t_gpu=150.0)
    seen = []
    for seconds in (10, 60, 90):
        clock.advance(seconds)
        seen.append(int(api.get(f"{NODES}/{name}")["metadata"]["resourceVersion"]))
    assert seen == sorted(set(seen))


def test_a_removed_node_is_gone(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    with emulator.backend.transaction(write=True) as session:
        (doc,) = session.find("node", scope=cluster)
        doc.deleted_at = 30.0
        session.put(doc)
    assert len(api.get(NODES)["items"]) == 1
    clock.advance(31)
    assert api.get(NODES)["items"] == []


def test_memory_is_offered_where_the_gpu_is_shared(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    write_node(emulator, cluster, labels={"ack.node.gpu.schedule": "share"})
    (node,) = api.get(NODES)["items"]
    assert node["status"]["allocatable"]["aliyun.com/gpu-mem"] == "2"
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]


def test_the_device_plugin_selects_its_nodes_by_the_schedule_label(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    write_node(emulator, cluster)
    write_node(emulator, cluster, 1, labels={"ack.node.gpu.schedule": "disabled"})
    path = "/apis/apps/v1/namespaces/kube-system/daemonsets/ack-nvidia-device-plugin"
    plugin = api.get(path)
    affinity = plugin["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    wanted = {"key": "ack.node.gpu.schedule", "operator": "In", "values": ["default"]}
    assert term == {"matchExpressions": [wanted]}
    assert plugin["status"]["desiredNumberScheduled"] == 1
    offered = [n["status"]["allocatable"].get("nvidia.com/gpu") for n in api.get(NODES)["items"]]
    assert offered == ["1", None]


def test_a_nodes_gpu_comes_and_goes_with_its_plugin(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    name = write_node(emulator, cluster)
    seen = []
    for value in ("disabled", None, "default"):
        change = {"metadata": {"labels": {"ack.node.gpu.schedule": value}}}
        api("PATCH", f"{NODES}/{name}", change, content_type=MERGE)
        node = api.get(f"{NODES}/{name}")
        pods = api.get("/api/v1/namespaces/kube-system/pods")["items"]
        plugins = [p for p in pods if "device-plugin" in p["metadata"]["name"]]
        seen.append((node["status"]["allocatable"].get("nvidia.com/gpu"), len(plugins)))
        assert node["metadata"]["labels"]["aliyun.accelerator/nvidia_count"] == "1"
    assert seen == [(None, 0), (None, 0), ("1", 1)]


@pytest.mark.parametrize("instance_type", ["ecs.g7.xlarge", TYPE])
def test_a_node_whose_record_has_no_gpu_has_neither_labels_nor_devices(
    emulator: Emulator, cluster: str, api: Api, instance_type: str
) -> None:
    write_node(emulator, cluster, instance_type=instance_type, gpu=None, gpu_labels={})
    (node,) = api.get(NODES)["items"]
    assert "nvidia.com/gpu" not in node["status"]["capacity"]
    pods = api.get("/api/v1/pods", fieldSelector=f"spec.nodeName={node['metadata']['name']}")
    assert not [p for p in pods["items"] if "device-plugin" in p["metadata"]["name"]]


def test_a_failed_device_plugin_leaves_the_labels_and_takes_the_devices(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster, gpu=GPU | {"allocatable": 0, "plugin_down": True})
    clock.advance(10)
    (node,) = api.get(NODES)["items"]
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]
    assert node["metadata"]["labels"]["aliyun.accelerator/nvidia_count"] == "1"
    pods = api.get("/api/v1/namespaces/kube-system/pods")["items"]
    (plugin,) = [p for p in pods if "device-plugin" in p["metadata"]["name"]]
    reason = plugin["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
    assert reason == "CrashLoopBackOff"


def test_faults_reach_the_nodes_they_name(emulator: Emulator, cluster: str, api: Api) -> None:
    for index in range(3):
        write_node(emulator, cluster, index)
    emulator.backend.settings["faults"] = [
        {"kind": "gpu_allocatable", "value": 0, "node": 1},
        {"kind": "plugin_down", "node": "*.192.168.0.2"},
    ]
    offered = [n["status"]["allocatable"].get("nvidia.com/gpu") for n in api.get(NODES)["items"]]
    assert offered == ["1", "0", None]


def test_labels_that_a_client_set_stay_while_time_goes_on(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster, t_join=0.0, t_ready=0.0, t_gpu=90.0)
    change = {"metadata": {"labels": {"team": "a"}}, "spec": {"unschedulable": True}}
    answer = api("PATCH", f"{NODES}/{name}", change, content_type=MERGE)
    assert answer.status == 200
    clock.advance(100)
    node = api.get(f"{NODES}/{name}")
    assert node["metadata"]["labels"]["team"] == "a"
    assert node["metadata"]["labels"]["aliyun.accelerator/nvidia_mem"] == "2048MiB"
    assert node["spec"]["unschedulable"] is True
    assert node["spec"]["taints"][0]["key"] == "node.kubernetes.io/unschedulable"


def test_a_node_deleted_by_a_client_is_gone_from_the_api(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    name = write_node(emulator, cluster)
    assert api("DELETE", f"{NODES}/{name}").status == 200
    assert api.get(NODES)["items"] == []


def test_the_lease_of_a_node_is_renewed(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster)
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"
    first = api.get(path)["spec"]["renewTime"]
    clock.advance(60)
    assert api.get(path)["spec"]["renewTime"] > first


@pytest.mark.long
def test_five_thousand_nodes_are_listed_in_pages_without_reading_them_again(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    from tests.emulator.kube.clusters import put_node

    with emulator.backend.transaction(write=True) as session:
        for index in range(5000):
            put_node(session, 0.0, cluster, index)
    first = api.get(NODES, limit=500)
    with emulator.backend.transaction(write=True) as session:
        for doc in session.find("node", scope=cluster):
            session.remove("node", doc.id)
    names = {node["metadata"]["name"] for node in first["items"]}
    while token := first["metadata"].get("continue"):
        first = api.get(NODES, limit=500, **{"continue": token})
        names |= {node["metadata"]["name"] for node in first["items"]}
    assert len(names) == 5000
