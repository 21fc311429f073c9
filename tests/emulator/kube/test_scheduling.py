"""The scheduler and the pods' courses."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, GPU_LIMIT, NODES, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import write_node

MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def phase(api: Api, name: str) -> str:
    return str(api.get(f"{PODS}/{name}")["status"]["phase"])


def waiting(api: Api, name: str) -> str:
    (row,) = api.get(f"{PODS}/{name}")["status"]["conditions"]
    assert (row["type"], row["status"], row["reason"]) == ("PodScheduled", "False", "Unschedulable")
    return str(row["message"])


def state_of(api: Api, name: str) -> Any:
    return api.get(f"{PODS}/{name}")["status"]["containerStatuses"][0]["state"]


def test_a_pod_waits_for_the_gpu_and_then_runs(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster, t_join=0.0, t_ready=0.0, t_gpu=90.0)
    api.create(PODS, pod("p", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(30)
    assert "1 Insufficient nvidia.com/gpu" in waiting(api, "p")
    clock.advance(60)
    assert state_of(api, "p") == {"waiting": {"reason": "ContainerCreating"}}
    clock.advance(20)
    assert phase(api, "p") == "Running"


def test_each_device_is_given_once_and_again_when_it_is_free(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(PODS, pod("first", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(20)
    api.create(PODS, pod("second", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(20)
    assert phase(api, "first") == "Running"
    assert waiting(api, "second") == (
        "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. preemption: 0/1 nodes are"
        " available: 1 No preemption victims found for incoming pod."
    )
    api("DELETE", f"{PODS}/first", {"gracePeriodSeconds": 0})
    clock.advance(20)
    assert phase(api, "second") == "Running"


def test_every_reason_is_counted(emulator: Emulator, cluster: str, api: Api) -> None:
    write_node(emulator, cluster, 0)
    write_node(emulator, cluster, 1, taints=[{"key": "a", "value": "b", "effect": "NoSchedule"}])
    write_node(emulator, cluster, 2, labels={"zone": "other"})
    cordoned = write_node(emulator, cluster, 3)
    change = {"spec": {"unschedulable": True}}
    api("PATCH", f"{NODES}/{cordoned}", change, content_type=MERGE)
    wanted = {"node.kubernetes.io/instance-type": "ecs.vgn5i-m2.xlarge"}
    api.create(PODS, pod("p", limits={"nvidia.com/gpu": "2"}, nodeSelector=wanted))
    assert waiting(api, "p") == (
        "0/4 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node"
        " affinity/selector, 1 node(s) had untolerated taint {a: b}, 1 node(s) were unschedulable."
        " preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling."
    )


def test_without_nodes_the_scheduler_says_so(api: Api) -> None:
    api.create(PODS, pod("p"))
    assert waiting(api, "p") == "no nodes available to schedule pods"


def test_a_toleration_lets_a_pod_onto_a_tainted_node(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster, taints=[{"key": "a", "value": "b", "effect": "NoSchedule"}])
    tolerations = [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}]
    api.create(PODS, pod("p", "sleep", "9999", tolerations=tolerations))
    clock.advance(20)
    assert phase(api, "p") == "Running"


def test_a_binding_stays_when_its_node_is_cordoned(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity"))
    clock.advance(20)
    change = {"spec": {"unschedulable": True}, "metadata": {"labels": {"a": "b"}}}
    api("PATCH", f"{NODES}/{name}", change, content_type=MERGE)
    assert api.get(f"{PODS}/p")["spec"]["nodeName"] == name
    assert phase(api, "p") == "Running"


def test_a_pod_waits_until_its_node_is_uncordoned_and_not_longer(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster)
    path = f"{NODES}/{name}"
    api("PATCH", path, {"spec": {"unschedulable": True}}, content_type=MERGE)
    api.create(PODS, pod("p", "sleep", "infinity"))
    clock.advance(500)
    assert "unschedulable" in waiting(api, "p")
    api("PATCH", path, {"spec": {"unschedulable": None}}, content_type=MERGE)
    assert state_of(api, "p") == {"waiting": {"reason": "ContainerCreating"}}


def test_an_image_that_cannot_be_pulled_is_no_broken_gpu(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    emulator.backend.settings["faults"] = [{"kind": "image_pull_backoff", "image": "nvidia/*"}]
    api.create(PODS, pod("p", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(8)
    assert state_of(api, "p")["waiting"]["reason"] == "ErrImagePull"
    clock.advance(20)
    state = state_of(api, "p")["waiting"]
    assert state["reason"] == "ImagePullBackOff"
    assert "nvidia/cuda:11.4.3" in state["message"]
    assert phase(api, "p") == "Pending"


def test_a_process_that_ends_is_started_again_with_growing_pauses(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(PODS, pod("p", "sh", "-c", "sleep 5; exit 1"))
    clock.advance(7 + 5 + 1)
    row = api.get(f"{PODS}/p")["status"]["containerStatuses"][0]
    assert row["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    clock.advance(10)
    row = api.get(f"{PODS}/p")["status"]["containerStatuses"][0]
    assert (row["restartCount"], "running" in row["state"]) == (1, True)
    clock.advance(3600)
    row = api.get(f"{PODS}/p")["status"]["containerStatuses"][0]
    assert row["restartCount"] in range(13, 18)


def test_a_pod_that_is_not_restarted_succeeds_or_fails(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(PODS, pod("good", "true", restartPolicy="Never"))
    api.create(PODS, pod("bad", "sh", "-c", "exit 4", restartPolicy="Never"))
    clock.advance(20)
    assert (phase(api, "good"), phase(api, "bad")) == ("Succeeded", "Failed")
    assert state_of(api, "bad")["terminated"]["exitCode"] == 4


def test_pods_of_a_lost_node_are_replaced_elsewhere(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    for index in range(2):
        write_node(emulator, cluster, index)
    api.create(DEPLOYMENTS, deployment(limits=GPU_LIMIT))
    clock.advance(20)
    api("PATCH", f"{DEPLOYMENTS}/d", {"metadata": {"labels": {"x": "y"}}}, content_type=MERGE)
    (before,) = api.get(PODS)["items"]
    with emulator.backend.transaction(write=True) as session:
        for doc in session.find("node", scope=cluster, name=before["spec"]["nodeName"]):
            doc.deleted_at = 30.0
            session.put(doc)
    clock.advance(60)
    (after,) = api.get(PODS)["items"]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["nodeName"] != before["spec"]["nodeName"]
    assert after["status"]["phase"] == "Running"


def test_events_tell_a_pods_story(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity"))
    clock.advance(20)
    rows = api.get("/api/v1/namespaces/default/events", fieldSelector="involvedObject.name=p")
    reasons = {row["reason"] for row in rows["items"]}
    assert reasons == {"Scheduled", "Pulling", "Pulled", "Created", "Started"}


def test_a_deployment_reports_how_far_it_is(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    for index in range(2):
        write_node(emulator, cluster, index)
    api.create(DEPLOYMENTS, deployment(replicas=3, limits=GPU_LIMIT))
    clock.advance(30)
    status = api.get(f"{DEPLOYMENTS}/d")["status"]
    assert (status["replicas"], status["readyReplicas"], status["unavailableReplicas"]) == (3, 2, 1)
    conditions = {row["type"]: row["status"] for row in status["conditions"]}
    assert conditions == {"Available": "False", "Progressing": "True"}


def test_a_job_completes_and_a_failing_one_stops_at_its_limit(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    for name, command in (("good", "exit 0"), ("bad", "exit 1")):
        spec = pod("", "sh", "-c", command, restartPolicy="Never")["spec"]
        job = {
            "metadata": {"name": name},
            "spec": {"template": {"spec": spec}, "backoffLimit": 2, "completions": 2},
        }
        api.create("/apis/batch/v1/namespaces/default/jobs", job)
    clock.advance(300)
    jobs = {j["metadata"]["name"]: j for j in api.get("/apis/batch/v1/jobs")["items"]}
    assert jobs["good"]["status"]["succeeded"] == 2
    assert jobs["good"]["status"]["conditions"][-1]["type"] == "Complete"
    assert jobs["bad"]["status"]["failed"] == 3
    assert jobs["bad"]["status"]["conditions"][-1]["type"] == "Failed"
    api("PATCH", "/apis/batch/v1/namespaces/default/jobs/bad", {"metadata": {"labels": {"a": "b"}}},
        content_type=MERGE)  # fmt: skip
    again = api.get("/apis/batch/v1/namespaces/default/jobs/bad")
    assert again["status"]["failed"] == 3
