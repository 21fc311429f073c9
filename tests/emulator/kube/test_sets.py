"""StatefulSets, DaemonSets, init containers and containers put beside others, through the API."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, NODES, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import write_cluster, write_node

SETS = DEPLOYMENTS.replace("deployments", "statefulsets")
DAEMONS = DEPLOYMENTS.replace("deployments", "daemonsets")
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def workload(kind: str, **spec: Any) -> dict[str, Any]:
    made = deployment("d", **spec)
    if kind == "DaemonSet":
        del made["spec"]["replicas"]
    return {**made, "kind": kind}


def names(api: Api) -> list[str]:
    return [row["metadata"]["name"] for row in api.get(PODS)["items"]]


def test_a_pod_of_a_stateful_set_keeps_its_name(api: Api, clock: ManualClock) -> None:
    api.create(SETS, workload("StatefulSet", replicas=2))
    clock.advance(60)
    before = api.get(f"{PODS}/d-0")["metadata"]["uid"]
    assert api("DELETE", f"{PODS}/d-0").status == 200
    clock.advance(60)
    assert names(api) == ["d-0", "d-1"]
    assert api.get(f"{PODS}/d-0")["metadata"]["uid"] != before
    status = api.get(f"{SETS}/d")["status"]
    assert (status["readyReplicas"], status["updatedReplicas"]) == (2, 2)


def test_a_new_template_makes_the_pods_anew_and_a_smaller_set_loses_the_last(
    api: Api, clock: ManualClock
) -> None:
    api.create(SETS, workload("StatefulSet", replicas=3))
    clock.advance(60)
    change = {"spec": {"replicas": 1, "template": {"metadata": {"annotations": {"a": "b"}}}}}
    api("PATCH", f"{SETS}/d", change, content_type=MERGE)
    clock.advance(60)
    assert names(api) == ["d-0"]
    assert api.get(f"{PODS}/d-0")["metadata"]["annotations"] == {"a": "b"}


def test_a_daemon_set_has_a_pod_on_each_node_that_it_may_run_on(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    api.create(DAEMONS, workload("DaemonSet"))
    write_node(emulator, cluster, 1)
    clock.advance(60)
    second = api.get(NODES)["items"][1]["metadata"]["name"]
    assert api.get(f"{DAEMONS}/d")["status"]["desiredNumberScheduled"] == 2
    api("PATCH", f"{NODES}/{second}", {"spec": {"unschedulable": True}}, content_type=MERGE)
    clock.advance(60)
    assert {row["spec"]["nodeName"] for row in api.get(PODS)["items"]} == {
        row["metadata"]["name"] for row in api.get(NODES)["items"]
    }
    taint = {"spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]}}
    api("PATCH", f"{NODES}/{second}", taint, content_type=MERGE)
    clock.advance(60)
    assert len(names(api)) == 1


def test_init_containers_end_before_the_others_begin(api: Api, clock: ManualClock) -> None:
    made = pod("p", "sleep", "infinity")
    made["spec"]["initContainers"] = [
        {"name": "first", "image": "busybox", "command": ["echo", "ready"]},
        {"name": "sidecar", "image": "busybox", "command": ["sleep", "infinity"],
         "restartPolicy": "Always"},
    ]  # fmt: skip
    api.create(PODS, made)
    assert "waiting" in api.get(f"{PODS}/p")["status"]["initContainerStatuses"][0]["state"]
    clock.advance(60)
    first, sidecar = api.get(f"{PODS}/p")["status"]["initContainerStatuses"]
    assert (first["state"]["terminated"]["reason"], first["ready"]) == ("Completed", True)
    assert "running" in sidecar["state"]
    assert api("GET", f"{PODS}/p/log", container="first").raw == b"ready\n"


def test_a_container_is_put_beside_those_that_run(api: Api, clock: ManualClock) -> None:
    api.create(PODS, pod("p", "sleep", "infinity"))
    clock.advance(60)
    beside = {"name": "look", "image": "busybox", "command": ["sleep", "infinity"]}
    change = {"spec": {"ephemeralContainers": [beside]}}
    api("PATCH", f"{PODS}/p", change, content_type=MERGE)
    assert "ephemeralContainers" not in api.get(f"{PODS}/p")["spec"]
    api("PATCH", f"{PODS}/p/ephemeralcontainers", change, content_type=MERGE)
    clock.advance(5)
    status = api.get(f"{PODS}/p")["status"]["ephemeralContainerStatuses"][0]
    assert (status["name"], "running" in status["state"]) == ("look", True)


def test_a_custom_kind_is_scaled_where_its_definition_says(api: Api) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": schema}, "subresources": {"scale": paths}}  # fmt: skip
    names = {"plural": "widgets", "kind": "Widget"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    api.create(definitions, {"metadata": {"name": "widgets.example.com"}, "spec": spec})
    widgets = "/apis/example.com/v1/namespaces/default/widgets"
    api.create(widgets, {"metadata": {"name": "w"}, "spec": {"size": 2}})
    assert api.get(f"{widgets}/w/scale")["spec"] == {"replicas": 2}
    api("PATCH", f"{widgets}/w/scale", {"spec": {"replicas": 5}}, content_type=MERGE)
    assert api.get(f"{widgets}/w")["spec"] == {"size": 5}


def test_the_api_server_has_its_endpoint_slice(emulator: Emulator) -> None:
    url = {"intranet": {"url": "https://192.168.0.2:6443"}}
    api = Api(emulator, write_cluster(emulator, endpoints=url))
    (row,) = api.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")["items"]
    assert row["metadata"]["name"] == "kubernetes"
    assert row["endpoints"][0]["addresses"] == ["192.168.0.2"]
