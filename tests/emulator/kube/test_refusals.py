"""What the API server refuses, in its words: single fields, changes, patches of a wrong type."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, PODS, TABLE, Api, deployment, pod
from tests.emulator.kube.clusters import write_node

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
SERVICES = "/api/v1/namespaces/default/services"
SETS = "/apis/apps/v1/namespaces/default/replicasets"
CAUSE = "kubernetes.io/change-cause"
REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def causes(api: Api, path: str, body: dict[str, Any]) -> list[str]:
    answer = api("POST", path, body)
    assert answer.status == 422, answer.raw
    return [f"{row['field']}: {row['message']}" for row in answer.body["details"]["causes"]]


def service(*ports: dict[str, Any], kind: str = "ClusterIP") -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"type": kind, "ports": list(ports)}}


def changed_pod(**fields: Any) -> dict[str, Any]:
    body = pod()
    body["spec"]["containers"][0].update(fields)
    return body


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (PODS, pod(restartPolicy="Sometimes"), [
            ('spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always",'
            ' "Never", "OnFailure"'),
        ]),
        (PODS, changed_pod(ports=[{"containerPort": 99999}]), [
            ("spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1"
             " and 65535, inclusive"),
        ]),
        (PODS, changed_pod(volumeMounts=[{"name": "v", "mountPath": "/v"}]), [
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ]),
        (PODS, changed_pod(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}), [
            ('spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal'
            " to cpu limit of 1"),
        ]),
        (ROLES, {"metadata": {"name": "r"}, "rules": [{"resources": ["pods"]}]}, [
            "rules[0].verbs: Required value: verbs must contain at least one value",
        ]),
        (SERVICES, service({"port": 80}, {"port": 81, "targetPort": 99999}), [
            "spec.ports[0].name: Required value",
            "spec.ports[1].name: Required value",
            ("spec.ports[1].targetPort: Invalid value: 99999: must be between 1 and 65535,"
            " inclusive"),
        ]),
        (SERVICES, service({"port": 80, "nodePort": 99}, kind="NodePort"), [
            ("spec.ports[0].nodePort: Invalid value: 99: provided port is not in the valid range."
            " The range of valid ports is 30000-32767"),
        ]),
    ],
)  # fmt: skip
def test_a_field_out_of_its_rule(
    api: Api, path: str, body: dict[str, Any], said: list[str]
) -> None:
    assert causes(api, path, body) == said


def test_a_patch_that_leaves_a_wrong_type_is_quoted(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    wrong = {"spec": {"replicas": "x", "paused": None}}
    refused = api("PATCH", f"{DEPLOYMENTS}/d", wrong, content_type=STRATEGIC)
    shown = "map[spec:map[paused:<nil> replicas:x]]"
    why = f'patch: Invalid value: "{shown}": unrecognized type: int32'
    assert (refused.status, refused.body["message"]) == (422, f' "" is invalid: {why}')
    refused = api("PATCH", f"{DEPLOYMENTS}/d", {"spec": {"replicas": "x"}}, content_type=MERGE)
    assert refused.body["message"].endswith("DeploymentSpec.spec.replicas of type int32")


def test_a_selector_cannot_be_changed(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    change = {"spec": {"selector": {"matchLabels": {"app": "x"}}}}
    refused = api("PATCH", f"{DEPLOYMENTS}/d", change, content_type=MERGE)
    [_, second] = refused.body["details"]["causes"]
    assert second["field"] == "spec.selector"
    assert second["message"] == 'Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'


def test_a_rollback_is_a_new_revision_and_its_cause_is_kept(api: Api, clock: ManualClock) -> None:
    def template(image: str) -> dict[str, Any]:
        row = {"name": "c", "image": image}
        return {"spec": {"template": {"spec": {"containers": [row]}}}}

    def revisions() -> dict[str, str]:
        rows = [row["metadata"]["annotations"] for row in api.get(SETS)["items"]]
        return {row[REVISION]: row.get(CAUSE, "") for row in rows}

    api.create(DEPLOYMENTS, deployment())
    first = api.get(f"{DEPLOYMENTS}/d")["spec"]["template"]["spec"]["containers"][0]["image"]
    api("PATCH", f"{DEPLOYMENTS}/d", template("busybox"), content_type=STRATEGIC)
    api(
        "PATCH", f"{DEPLOYMENTS}/d", {"metadata": {"annotations": {CAUSE: "b"}}}, content_type=MERGE
    )
    assert revisions() == {"1": "", "2": "b"}
    clock.advance(60)
    api("PATCH", f"{DEPLOYMENTS}/d", template(first), content_type=STRATEGIC)
    assert revisions() == {"2": "b", "3": "b"}
    assert api.get(f"{DEPLOYMENTS}/d")["metadata"]["annotations"][REVISION] == "3"


def test_a_paused_deployment_keeps_its_pods(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    pause = {
        "spec": {"paused": True, "replicas": 2, "template": {"metadata": {"labels": {"b": "c"}}}}
    }
    api("PATCH", f"{DEPLOYMENTS}/d", pause, content_type=MERGE)
    [only] = api.get(SETS)["items"]
    assert only["spec"]["replicas"] == 2
    api("PATCH", f"{DEPLOYMENTS}/d", {"spec": {"paused": None}}, content_type=MERGE)
    assert len(api.get(SETS)["items"]) == 2


def test_a_scale_is_a_table_of_its_own(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    table = api("GET", f"{DEPLOYMENTS}/d/scale", accept=TABLE).body
    names = [row["name"] for row in table["columnDefinitions"]]
    assert names == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:3] == ["d", 1, 1]
