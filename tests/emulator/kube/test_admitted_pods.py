"""What admission adds to pods, what it counts beside pods, and what controllers say of it."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import write_node
from tests.emulator.kube.conftest import Kubectl
from tests.emulator.kube.test_pod_admission import MERGE, QUOTAS, RANGES

MAPS = "/api/v1/namespaces/default/configmaps"
CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
EVENTS = "/api/v1/namespaces/default/events"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def priority_class(name: str, value: int, **more: Any) -> dict[str, Any]:
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    return {**kind, "metadata": {"name": name}, "value": value, **more}


def test_a_pod_gets_its_account_with_a_token_and_tolerations(api: Api) -> None:
    spec = api.create(PODS, pod("p"))["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    [mount] = spec["containers"][0]["volumeMounts"]
    assert (mount["mountPath"], mount["readOnly"]) == (TOKEN, True)
    [volume] = spec["volumes"]
    assert volume["name"] == mount["name"]
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3607
    assert [row["key"] for row in spec["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    assert {row["tolerationSeconds"] for row in spec["tolerations"]} == {300}
    told = {key: spec[key] for key in ("priority", "preemptionPolicy", "enableServiceLinks")}
    assert told == {
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
        "enableServiceLinks": True,
    }


def test_a_pod_may_do_without_the_token_and_tolerate_everything(api: Api) -> None:
    given = pod("p", automountServiceAccountToken=False, tolerations=[{"operator": "Exists"}])
    spec = api.create(PODS, given)["spec"]
    assert "volumes" not in spec
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_a_template_stays_as_it_was_written(api: Api) -> None:
    made = api.create(DEPLOYMENTS, deployment())
    template = made["spec"]["template"]
    assert "serviceAccountName" not in template["spec"]
    assert "creationTimestamp" not in template["metadata"]


def test_an_account_that_is_not_there_is_refused(api: Api) -> None:
    answer = api("POST", PODS, pod("p", serviceAccountName="none"))
    assert answer.status == 403
    assert answer.body["message"] == (
        'pods "p" is forbidden: error looking up service account default/none: serviceaccount'
        ' "none" not found'
    )


def test_priority_comes_from_its_class(api: Api) -> None:
    names = [row["metadata"]["name"] for row in api.get(CLASSES)["items"]]
    assert names == ["system-cluster-critical", "system-node-critical"]
    api.create(CLASSES, priority_class("batch", 5, preemptionPolicy="Never"))
    spec = api.create(PODS, pod("p", priorityClassName="batch"))["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (5, "Never")
    api.create(CLASSES, priority_class("usual", 7, globalDefault=True))
    assert api.create(PODS, pod("q"))["spec"]["priorityClassName"] == "usual"
    refused = api("POST", PODS, pod("r", priorityClassName="none"))
    assert refused.body["message"] == (
        'pods "r" is forbidden: no PriorityClass with name none was found'
    )


def test_a_range_gives_containers_their_limits(api: Api) -> None:
    item = {"type": "Container", "default": {"cpu": "2"}, "defaultRequest": {"memory": "1Gi"}}
    api.create(RANGES, {"metadata": {"name": "r"}, "spec": {"limits": [item]}})
    made = api.create(PODS, pod("p"))
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "2"},
        "requests": {"cpu": "2", "memory": "1Gi"},
    }
    note = made["metadata"]["annotations"]["kubernetes.io/limit-ranger"]
    assert note == (
        "LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c"
    )


def test_a_range_bounds_whole_pods(api: Api) -> None:
    item = {"type": "Pod", "max": {"cpu": "1"}}
    api.create(RANGES, {"metadata": {"name": "r"}, "spec": {"limits": [item]}})
    refused = api("POST", PODS, pod("p", limits={"cpu": "3"}))
    assert refused.body["message"] == (
        'pods "p" is forbidden: maximum cpu usage per Pod is 1, but limit is 3'
    )


@pytest.mark.parametrize("name", ["configmaps", "count/configmaps"])
def test_a_quota_counts_other_objects_too(api: Api, name: str) -> None:
    api.create(QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": {name: "2"}}})
    api.create(MAPS, {"metadata": {"name": "one"}})
    refused = api("POST", MAPS, {"metadata": {"name": "two"}})
    figures = f"requested: {name}=1, used: {name}=2, limited: {name}=2"
    assert refused.status == 403
    assert refused.body["message"] == (
        f'configmaps "two" is forbidden: exceeded quota: q, {figures}'
    )
    assert api.get(f"{QUOTAS}/q")["status"]["used"] == {name: "2"}


def test_a_quota_counts_deployments_by_their_group(api: Api) -> None:
    api.create(
        QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": {"count/deployments.apps": "1"}}}
    )
    api.create(DEPLOYMENTS, deployment("one"))
    refused = api("POST", DEPLOYMENTS, deployment("two"))
    assert refused.body["message"].startswith('deployments.apps "two" is forbidden: exceeded quota')


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"hostNetwork": True, "hostPID": True},
            "host namespaces (hostNetwork=true, hostPID=true)",
        ),
        (
            {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
            'hostPath volumes (volume "v")',
        ),
    ],
)
def test_pod_security_baseline(api: Api, spec: dict[str, Any], why: str) -> None:
    label = {"pod-security.kubernetes.io/enforce": "baseline"}
    api.create("/api/v1/namespaces", {"metadata": {"name": "n", "labels": label}})
    refused = api("POST", "/api/v1/namespaces/n/pods", pod("p", **spec))
    assert refused.body["message"] == (
        f'pods "p" is forbidden: violates PodSecurity "baseline:latest": {why}'
    )


def test_pod_security_warns_where_it_does_not_enforce(api: Api) -> None:
    label = {"pod-security.kubernetes.io/warn": "restricted"}
    api.create("/api/v1/namespaces", {"metadata": {"name": "n", "labels": label}})
    answer = api("POST", "/apis/apps/v1/namespaces/n/deployments", deployment())
    assert answer.status == 201
    assert 'would violate PodSecurity \\"restricted:latest\\": allow' in answer.headers["warning"]


def test_deployments_say_what_they_scaled(api: Api, clock: ManualClock) -> None:
    api.create(DEPLOYMENTS, deployment("d", 2))
    clock.advance(60)
    api("PATCH", f"{DEPLOYMENTS}/d", {"spec": {"replicas": 1}}, content_type=MERGE)
    rows = [
        row for row in api.get(EVENTS)["items"] if row["involvedObject"]["kind"] == "Deployment"
    ]
    rows.sort(key=lambda row: str(row["lastTimestamp"]))
    [name] = {row["message"].split()[4] for row in rows}
    assert [(row["reason"], row["message"]) for row in rows] == [
        ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 2"),
        ("ScalingReplicaSet", f"Scaled down replica set {name} from 2 to 1"),
    ]
    reasons = [
        row["reason"] for row in api.get(EVENTS)["items"] if row["involvedObject"]["name"] == name
    ]
    assert sorted(reasons) == ["SuccessfulCreate", "SuccessfulCreate", "SuccessfulDelete"]


def test_a_dry_run_shows_an_object_that_nothing_has_acted_on(api: Api) -> None:
    made = api("POST", DEPLOYMENTS, deployment(), dryRun="All").body
    assert made["status"] == {}
    assert "resourceVersion" not in made["metadata"]
    assert "annotations" not in made["metadata"]
    assert api("POST", PODS, pod("p"), dryRun="All").body["status"]["phase"] == "Pending"
    stored = api.create(DEPLOYMENTS, deployment())
    more = {"spec": {"replicas": 3}}
    shown = api("PATCH", f"{DEPLOYMENTS}/d", more, content_type=MERGE, dryRun="All").body
    assert shown["spec"]["replicas"] == 3
    assert shown["status"] == stored["status"]
    assert shown["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
    assert api.get(f"{DEPLOYMENTS}/d")["spec"]["replicas"] == 1


def test_a_dry_run_may_be_asked_for_in_the_body_of_a_deletion(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    api.create(PODS, pod("p"))
    options = {"dryRun": ["All"]}
    assert api("DELETE", f"{DEPLOYMENTS}/d", options).status == 200
    assert api("GET", f"{DEPLOYMENTS}/d").status == 200
    eviction = {"metadata": {"name": "p"}, "deleteOptions": options}
    assert api("POST", f"{PODS}/p/eviction", eviction).status == 201
    assert "deletionTimestamp" not in api.get(f"{PODS}/p")["metadata"]


def test_values_that_say_nothing_are_left_out(api: Api) -> None:
    made = api.create(PODS, pod("p", hostNetwork=False, nodeSelector={}))
    assert "hostNetwork" not in made["spec"]
    assert "nodeSelector" not in made["spec"]


def test_a_new_service_of_a_node_port_gets_one_through_protobuf_too(kubectl: Kubectl) -> None:
    kubectl("create", "service", "nodeport", "np", "--tcp=80:80")
    [port] = kubectl.json("get", "service", "np")["spec"]["ports"]
    assert 30000 <= port["nodePort"] < 32768
    kubectl("create", "deployment", "web", "--image=nginx:1.27")
    shown = kubectl("get", "deployment", "web", "-o", "yaml")
    assert "false" not in shown
    assert "minReadySeconds" not in shown


def test_what_a_controller_makes_again_may_be_deleted(kubectl: Kubectl) -> None:
    kubectl("delete", "configmap", "--all")
    assert "kube-root-ca.crt" in kubectl("get", "configmaps")


@pytest.mark.long
def test_kubectl_shows_events_and_mounts(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=nginx:1.27")
    assert "ScalingReplicaSet" in kubectl("describe", "deployment", "web")
    kubectl("set", "image", "deployment/web", "nginx=nginx:1.28")
    told = kubectl("events", "--for", "deployment/web")
    assert told.count("Scaled up replica set") == 2
    assert told.count("Scaled down replica set") == 1
    kubectl("create", "job", "j", "--image=busybox:1.36", "--", "true")
    kubectl("wait", "--for=condition=complete", "job/j", "--timeout=50s")
    assert "Job completed" in kubectl("describe", "job", "j")
    shown = kubectl("describe", "pod", "-l", "app=web")
    assert f"{TOKEN} from kube-api-access-" in shown
    assert "node.kubernetes.io/unreachable:NoExecute op=Exists for 300s" in shown
