"""Writes: create, update, the patches, server-side apply, deletion, tokens."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, GPU_LIMIT, NODES, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import write_node

CONFIGS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def config(name: str = "c", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def apply(api: Api, obj: Any, manager: str, **query: Any) -> Any:
    path = f"{CONFIGS}/{obj['metadata']['name']}"
    return api("PATCH", path, obj, content_type=APPLY, fieldManager=manager, **query)


def test_a_created_object_gets_its_identity(api: Api) -> None:
    made = api.create(CONFIGS, config(a="1"))
    for field in ("uid", "creationTimestamp", "resourceVersion"):
        assert made["metadata"][field]
    assert api.get(f"{CONFIGS}/c") == made
    again = api("POST", CONFIGS, config())
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")


def test_names_are_generated(api: Api) -> None:
    obj = config()
    obj["metadata"] = {"generateName": "x-"}
    names = {api.create(CONFIGS, obj)["metadata"]["name"] for _ in range(2)}
    assert len(names) == 2
    assert all(name.startswith("x-") and len(name) == 7 for name in names)


@pytest.mark.parametrize("name", ["Upper", "a_b", "-a", ""])
def test_bad_names_are_refused(api: Api, name: str) -> None:
    answer = api("POST", CONFIGS, config(name))
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    assert answer.body["details"]["causes"][0]["field"] == "metadata.name"


def test_an_object_of_another_kind_is_refused(api: Api) -> None:
    assert api("POST", CONFIGS, pod()).status == 400


def test_nothing_is_created_in_a_namespace_that_is_not_there(api: Api) -> None:
    answer = api("POST", "/api/v1/namespaces/none/configmaps", config())
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "none" not found')


def test_bodies_that_cannot_be_read_are_refused(api: Api) -> None:
    assert api("POST", CONFIGS, b"{").status == 400
    assert api("POST", CONFIGS, b"[]").status == 400
    assert api("POST", CONFIGS, b"x", content_type="text/plain").status == 415
    assert api("POST", CONFIGS, b"a: [", content_type="application/yaml").status == 400


def test_yaml_bodies_are_taken(api: Api) -> None:
    body = b"metadata: {name: y}\ndata: {a: b}\n"
    assert api("POST", CONFIGS, body, content_type="application/yaml").status == 201
    assert api.get(f"{CONFIGS}/y")["data"] == {"a": "b"}


def test_an_update_with_an_old_version_is_a_conflict(api: Api) -> None:
    old = api.create(CONFIGS, config(a="1"))
    fresh = api("PUT", f"{CONFIGS}/c", old | {"data": {"a": "2"}})
    assert fresh.status == 200
    answer = api("PUT", f"{CONFIGS}/c", old | {"data": {"a": "3"}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")


def test_a_write_that_changes_nothing_keeps_the_version(api: Api) -> None:
    made = api.create(CONFIGS, config(a="1"))
    same = api("PUT", f"{CONFIGS}/c", made).body
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_merge_strategic_and_json_patches(api: Api) -> None:
    made = deployment()
    made["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "a:1"})
    api.create(DEPLOYMENTS, made)
    path = f"{DEPLOYMENTS}/d"
    change: Any = {
        "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "a:2"}]}}}
    }
    containers = api("PATCH", path, change, content_type=STRATEGIC).body["spec"]["template"][
        "spec"
    ]["containers"]
    assert [row["name"] for row in containers] == ["c", "side"]
    assert containers[1]["image"] == "a:2"
    change["spec"]["template"]["spec"]["containers"] = [{"$patch": "delete", "name": "side"}]
    answer = api("PATCH", path, change, content_type=STRATEGIC).body
    assert len(answer["spec"]["template"]["spec"]["containers"]) == 1
    api("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, content_type=MERGE)
    operations = [
        {"op": "test", "path": "/metadata/labels/a", "value": "b"},
        {"op": "replace", "path": "/spec/replicas", "value": 0},
    ]
    assert api("PATCH", path, operations, content_type=JSON).body["spec"]["replicas"] == 0
    operations[0]["value"] = "x"
    assert api("PATCH", path, operations, content_type=JSON).status == 422
    assert api("PATCH", path, {}, content_type="application/json").status == 415


def test_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    path = f"{DEPLOYMENTS}/d"
    labelled = api("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, content_type=MERGE).body
    assert labelled["metadata"]["generation"] == 1
    scaled = api("PATCH", path, {"spec": {"replicas": 2}}, content_type=MERGE).body
    assert scaled["metadata"]["generation"] == 2


def test_a_selector_is_immutable_and_must_match(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment())
    change = {"spec": {"selector": {"matchLabels": {"app": "other"}}}}
    answer = api("PATCH", f"{DEPLOYMENTS}/d", change, content_type=MERGE)
    assert answer.status == 422
    wrong = deployment("e")
    wrong["spec"]["selector"]["matchLabels"] = {"app": "x"}
    refused = api("POST", DEPLOYMENTS, wrong)
    assert refused.body["details"]["causes"][0]["field"] == "spec.template.metadata.labels"


def test_a_running_pods_spec_cannot_be_changed(api: Api) -> None:
    api.create(PODS, pod("p", "sleep", "1"))
    change = {"spec": {"nodeSelector": {"a": "b"}}}
    answer = api("PATCH", f"{PODS}/p", change, content_type=MERGE)
    assert answer.status == 422
    assert "pod updates may not change fields other than" in answer.body["message"]


def test_gpu_requests_must_equal_their_limits(api: Api) -> None:
    obj = pod("p", limits=GPU_LIMIT)
    obj["spec"]["containers"][0]["resources"]["requests"] = {"nvidia.com/gpu": "2"}
    answer = api("POST", PODS, obj)
    assert answer.status == 422
    assert "must be equal to nvidia.com/gpu limit of 1" in answer.body["message"]


def test_apply_creates_changes_and_takes_away_what_is_left_out(api: Api) -> None:
    assert apply(api, config(a="1", b="2"), "me").status == 201
    assert apply(api, config(a="1"), "me").body["data"] == {"a": "1"}
    first = apply(api, config(a="1"), "me").body["metadata"]["resourceVersion"]
    assert apply(api, config(a="1"), "me").body["metadata"]["resourceVersion"] == first


def test_apply_keeps_what_others_own(api: Api) -> None:
    apply(api, config(a="1"), "one")
    both = apply(api, config(b="2"), "two").body
    assert both["data"] == {"a": "1", "b": "2"}
    assert [row["manager"] for row in both["metadata"]["managedFields"]] == ["one", "two"]


def test_apply_conflicts_name_the_manager_and_the_field(api: Api) -> None:
    apply(api, config(a="1"), "one")
    answer = apply(api, config(a="2"), "two")
    assert answer.status == 409
    assert answer.body["message"] == ('Apply failed with 1 conflict: conflict with "one": .data.a')
    assert answer.body["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    forced = apply(api, config(a="2"), "two", force="true").body
    assert forced["data"] == {"a": "2"}
    assert [row["manager"] for row in forced["metadata"]["managedFields"]] == ["two"]


def test_an_update_takes_fields_over_from_an_apply(api: Api) -> None:
    apply(api, config(a="1"), "one")
    api("PATCH", f"{CONFIGS}/c", {"data": {"a": "2"}}, content_type=MERGE, fieldManager="hand")
    answer = apply(api, config(a="1"), "one")
    assert 'conflict with "hand"' in answer.body["message"]


def test_a_dry_run_leaves_no_trace(api: Api) -> None:
    answer = api("POST", DEPLOYMENTS, deployment(), dryRun="All")
    assert answer.status == 201
    assert answer.body["metadata"]["uid"]
    assert api("GET", f"{DEPLOYMENTS}/d").status == 404
    assert api.get(PODS)["items"] == []


def test_scaling_makes_and_removes_pods(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(DEPLOYMENTS, deployment(replicas=3))
    assert len(api.get(PODS)["items"]) == 3
    scale = api.get(f"{DEPLOYMENTS}/d/scale")
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 3)
    scale["spec"]["replicas"] = 1
    assert api("PUT", f"{DEPLOYMENTS}/d/scale", scale).body["spec"]["replicas"] == 1
    clock.advance(60)
    assert len(api.get(PODS)["items"]) == 1


def test_a_new_template_makes_a_new_replica_set(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(DEPLOYMENTS, deployment())
    change = {"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}}
    api("PATCH", f"{DEPLOYMENTS}/d", change, content_type=MERGE)
    clock.advance(60)
    sets = api.get("/apis/apps/v1/namespaces/default/replicasets")["items"]
    assert sorted(row["spec"]["replicas"] for row in sets) == [0, 1]
    (left,) = api.get(PODS)["items"]
    assert left["metadata"]["labels"]["v"] == "2"
    assert api.get(f"{DEPLOYMENTS}/d")["metadata"]["annotations"] == {
        "deployment.kubernetes.io/revision": "2"
    }


def test_a_deleted_pod_of_a_replica_set_is_replaced(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(DEPLOYMENTS, deployment())
    clock.advance(20)
    (first,) = api.get(PODS)["items"]
    api("DELETE", f"{PODS}/{first['metadata']['name']}")
    clock.advance(60)
    (second,) = api.get(PODS)["items"]
    assert second["metadata"]["name"] != first["metadata"]["name"]


def test_a_running_shell_takes_its_whole_grace_period_to_go(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(PODS, pod("p", "tail", "-f", "/dev/null"))
    clock.advance(20)
    answer = api("DELETE", f"{PODS}/p").body
    assert answer["metadata"]["deletionGracePeriodSeconds"] == 30
    clock.advance(29)
    assert api.get(f"{PODS}/p")["metadata"]["deletionTimestamp"]
    clock.advance(2)
    assert api("GET", f"{PODS}/p").status == 404


def test_deleting_a_deployment_takes_its_pods_along_or_leaves_them(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    for name, policy in (("a", "Background"), ("b", "Orphan")):
        api.create(DEPLOYMENTS, deployment(name))
        answer = api("DELETE", f"{DEPLOYMENTS}/{name}", {"propagationPolicy": policy})
        assert answer.body["status"] == "Success"
    clock.advance(60)
    assert {row["metadata"]["labels"]["app"] for row in api.get(PODS)["items"]} == {"b"}


def test_a_foreground_deletion_waits_for_the_pods(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api.create(DEPLOYMENTS, deployment())
    clock.advance(20)
    api("DELETE", f"{DEPLOYMENTS}/d", {"propagationPolicy": "Foreground"})
    assert api.get(f"{DEPLOYMENTS}/d")["metadata"]["finalizers"] == ["foregroundDeletion"]
    clock.advance(31)
    assert api("GET", f"{DEPLOYMENTS}/d").status == 404


def test_a_finalizer_holds_an_object_until_it_is_taken_away(api: Api) -> None:
    obj = config()
    obj["metadata"]["finalizers"] = ["example.com/hold"]
    api.create(CONFIGS, obj)
    api("DELETE", f"{CONFIGS}/c")
    assert api.get(f"{CONFIGS}/c")["metadata"]["deletionTimestamp"]
    api("PATCH", f"{CONFIGS}/c", {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert api("GET", f"{CONFIGS}/c").status == 404


def test_a_precondition_that_does_not_hold_is_a_conflict(api: Api) -> None:
    api.create(CONFIGS, config())
    answer = api("DELETE", f"{CONFIGS}/c", {"preconditions": {"uid": "other"}})
    assert answer.status == 409


def test_a_namespace_goes_with_everything_in_it(api: Api, clock: ManualClock) -> None:
    api.create("/api/v1/namespaces", {"metadata": {"name": "team"}})
    path = "/api/v1/namespaces/team/configmaps"
    api.create(path, config())
    api("DELETE", "/api/v1/namespaces/team")
    assert api.get("/api/v1/namespaces/team")["status"]["phase"] == "Terminating"
    assert api("POST", path, config("d")).status == 403
    clock.advance(10)
    assert api("GET", "/api/v1/namespaces/team").status == 404
    assert api("DELETE", "/api/v1/namespaces/default").status == 403


def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name in ("a", "b"):
        obj = config(name)
        obj["metadata"]["labels"] = {"name": name}
        api.create(CONFIGS, obj)
    assert api("DELETE", CONFIGS, labelSelector="name=a").status == 200
    names = {row["metadata"]["name"] for row in api.get(CONFIGS)["items"]}
    assert names == {"b", "kube-root-ca.crt"}


def test_a_load_balancer_service_makes_a_clb_in_the_account(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    path = "/api/v1/namespaces/default/services"
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "web"}}
    api.create(path, {"metadata": {"name": "web"}, "spec": spec})
    assert api.get(f"{path}/web")["status"] == {"loadBalancer": {}}
    clock.advance(30)
    (ingress,) = api.get(f"{path}/web")["status"]["loadBalancer"]["ingress"]

    def balancers() -> list[Any]:
        with emulator.backend.transaction() as session:
            now = emulator.backend.timeline_now(session)
            return session.find("loadbalancer", at=now)

    (made,) = balancers()
    assert made.body["Address"] == ingress["ip"]
    assert made.body["Tags"]["ack.aliyun.com"] == cluster
    api("DELETE", f"{path}/web")
    clock.advance(60)
    assert balancers() == []


def test_tokens_stand_for_service_accounts_and_their_roles(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    api.create(accounts, {"metadata": {"name": "robot"}})
    token = api.create(f"{accounts}/robot/token", {"spec": {}})["status"]["token"]
    robot = Api(emulator, token=token)
    refused = robot("GET", NODES)
    assert refused.status == 403
    assert (
        'User "system:serviceaccount:default:robot" cannot list resource "nodes"'
        in (refused.body["message"])
    )
    binding = {
        "metadata": {"name": "robots"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "default"}],
    }
    api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    assert robot.get(PODS)["items"] == []
    assert robot("GET", NODES).status == 403, "the role view has nothing of the cluster's scope"
    assert robot("POST", CONFIGS, config()).status == 403
    clock.advance(3601)
    assert robot("GET", NODES).status == 401


def test_system_objects_are_protected_and_system_pods_come_back(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    clock.advance(10)
    path = "/api/v1/namespaces/kube-system/pods"
    before = {row["metadata"]["name"] for row in api.get(path)["items"]}
    victim = min(before)
    assert api("DELETE", f"{path}/{victim}").status == 200
    clock.advance(10)
    rows = api.get(path)["items"]
    after = {row["metadata"]["name"] for row in rows}
    assert victim not in after
    assert len(after) == len(before)
    assert {row["status"]["phase"] for row in rows} == {"Running"}
    assert api("DELETE", "/api/v1/namespaces/kube-system/services/kube-dns").status == 403
