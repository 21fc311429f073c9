"""CustomResourceDefinitions, and the objects of the kinds that they bring."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.kube.api import TABLE, Api
from tests.emulator.kube.conftest import Kubectl

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs"
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["cronSpec"],
            "properties": {
                "cronSpec": {"type": "string", "pattern": "^[0-9* ]+$"},
                "replicas": {"type": "integer", "minimum": 1, "default": 2},
                "mode": {"type": "string", "enum": ["fast", "slow"]},
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "crontabs.stable.example.com"},
    "spec": {
        "group": "stable.example.com",
        "scope": "Namespaced",
        "names": {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": SCHEMA},
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"},
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
            }
        ],
    },
}


def tab(name: str = "nightly", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "CronTab",
        "metadata": {"name": name},
        "spec": {"cronSpec": "0 2 * * *", **spec},
    }


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    found = Api(emulator, cluster)
    found.create(DEFINITIONS, DEFINITION)
    return found


def test_a_definition_is_established_and_its_kind_is_discovered(api: Api) -> None:
    made = api.get(f"{DEFINITIONS}/crontabs.stable.example.com")
    conditions = {row["type"]: row["status"] for row in made["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert made["status"]["acceptedNames"]["listKind"] == "CronTabList"
    rows = api.get("/apis/stable.example.com/v1")["resources"]
    assert [row["name"] for row in rows] == ["crontabs", "crontabs/status"]


def test_defaults_are_filled_in_and_unknown_fields_dropped(api: Api) -> None:
    made = api.create(TABS, tab(nonsense=1))
    assert made["spec"] == {"cronSpec": "0 2 * * *", "replicas": 2}
    refused = api("POST", TABS, tab("other", nonsense=1), fieldValidation="Strict")
    assert refused.status == 400
    assert 'unknown field "spec.nonsense"' in refused.body["message"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"replicas": 0},
            "Invalid value: 0: spec.replicas in body should be greater than or equal",
        ),
        ({"replicas": "two"}, 'spec.replicas in body must be of type integer: "string"'),
        ({"mode": "odd"}, 'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"'),
        ({"cronSpec": "daily"}, "spec.cronSpec in body should match '^[0-9* ]+$'"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(
    api: Api, spec: dict[str, Any], message: str
) -> None:
    answer = api("POST", TABS, tab(**spec))
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    assert answer.body["message"].startswith('CronTab.stable.example.com "nightly" is invalid: ')
    assert message in answer.body["message"]


def test_a_missing_field_is_named(api: Api) -> None:
    body = tab()
    del body["spec"]["cronSpec"]
    assert "spec.cronSpec: Required value" in api("POST", TABS, body).body["message"]


def test_status_is_written_through_its_subresource_alone(api: Api) -> None:
    made = api.create(TABS, {**tab(), "status": {"phase": "made up"}})
    assert "status" not in made
    told = {**made, "status": {"phase": "Ready"}}
    answer = api("PUT", f"{TABS}/nightly/status", told)
    assert answer.body["status"] == {"phase": "Ready"}
    assert api.get(f"{TABS}/nightly")["metadata"]["generation"] == 1


def test_its_table_has_the_columns_of_the_definition(api: Api) -> None:
    api.create(TABS, tab())
    shown = api("GET", TABS, accept=TABLE).body
    assert [row["name"] for row in shown["columnDefinitions"]] == ["Name", "Spec", "Age"]
    assert shown["rows"][0]["cells"] == ["nightly", "0 2 * * *", "0s"]


def test_a_definition_takes_its_objects_along(api: Api) -> None:
    api.create(TABS, tab())
    assert api("DELETE", f"{DEFINITIONS}/crontabs.stable.example.com").status == 200
    assert api("GET", TABS).status == 404
    api.create(DEFINITIONS, DEFINITION)
    assert api.get(TABS)["items"] == []


def test_a_definition_of_another_name_is_refused(api: Api) -> None:
    body = copy.deepcopy(DEFINITION)
    body["metadata"]["name"] = "wrong.stable.example.com"
    answer = api("POST", DEFINITIONS, body)
    assert answer.status == 422
    assert 'must be spec.names.plural+"."+spec.group' in answer.body["message"]


@pytest.mark.long
def test_kubectl_works_with_a_kind_that_it_never_heard_of(kubectl: Kubectl) -> None:
    import json

    kubectl("apply", "-f", "-", stdin=json.dumps(DEFINITION))
    kubectl("wait", "--for=condition=Established", "crd/crontabs.stable.example.com")
    assert "created" in kubectl("apply", "-f", "-", stdin=json.dumps(tab()))
    assert "configured" in kubectl("apply", "-f", "-", stdin=json.dumps(tab(replicas=3)))
    assert kubectl("get", "ct").split()[:3] == ["NAME", "SPEC", "AGE"]
    assert "FIELD: cronSpec <string>" in kubectl("explain", "crontab.spec.cronSpec")
    assert "deleted" in kubectl("delete", "ct", "nightly")
