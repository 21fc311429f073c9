"""A cluster that refuses, evicts or keeps: what is said is so, and what stays is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.clusters import put_node
from gpu.lab import Lab, lab_on
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = {"kind": "kube_forbidden", "resource": "deployments"}
NAMESPACE = "/api/v1/namespaces/default"


@pytest.mark.long
def test_a_deployment_that_may_not_be_deleted_is_named_and_ends_with_10(lab: Lab) -> None:
    lab.faults({**DEPLOYMENTS, "verb": "delete"})
    ended = lab.verify("--level", "cuda", "-o", "json")
    names = lab.deployments()
    assert len(names) == 4  # a sample and a probe of the network on each node
    assert ended.code == ended.json["exitCode"] == 10
    assert ended.json["ok"] is False
    assert ended.json["error"]["code"] == "Leftovers"
    assert {row["verdict"] for node in ended.json["nodes"] for row in node["rungs"]} == {"passed"}
    assert {row["name"] for row in ended.json["resources"]} == set(names)
    for name in names:
        [warning] = [text for text in ended.json["warnings"] if name in text]
        assert "cannot delete resource" in warning
        assert name in ended.json["error"]["resolution"]


@pytest.mark.long
def test_no_further_pass_is_made_with_gpus_that_are_held(lab: Lab) -> None:
    lab.faults({**DEPLOYMENTS, "verb": "delete"})
    ended = lab.verify("--level", "cuda", "--count", "2", "-o", "json")
    assert ended.code == 10
    assert ended.json["passes"] == 1


def test_who_may_not_list_pods_is_told_so_and_not_that_something_stays(lab: Lab) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "pods", "verb": "list"})
    ended = lab.verify("--level", "cuda")
    assert ended.code == 4
    assert 'cannot list resource "pods"' in ended.err
    assert "stays" not in ended.err
    assert lab.deployments() == []


@pytest.mark.long
@pytest.mark.parametrize("times", [1, 3])
def test_a_pod_that_was_evicted_does_not_hide_its_replacement(lab: Lab, times: int) -> None:
    for _ in range(6):
        lab.add_node()
    lab.faults({"kind": "pod_evicted", "times": times})
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 0, ended.err
    assert {rungs["cuda"]["verdict"] for rungs in nodes} == {"passed"}
    assert lab.deployments() == []


def restrict(lab: Lab) -> None:
    """Let the namespace take pods of PodSecurity's level restricted alone."""
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    merge = "application/merge-patch+json"
    assert lab.api("PATCH", NAMESPACE, labels, content_type=merge).status == 200


def limit(lab: Lab) -> None:
    """A quota of no pods."""
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
            "spec": {"hard": {"pods": "0"}}}  # fmt: skip
    lab.api.create(f"{NAMESPACE}/resourcequotas", body)


def ask_for_memory(lab: Lab) -> None:
    """A range that wants each pod to name its memory; a container is given its minimum."""
    row = {"type": "Pod", "min": {"memory": "64Mi"}}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "r"},
            "spec": {"limits": [row]}}  # fmt: skip
    lab.api.create(f"{NAMESPACE}/limitranges", body)


def refuse(lab: Lab) -> None:
    """A webhook of somebody's."""
    lab.faults({"kind": "pod_refused", "message": "no GPUs on Fridays"})


REFUSALS = {
    "quota": (limit, "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"),
    "range": (ask_for_memory, "minimum memory usage per Pod is 64Mi"),
    "webhook": (refuse, "denied the request: no GPUs on Fridays"),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", REFUSALS)
def test_what_refuses_the_pods_is_quoted_and_waited_for_no_longer(lab: Lab, kind: str) -> None:
    change, words = REFUSALS[kind]
    change(lab)
    ended, nodes = lab.rungs("--level", "cuda", "--timeout", "24h")
    assert ended.code == 9
    for rungs in nodes:
        assert rungs["driver"]["verdict"] == "unknown"
        assert words in rungs["driver"]["message"]
        assert "says nothing of the GPU" in rungs["driver"]["remedy"]
    assert ended.json["durations"]["total"] < 3600  # of the day that it might have taken
    assert lab.deployments() == []


@pytest.mark.long
def test_the_sample_runs_where_pods_must_not_be_root(lab: Lab) -> None:
    restrict(lab)
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 0, ended.err
    assert {rungs["cuda"]["verdict"] for rungs in nodes} == {"passed"}
    assert lab.deployments() == []


def roles() -> list[dict[str, Any]]:
    """The rights that the page on samples documents."""
    text = (ROOT / "docs" / "run-sample.md").read_text()
    [block] = re.findall(r"```yaml\n(apiVersion: rbac.*?)```", text, re.DOTALL)
    return list(YAML(typ="safe").load_all(block))


def as_verifier(lab: Lab, rights: list[dict[str, Any]]) -> None:
    """Let the kubeconfig be that of a service account with these rights alone."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    accounts = f"{NAMESPACE}/serviceaccounts"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "v"}}
    lab.api.create(accounts, account)
    for role in rights:
        local = role["kind"] == "Role"
        path = f"{rbac}/namespaces/default" if local else rbac
        lab.api.create(f"{path}/{role['kind'].lower()}s", role)
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": f"{role['kind']}Binding",
            "metadata": {"name": role["metadata"]["name"]},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"],
                        "name": role["metadata"]["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": "v", "namespace": "default"}],
        }  # fmt: skip
        lab.api.create(f"{path}/{role['kind'].lower()}bindings", binding)
    lasting = {"spec": {"expirationSeconds": 10**8}}  # the clock runs fast
    token = lab.api.create(f"{accounts}/v/token", lasting)["status"]["token"]
    config = json.loads(lab.path.read_text())
    config["users"][0]["user"] = {"token": token}
    lab.path.write_text(json.dumps(config))


@pytest.mark.long
def test_the_documented_rights_suffice(lab: Lab) -> None:
    lab.runs("1.35.2-aliyun.1")
    as_verifier(lab, roles())
    ended = lab.verify("--level", "cuda")
    assert ended.code == 0, ended.err
    assert lab.deployments() == []


# To list Deployments only tells more, to delete pods only frees their GPU sooner.
NEEDED = [
    (index, rule, verb)
    for index, role in enumerate(roles())
    for rule, row in enumerate(role["rules"])
    for verb in row["verbs"]
    if (row["resources"][0], verb) not in {("deployments", "list"), ("pods", "delete")}
]
EXITS = {
    ("deployments", "delete"): 10,
    ("pods/exec", "get"): 9,
    ("pods/exec", "create"): 9,
}
"""What ends otherwise than by 4: what could not be looked at, and what stays."""


@pytest.mark.sweep
@pytest.mark.parametrize(("index", "rule", "verb"), NEEDED)
def test_each_documented_right_is_needed(lab: Lab, index: int, rule: int, verb: str) -> None:
    lab.runs("1.35.2-aliyun.1")
    rights = roles()
    rights[index]["rules"][rule]["verbs"].remove(verb)
    [resource] = rights[index]["rules"][rule]["resources"]
    rights[index]["rules"] = [row for row in rights[index]["rules"] if row["verbs"]]
    as_verifier(lab, rights)
    ended = lab.verify("--level", "cuda", "-o", "json")
    assert ended.code == EXITS.get((resource, verb), 4)
    assert f'cannot {verb} resource "{resource}"' in json.dumps(ended.json).replace('\\"', '"')


@pytest.mark.long
def test_who_may_not_exec_is_told_user_verb_and_resource(lab: Lab) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "pods/exec"})
    _, (first, _) = lab.rungs("--level", "cuda")
    message = first["driver"]["message"]
    for words in ('User "2012345678-1"', "cannot get", '"pods/exec"', "HTTP 403"):
        assert words in message
    assert "RBAC" in first["driver"]["remedy"]


@pytest.mark.long
def test_a_run_that_ended_by_its_timeout_says_what_to_do(lab: Lab) -> None:
    lab.faults({"kind": "image_pull_backoff"})
    with lab.cli.at_speed(60):
        ended = lab.verify("--level", "cuda", "--timeout", "20s", "-o", "json")
    assert ended.code == 9
    for node in ended.json["nodes"]:
        [driver] = [row for row in node["rungs"] if row["name"] == "driver"]
        assert driver["verdict"] == "unknown"
        assert "did not end" in driver["message"]
        assert "--timeout" in driver["remedy"]


@pytest.fixture(params=[60, 600])
def large(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Lab]:
    """Forty GPU nodes at a speed at which the samples' timeout is 15 s, or 1.5 s."""
    with lab_on(tmp_path / "user", capsys, nodes=0) as made:
        backend = made.cli.emulator.backend
        with backend.transaction(write=True) as session:
            for index in range(40):
                put_node(session, backend.timeline_now(session), made.cluster_id, index)
        del made.cli.env["ACKGPU_TIMEOUT"]
        with made.cli.at_speed(request.param):
            yield made


@pytest.mark.sweep
@pytest.mark.timeout(600)  # seconds of CPU of an emulator that a loaded machine shares
def test_what_takes_real_time_is_given_it_whatever_the_speed(large: Lab) -> None:
    ended = large.verify("--level", "cuda", "-o", "json")
    assert ended.code == 0, ended.err
    cuda = [row for node in ended.json["nodes"] for row in node["rungs"] if row["name"] == "cuda"]
    assert len(cuda) == 40
    assert {row["verdict"] for row in cuda} == {"passed"}
    assert large.deployments() == []
