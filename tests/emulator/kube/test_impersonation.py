"""Acting as somebody else, as ``kubectl --as`` asks for it: with that user's rights, no more."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.kube.api import NODES, PODS, Api
from tests.emulator.kube.clusters import write_node
from tests.emulator.kube.conftest import Kubectl

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
CONFIGS = "/api/v1/namespaces/default/configmaps"
JANE = {"Impersonate-User": "jane"}


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def bind(api: Api, role: str, kind: str, name: str) -> None:
    subject = {"kind": kind, "name": name, "apiGroup": GROUP}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}
    body = {"metadata": {"name": f"{role}-{name}"}, "roleRef": reference, "subjects": [subject]}
    api.create(f"{RBAC}/clusterrolebindings", body)


def user_of(api: Api, **headers: str) -> Any:
    answer = api("POST", WHO, {}, headers={key.replace("_", "-"): headers[key] for key in headers})
    return answer.body["status"]["userInfo"]


def test_a_user_without_rights_is_refused_by_name(api: Api) -> None:
    refused = api("GET", NODES, headers=JANE)
    assert refused.status == 403
    assert refused.body["message"] == (
        'nodes is forbidden: User "jane" cannot list resource "nodes" in API group ""'
        " at the cluster scope"
    )
    assert len(api.get(NODES)["items"]) == 1, "without the header the caller is the owner"


def test_a_user_has_the_rights_of_their_roles(api: Api) -> None:
    bind(api, "view", "User", "jane")
    assert api("GET", PODS, headers=JANE).status == 200
    made = api("POST", CONFIGS, {"metadata": {"name": "c"}}, headers=JANE)
    assert (made.status, made.body["reason"]) == (403, "Forbidden")


def test_groups_count_and_masters_may_do_everything(api: Api) -> None:
    bind(api, "view", "Group", "watchers")
    watcher = JANE | {"Impersonate-Group": "watchers"}
    assert api("GET", PODS, headers=watcher).status == 200
    master = JANE | {"Impersonate-Group": "system:masters"}
    assert api("POST", CONFIGS, {"metadata": {"name": "c"}}, headers=master).status == 201


def test_the_server_says_who_one_is(api: Api) -> None:
    assert user_of(api, Impersonate_User="jane", Impersonate_Group="a") == {
        "username": "jane",
        "groups": ["a", "system:authenticated"],
    }
    account = user_of(api, Impersonate_User="system:serviceaccount:default:robot")
    assert account["groups"] == [
        "system:serviceaccounts",
        "system:serviceaccounts:default",
        "system:authenticated",
    ]


def test_groups_without_a_user_are_refused(api: Api) -> None:
    refused = api("GET", NODES, headers={"Impersonate-Group": "watchers"})
    assert refused.status == 500
    assert "without impersonating a user" in refused.body["message"]


def test_one_must_be_allowed_to_impersonate(emulator: Emulator, api: Api) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    api.create(accounts, {"metadata": {"name": "robot"}})
    token = api.create(f"{accounts}/robot/token", {"spec": {}})["status"]["token"]
    robot = Api(emulator, token=token)
    refused = robot("GET", NODES, headers=JANE)
    assert refused.body["message"] == (
        'users "jane" is forbidden: User "system:serviceaccount:default:robot" cannot impersonate'
        ' resource "users" in API group "" at the cluster scope'
    )
    rule = {
        "apiGroups": [""],
        "resources": ["users"],
        "verbs": ["impersonate"],
        "resourceNames": ["jane"],
    }
    api.create(f"{RBAC}/clusterroles", {"metadata": {"name": "stage"}, "rules": [rule]})
    bind(api, "stage", "User", "system:serviceaccount:default:robot")
    bind(api, "view", "User", "jane")
    assert robot("GET", PODS, headers=JANE).status == 200
    john = robot("GET", NODES, headers={"Impersonate-User": "john"})
    assert (john.status, john.body["details"]["name"]) == (403, "john")


def test_kubectl_as_is_obeyed(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "list", "nodes").strip() == "yes"
    refused = kubectl.run("get", "nodes", "--as", "jane")
    assert refused.returncode == 1
    assert 'User "jane" cannot list resource "nodes"' in refused.stderr
    assert kubectl("get", "nodes", "--as", "jane", "--as-group", "system:masters", "-o", "name")
