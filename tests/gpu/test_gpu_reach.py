"""Verification over an API that pages, forgets, restarts, or wants a credential plugin."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.clusters import put_node
from gpu.lab import Lab
from ruamel.yaml import YAML


def add_many(lab: Lab, number: int) -> None:
    """Nodes beyond a page."""
    backend = lab.cli.emulator.backend
    with backend.transaction(write=True) as session:
        now = backend.timeline_now(session)
        for index in range(len(lab.nodes), number):
            put_node(session, now, lab.cluster_id, index)


@pytest.mark.long
def test_every_node_of_several_pages_is_verified_once(lab: Lab) -> None:
    add_many(lab, 1203)
    ended = lab.verify("-o", "json")
    assert ended.code == 0, ended.err
    names = [node["node"] for node in ended.json["nodes"]]
    assert len(names) == len(set(names)) == 1203


@pytest.mark.long
def test_an_expired_continue_token_starts_the_list_again_and_counts_no_node_twice(
    lab: Lab,
) -> None:
    add_many(lab, 1203)
    lab.faults({"kind": "continue_expired"})
    ended = lab.verify("-o", "name")
    assert ended.code == 0, ended.err
    names = ended.out.split()
    assert len(names) == len(set(names)) == 1203


@pytest.mark.long
def test_with_many_nodes_the_good_ones_are_counted_and_the_broken_shown(lab: Lab) -> None:
    add_many(lab, 300)
    lab.faults({"kind": "plugin_down", "node": lab.nodes[1]})
    ended = lab.verify()
    assert ended.code == 9
    shown = [line for line in ended.out.splitlines() if line.startswith("  cn-hangzhou.192")]
    assert len(shown) == 1
    assert "299" in ended.out


PLUGIN = """
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential",
                  "status": json.load(open(sys.argv[1]))}))
"""


@pytest.mark.long
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_credential_plugin_that_answers_a_certificate_works_for_samples_too(
    lab: Lab, tmp_path: Path, version: str
) -> None:
    config: dict[str, Any] = json.loads(lab.path.read_text())
    user = config["users"][0]["user"]
    status = tmp_path / "status.json"
    status.write_text(json.dumps({
        "clientCertificateData": _decoded(user["client-certificate-data"]),
        "clientKeyData": _decoded(user["client-key-data"]),
    }))  # fmt: skip
    program = tmp_path / "plugin.py"
    program.write_text(PLUGIN)
    config["users"][0]["user"] = {"exec": {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "command": sys.executable, "args": [str(program), str(status)],
        "interactiveMode": "Never",
    }}  # fmt: skip
    with lab.path.open("w") as file:
        YAML().dump(config, file)
    ended = lab.verify("--level", "cuda")
    assert ended.code == 0, ended.err


def test_files_that_a_kubeconfig_names_are_looked_for_beside_it(lab: Lab) -> None:
    config = json.loads(lab.path.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    for body, key in (
        (cluster, "certificate-authority"), (user, "client-certificate"), (user, "client-key"),
    ):  # fmt: skip
        lab.path.with_name(f"{key}.pem").write_text(_decoded(body.pop(f"{key}-data")))
        body[key] = f"{key}.pem"
    lab.path.write_text(json.dumps(config))
    assert lab.verify().code == 0


@pytest.mark.parametrize("text", [None, "", "- no\n- kubeconfig\n", "\0"])
def test_what_is_no_kubeconfig_is_told_so(lab: Lab, text: str | None) -> None:
    lab.path.unlink()
    if text is not None:
        lab.path.write_text(text)
    ended = lab.verify()
    assert ended.code == 2
    assert "kubeconfig" in ended.err


def test_a_certificate_of_another_cluster_is_refused(lab: Lab) -> None:
    config = json.loads(lab.path.read_text())
    config["users"][0]["user"] = {"token": "of-nobody"}
    lab.path.write_text(json.dumps(config))
    assert lab.verify().code == 4


def test_a_kubeconfig_that_acts_as_somebody_has_their_rights(lab: Lab) -> None:
    config = json.loads(lab.path.read_text())
    config["users"][0]["user"] |= {"as": "nobody-user", "as-groups": ["nobodies"]}
    lab.path.write_text(json.dumps(config))
    ended = lab.verify("--level", "cuda")
    assert ended.code == 4
    assert 'User "nobody-user" cannot list resource "nodes"' in ended.err
    subjects = [{"kind": "Group", "name": "nobodies"}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reads"}
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
               "metadata": {"name": "b"}, "roleRef": reference, "subjects": subjects}  # fmt: skip
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    lab.api.create(path, {"metadata": {"name": "reads"}, "rules": [rule]})
    lab.api.create(f"{path.removesuffix('s')}bindings", binding)
    assert lab.verify().code == 0
    assert lab.verify("--level", "cuda").code == 4


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
