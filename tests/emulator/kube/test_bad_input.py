"""Whatever a client sends, the answer is a Status that says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, NODES, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import put_node, write_cluster, write_node

MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def test_unknown_fields_are_refused_told_or_dropped(api: Api) -> None:
    obj = deployment()
    obj["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    strict = api("POST", DEPLOYMENTS, obj, fieldValidation="Strict")
    assert strict.status == 400
    assert strict.body["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error:'
        ' unknown field "spec.template.spec.containers[0].imagee"'
    )
    told = api("POST", DEPLOYMENTS, obj)
    assert told.status == 201
    assert "unknown field" in told.headers["warning"]
    assert "imagee" not in told.body["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), "three"),
        (("spec", "template", "spec", "containers"), "none"),
        (("metadata", "labels"), ["a"]),
        (("metadata", "labels"), {"a": 1}),
        (("spec", "template"), []),
        (("metadata",), 7),
    ],
)
def test_values_of_the_wrong_type_are_refused(api: Api, path: tuple[str, ...], value: Any) -> None:
    obj = deployment()
    at = obj
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    answer = api("POST", DEPLOYMENTS, obj)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    assert "cannot unmarshal" in answer.body["message"]
    assert answer.body["message"].startswith('Deployment in version "v1" cannot be handled as')


@pytest.fixture(scope="module")
def shared() -> Iterator[Api]:
    """One cluster with a node, for many requests."""
    with Emulator(clock=ManualClock(), seed=7) as emulator:
        cluster = write_cluster(emulator)
        write_node(emulator, cluster)
        yield Api(emulator, cluster)


VALUES: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from([
                "metadata", "spec", "name", "labels", "containers", "image", "replicas", "template",
                "selector", "matchLabels", "resources", "limits", "taints", "key", "data", "op",
                "path", "value", "finalizers", "ownerReferences", "kind", "apiVersion", "status",
                "nodeSelector", "tolerations", "namespace", "generateName", "managedFields",
                "nvidia.com/gpu", "unschedulable", "command", "env",
            ]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=10,
)  # fmt: skip
PLACES = st.sampled_from([
    PODS, DEPLOYMENTS, f"{DEPLOYMENTS}/d", f"{DEPLOYMENTS}/d/scale", f"{PODS}/p",
    f"{NODES}/cn-hangzhou.192.168.0.0", "/api/v1/namespaces", "/api/v1/namespaces/default/services",
    "/apis/batch/v1/namespaces/default/jobs", "/api/v1/namespaces/default/serviceaccounts",
    "/api/v1/namespaces/default/serviceaccounts/default/token", f"{PODS}/p/eviction",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", f"{PODS}/p/exec", f"{PODS}/p/log",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "/api/v1/%2e%2e/x", "/version",
])  # fmt: skip
TYPES = st.sampled_from([
    "application/json", "application/yaml", MERGE, "application/json-patch+json",
    "application/strategic-merge-patch+json", "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf", "text/plain",
])  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from([
        "limit", "continue", "labelSelector", "fieldSelector", "dryRun", "fieldManager", "force",
        "propagationPolicy", "gracePeriodSeconds", "tailLines", "resourceVersion", "container",
    ]),
    st.one_of(st.text("abc=,!()10-", max_size=5), st.sampled_from(["All", "true", "1", "x"])),
    max_size=2,
)  # fmt: skip


@pytest.mark.long
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path=PLACES,
    body=VALUES,
    content_type=TYPES,
    query=QUERIES,
)
def test_no_request_breaks_the_server(  # noqa: PLR0913, PLR0917 -- what a request is made of
    shared: Api, method: str, path: str, body: Any, content_type: str, query: dict[str, str]
) -> None:
    data = None if body is None else json.dumps(body).encode()
    answer = shared(method, path, data, content_type=content_type, **query)
    assert answer.status < 500, (answer.status, answer.raw)


def test_after_all_of_that_the_cluster_still_works(shared: Api) -> None:
    for path in (
        NODES,
        "/api/v1/pods",
        "/apis/apps/v1/deployments",
        "/api/v1/events",
        "/api/v1/services",
    ):
        shared.get(path)


def test_a_server_that_restarts_answers_again(emulator: Emulator, cluster: str, api: Api) -> None:
    emulator.backend.settings["faults"] = [{"kind": "kube_unavailable", "times": 2}]
    assert [api("GET", NODES).status for _ in range(3)] == [503, 503, 200]
    emulator.backend.settings["faults"] = [{"kind": "kube_reset"}]
    with pytest.raises(OSError):  # noqa: PT011 -- which one depends on the moment
        api("GET", NODES)
    assert api("GET", NODES).status == 200
    assert cluster


def test_a_forgotten_page_is_told_once(emulator: Emulator, cluster: str, api: Api) -> None:
    with emulator.backend.transaction(write=True) as session:
        for index in range(4):
            put_node(session, 0.0, cluster, index)
    emulator.backend.settings["faults"] = [{"kind": "continue_expired"}]
    token = api.get(NODES, limit=2)["metadata"]["continue"]
    assert api("GET", NODES, limit=2, **{"continue": token}).status == 410
    assert api("GET", NODES, limit=2, **{"continue": token}).status == 200


def test_the_pod_of_the_tests_is_accepted(api: Api) -> None:
    assert api.create(PODS, pod("p", "true"))["metadata"]["name"] == "p"
