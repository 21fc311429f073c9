"""What is no resource: discovery, explain, health, metrics, and the forms of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.kube.columns import columns_of
from ackgpu.emulator.kube.resources import ALL, READ, RESOURCES
from ackgpu.emulator.kube.schema import message_of, reached
from tests.emulator.kube.api import DEPLOYMENTS, NODES, PODS, TABLE, Api, deployment
from tests.emulator.kube.clusters import write_node
from tests.emulator.kube.conftest import Kubectl


@pytest.fixture
def api(emulator: Emulator, cluster: str, clock: ManualClock) -> Api:
    write_node(emulator, cluster)
    clock.advance(120)
    return Api(emulator, cluster)


def test_every_kind_has_its_types_and_its_columns() -> None:
    for resource in RESOURCES:
        message = message_of(resource.api_version, resource.kind)
        assert message is not None, resource
        assert len(reached([message])) > 1, resource
        assert [column[0] for column in columns_of(resource)], resource


@pytest.mark.long
def test_every_kind_is_listed_and_explained(api: Api) -> None:
    for resource in RESOURCES:
        root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
        if "list" in resource.verbs:
            assert api.get(f"{root}/{resource.plural}")["kind"] == f"{resource.kind}List"
            assert api("GET", f"{root}/{resource.plural}", accept=TABLE).body["kind"] == "Table"
        schemas = api.get(f"/openapi/v3{root}")["components"]["schemas"].values()
        wanted = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        marked = [s for s in schemas if wanted in s.get("x-kubernetes-group-version-kind", [])]
        assert len(marked) == 1, resource
        assert {"apiVersion", "kind"} <= set(marked[0]["properties"]), resource


def test_the_page_lists_every_kind_with_what_can_be_done() -> None:
    page = (Path(__file__).parents[3] / "docs" / "emulator-kubernetes.md").read_text("utf-8")
    for resource in RESOURCES:
        can = {tuple(sorted(READ)): "read", tuple(sorted(ALL)): "all"}.get(
            resource.verbs, ", ".join(resource.verbs)
        )
        below = ", ".join(resource.subresources)
        row = f"| `{resource.api_version}` | {resource.kind} | {can} | {below} |"
        assert row in page, f"{row} is not on the page"


def test_schemas_lead_to_schemas_only(api: Api) -> None:
    text = json.dumps(api.get("/openapi/v3/apis/apps/v1"))
    names = set(json.loads(text)["components"]["schemas"])
    referred = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= names


@pytest.mark.long
def test_kubectl_explains_fields_with_their_types(kubectl: Kubectl) -> None:
    assert "FIELD: replicas <integer>" in kubectl("explain", "deployment.spec.replicas")
    containers = kubectl("explain", "pod.spec.containers")
    assert "resources\t<ResourceRequirements>" in containers
    assert "name\t<string> -required-" in containers
    assert "nodeSelectorTerms\t<[]NodeSelectorTerm> -required-" in kubectl(
        "explain", "deploy", "--recursive"
    )
    refused = kubectl.run("explain", "pod.spec.nonsense")
    assert 'field "nonsense" does not exist' in refused.stderr


def test_health_is_told_in_one_word_or_check_by_check(api: Api) -> None:
    assert api("GET", "/livez").raw == b"ok"
    lines = api("GET", "/livez", verbose="").raw.decode().splitlines()
    assert lines[0] == "[+]ping ok"
    assert lines[-1] == "livez check passed"
    assert "[+]shutdown ok" in api("GET", "/readyz", verbose="").raw.decode()
    left_out = api("GET", "/readyz", verbose="", exclude="etcd").raw.decode()
    assert "[+]etcd excluded: ok" in left_out
    assert api("GET", "/livez/etcd").raw == b"ok"
    assert api("GET", "/livez/nothing").status == 404


def test_metrics_count_what_is_stored(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment("web", 2))
    answer = api("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'apiserver_storage_objects{resource="deployments.apps"} 3' in answer.raw.decode()


def test_answers_come_in_yaml_where_a_client_wants_that(api: Api) -> None:
    answer = api("GET", NODES, accept="application/yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert YAML(typ="safe").load(answer.raw) == api.get(NODES)
    refused = api("GET", f"{PODS}/none", accept="application/yaml")
    assert refused.status == 404
    assert YAML(typ="safe").load(refused.raw)["reason"] == "NotFound"


def test_a_client_that_takes_protobuf_alone_is_refused(api: Api) -> None:
    answer = api("GET", NODES, accept="application/vnd.kubernetes.protobuf")
    assert (answer.status, answer.body["reason"]) == (406, "NotAcceptable")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"labelSelector": "a===b"},
            "unable to parse requirement: found '=', expected: identifier",
        ),
        (
            {"labelSelector": "a in b"},
            "unable to parse requirement: found 'b', expected: '('",
        ),
        (
            {"labelSelector": ",a"},
            "unable to parse requirement: found ',', expected: !, identifier, or 'end of string'",
        ),
        ({"fieldSelector": "spec.wrong=1"}, "field label not supported: spec.wrong"),
        (
            {"fieldSelector": "spec"},
            "invalid selector: 'spec'; can't understand 'spec'",
        ),
        (
            {"resourceVersion": "a"},
            'resourceVersion: Invalid value: "a": strconv.ParseUint: parsing "a": invalid syntax',
        ),
    ],
)
def test_lists_that_cannot_be_understood_are_refused(
    api: Api, query: dict[str, str], message: str
) -> None:
    answer = api("GET", PODS, **query)
    assert (answer.status, answer.body["message"]) == (400, message)


def test_a_selector_with_a_bad_key_or_value_says_what_is_wrong(api: Api) -> None:
    answer = api("GET", PODS, labelSelector="bad_key!=x y")
    assert answer.status == 400
    answer = api("GET", PODS, labelSelector="app=-x")
    assert 'values[0][app]: Invalid value: "-x": a valid label must be' in answer.body["message"]


def test_a_version_that_is_not_reached_yet_times_out(api: Api) -> None:
    answer = api("GET", PODS, resourceVersion="99999999999999999")
    assert (answer.status, answer.body["reason"]) == (504, "Timeout")
    assert "Too large resource version: 99999999999999999, current: " in answer.body["message"]
    causes: list[Any] = answer.body["details"]["causes"]
    assert causes[0]["reason"] == "ResourceVersionTooLarge"


def test_labels_that_are_none_are_refused(api: Api) -> None:
    body = deployment("web")
    body["metadata"]["labels"] = {"bad_key!": "x", "app": "a b"}
    answer = api("POST", DEPLOYMENTS, body)
    assert answer.status == 422
    fields_of = [row["field"] for row in answer.body["details"]["causes"]]
    assert fields_of == ["metadata.labels", "metadata.labels"]
    assert (
        'metadata.labels: Invalid value: "bad_key!": name part must consist'
        in (answer.body["message"])
    )
    assert 'Invalid value: "a b": a valid label must be an empty string' in answer.body["message"]
