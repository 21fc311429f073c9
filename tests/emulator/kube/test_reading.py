"""Reads: authentication, discovery, selectors, pages, Tables."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, NODES, PODS, TABLE, Api, deployment, pod
from tests.emulator.kube.clusters import put_node, write_cluster, write_node


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def fill(emulator: Emulator, cluster: str, nodes: int) -> None:
    with emulator.backend.transaction(write=True) as session:
        for index in range(nodes):
            put_node(session, 0.0, cluster, index)


def test_nobody_is_refused_with_401(emulator: Emulator, cluster: str) -> None:
    answer = Api(emulator)("GET", NODES)
    assert answer.status == 401
    assert answer.body["kind"] == "Status"
    assert answer.body["reason"] == "Unauthorized"
    assert cluster


def test_a_certificate_opens_its_own_cluster_only(emulator: Emulator, cluster: str) -> None:
    other = write_cluster(emulator, "c2")
    write_node(emulator, cluster)
    assert len(Api(emulator, cluster).get(NODES)["items"]) == 1
    assert Api(emulator, other).get(NODES)["items"] == []
    assert Api(emulator, "c3")("GET", NODES).status == 401


def test_a_deleted_cluster_answers_no_longer(
    emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    api = Api(emulator, cluster)
    with emulator.backend.transaction(write=True) as session:
        doc = session.get("cluster", cluster)
        assert doc is not None
        doc.deleted_at = 60.0
        session.put(doc)
    assert api("GET", NODES).status == 200
    clock.advance(61)
    assert api("GET", NODES).status == 401


def test_versions_are_told_with_and_without_a_slash(api: Api) -> None:
    assert api.get("/version")["gitVersion"] == "v1.34.1-aliyun.1"
    assert api.get("/version/")["minor"] == "34+"


def test_aggregated_and_legacy_discovery_list_the_same(api: Api) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    aggregated = api("GET", "/apis", accept=accept)
    assert "as=APIGroupDiscoveryList" in aggregated.headers["content-type"]
    found = {
        (group["metadata"]["name"], row["resource"])
        for group in aggregated.body["items"]
        for row in group["versions"][0]["resources"]
    }
    legacy = set()
    for group in api.get("/apis")["groups"]:
        path = f"/apis/{group['preferredVersion']['groupVersion']}"
        rows = api.get(path)["resources"]
        legacy |= {(group["name"], row["name"]) for row in rows if "/" not in row["name"]}
    assert found == legacy


@pytest.mark.parametrize("path", ["/apis/none.io/v1", "/api/v1/widgets", "/nope", "/apis/none"])
def test_what_is_not_served_is_404(api: Api, path: str) -> None:
    answer = api("GET", path)
    assert (answer.status, answer.raw) == (404, b"404 page not found\n")


def test_a_table_has_the_columns_that_kubectl_prints(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    write_node(emulator, cluster)
    table = api("GET", NODES, accept=TABLE).body
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names[:5] == ["Name", "Status", "Roles", "Age", "Version"]
    assert table["rows"][0]["cells"][1] == "Ready"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_pages_show_every_node_once(emulator: Emulator, cluster: str, api: Api) -> None:
    fill(emulator, cluster, 25)
    names, token, pages = [], "", 0
    while token or not pages:
        body = api.get(NODES, limit=10, **({"continue": token} if token else {}))
        names += [node["metadata"]["name"] for node in body["items"]]
        token, pages = body["metadata"].get("continue", ""), pages + 1
    assert pages == 3
    assert len(names) == len(set(names)) == 25


def test_later_pages_show_the_moment_of_the_first(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    fill(emulator, cluster, 4)
    first = api.get(NODES, limit=2)
    fill(emulator, cluster, 6)
    second = api.get(NODES, limit=10, **{"continue": first["metadata"]["continue"]})
    assert len(second["items"]) == 2
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_continue_token_expires_after_five_minutes(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    fill(emulator, cluster, 4)
    token = api.get(NODES, limit=2)["metadata"]["continue"]
    clock.advance(301)
    answer = api("GET", NODES, limit=2, **{"continue": token})
    assert (answer.status, answer.body["reason"]) == (410, "Expired")


def test_a_made_up_continue_token_is_refused(api: Api) -> None:
    assert api("GET", NODES, limit=2, **{"continue": "nonsense"}).status == 400


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", {"a", "b"}),
        ("tier==web,env!=prod", {"b"}),
        ("env in (prod, test)", {"a", "b"}),
        ("env notin (prod)", {"b", "c"}),
        ("env", {"a", "b"}),
        ("!env", {"c"}),
        ("tier=db", {"c"}),
    ],
)
def test_label_selectors(api: Api, selector: str, names: set[str]) -> None:
    rows = {
        "a": {"tier": "web", "env": "prod"},
        "b": {"tier": "web", "env": "test"},
        "c": {"tier": "db"},
    }
    for name, labels in rows.items():
        obj = {"metadata": {"name": name, "labels": labels}}
        api.create("/api/v1/namespaces/default/configmaps", obj)
    path = "/api/v1/namespaces/default/configmaps"
    found = api.get(path, labelSelector=selector)["items"]
    assert {row["metadata"]["name"] for row in found} - {"kube-root-ca.crt"} == names


def test_a_selector_that_cannot_be_parsed_is_refused(api: Api) -> None:
    assert api("GET", NODES, labelSelector="a in (b").status == 400


def test_field_selectors_choose_pods_by_node_and_phase(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    node = write_node(emulator, cluster)
    api.create(PODS, pod("runs", "sleep", "infinity"))
    api.create(PODS, pod("waits", nodeSelector={"no": "where"}))
    clock.advance(60)
    on_node = api.get(PODS, fieldSelector=f"spec.nodeName={node}")["items"]
    assert [row["metadata"]["name"] for row in on_node] == ["runs"]
    rest = api.get(PODS, fieldSelector="status.phase!=Running")["items"]
    assert [row["metadata"]["name"] for row in rest] == ["waits"]


def test_a_field_that_is_not_indexed_is_refused(api: Api) -> None:
    answer = api("GET", PODS, fieldSelector="spec.hostname=x")
    assert answer.status == 400
    assert "field label not supported: spec.hostname" in answer.body["message"]


def test_one_object_is_read_under_its_own_path(emulator: Emulator, cluster: str, api: Api) -> None:
    name = write_node(emulator, cluster)
    assert api.get(f"{NODES}/{name}")["metadata"]["name"] == name
    missing = api("GET", f"{NODES}/other")
    assert missing.body["message"] == 'nodes "other" not found'
    assert missing.body["details"] == {"name": "other", "kind": "nodes"}


def test_methods_that_a_resource_does_not_take_are_refused(api: Api) -> None:
    answer = api("POST", NODES, {"metadata": {"name": "n"}})
    assert (answer.status, answer.body["reason"]) == (405, "MethodNotAllowed")


def test_openapi_tells_that_patches_take_dry_runs(api: Api) -> None:
    index = api.get("/openapi/v3")["paths"]
    document = api.get(index["apis/apps/v1"]["serverRelativeURL"])
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    names = {row["name"] for row in item["patch"]["parameters"]}
    assert {"dryRun", "fieldValidation"} <= names
    v2 = api("GET", "/openapi/v2")
    assert v2.headers["content-type"].endswith("v2.v1.0+protobuf")
    assert b"x-kubernetes-group-version-kind" in v2.raw


def test_reading_changes_nothing(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(DEPLOYMENTS, deployment())
    clock.advance(30)
    with emulator.backend.transaction() as session:
        before = [(doc.id, doc.body, doc.deleted_at) for doc in session.find("kube")]
    for path in (NODES, PODS, DEPLOYMENTS, "/api/v1/events", "/api/v1/pods"):
        api.get(path)
        api.events(path, seconds=0)
    with emulator.backend.transaction() as session:
        assert [(doc.id, doc.body, doc.deleted_at) for doc in session.find("kube")] == before


def test_a_fault_takes_rights_away(emulator: Emulator, cluster: str, api: Api) -> None:
    emulator.backend.settings["faults"] = [{"kind": "kube_forbidden", "resource": "pods"}]
    answer = api("GET", PODS)
    assert answer.status == 403
    assert answer.body["message"] == (
        'pods is forbidden: User "2012345678-1" cannot list resource "pods" in API group ""'
        ' in the namespace "default"'
    )
    assert api("GET", NODES).status == 200
    assert cluster
