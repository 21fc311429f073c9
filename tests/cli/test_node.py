"""``ackgpu node``: list, drain, replace, repair."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator.kube.api import DEPLOYMENTS, NODES, PODS, Api, deployment, pod
from support.cli import Cli, Ended, cli_on

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell in which a cluster of two GPU nodes stands."""
    with cli_on(tmp_path / "user", capsys) as shell:
        shell.ok("create", "demo", "--nodes", "2")
        yield shell


@pytest.fixture
def api(cli: Cli) -> Api:
    with cli.emulator.backend.transaction() as session:
        cluster = session.find("cluster")[0]
    return Api(cli.emulator, cluster.id)


def nodes(cli: Cli) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = cli.ok("node", "list", "demo", "-o", "json").json["nodes"]
    return rows


def first(cli: Cli) -> str:
    return str(nodes(cli)[0]["name"])


def cordoned(api: Api, node: str) -> bool:
    return bool(api.get(f"{NODES}/{node}")["spec"].get("unschedulable"))


def budget(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "keep"},
        "spec": {"selector": {"matchLabels": {"app": "d"}}, **spec},
    }


def running(api: Api) -> list[str]:
    """The nodes of the Deployment's pods that are Ready."""
    found = api.get(PODS, labelSelector="app=d")["items"]
    return [
        row["spec"]["nodeName"]
        for row in found
        if row["status"]["phase"] == "Running" and "deletionTimestamp" not in row["metadata"]
    ]


def wait_until_running(api: Api, number: int) -> None:
    while len(running(api)) < number:
        continue


def bound_to(node: str) -> dict[str, Any]:
    return {"nodeSelector": {"kubernetes.io/hostname": node}}


def test_the_nodes_are_listed_with_instance_and_pool(cli: Cli) -> None:
    rows = nodes(cli)
    assert len(rows) == 2
    assert {row["nodePool"] for row in rows} == {"gpu"}
    assert {row["status"] for row in rows} == {"Ready"}
    assert all(row["instanceId"].startswith("i-") for row in rows)
    table = cli.ok("node", "list", "demo").out
    assert all(row["name"] in table for row in rows)
    assert cli.ok("node", "list", "demo", "-o", "name").out.split() == [r["name"] for r in rows]


@pytest.mark.long
def test_a_drained_node_is_cordoned_and_empty(cli: Cli, api: Api) -> None:
    node = first(cli)
    api.create(DEPLOYMENTS, deployment(replicas=3))
    wait_until_running(api, 3)
    cli.ok("node", "drain", "demo", node, "--yes")
    assert cordoned(api, node)
    left = api.get("/api/v1/pods", fieldSelector=f"spec.nodeName={node}")["items"]
    owners = {row["metadata"]["ownerReferences"][0]["kind"] for row in left}
    assert owners == {"DaemonSet"}
    wait_until_running(api, 3)
    assert node not in running(api)


@pytest.mark.long
def test_to_drain_again_changes_nothing(cli: Cli) -> None:
    node = first(cli)
    cli.ok("node", "drain", "demo", node, "--yes")
    cli.ok("node", "drain", "demo", node)  # nothing is left to be asked about


@pytest.mark.long
def test_a_budget_is_obeyed_until_it_allows(cli: Cli, api: Api) -> None:
    node = first(cli)
    api.create(DEPLOYMENTS, deployment(replicas=1, **bound_to(node)))
    wait_until_running(api, 1)
    api.create(BUDGETS, budget(minAvailable=1))
    ended = cli("node", "drain", "demo", node, "--yes", "--drain-timeout", "60s")
    assert ended.code == 7
    assert "The disruption budget keep needs 1 healthy pods and has 1 currently" in ended.err
    assert "poddisruptionbudgets" in ended.err
    assert running(api) == [node]
    assert cordoned(api, node)
    raised = {"spec": {"minAvailable": 0}}
    merge = "application/merge-patch+json"
    assert api("PATCH", f"{BUDGETS}/keep", raised, content_type=merge).status == 200
    cli.ok("node", "drain", "demo", node, "--yes")
    assert running(api) == []


@pytest.mark.long
def test_pods_that_would_be_lost_are_named_and_kept(cli: Cli, api: Api) -> None:
    node = first(cli)
    bare = pod("bare", "sleep", "infinity", **bound_to(node))
    bare["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    api.create(PODS, bare)
    while api.get(f"{PODS}/bare")["status"]["phase"] != "Running":
        continue
    ended = cli("node", "drain", "demo", node, "--yes")
    assert ended.code == 6
    for words in ("default/bare", "nothing makes it again", "emptyDir", "--force",
                  "--delete-emptydir-data"):  # fmt: skip
        assert words in ended.err
    assert not cordoned(api, node)
    cli.ok("node", "drain", "demo", node, "--yes", "--force", "--delete-emptydir-data")
    assert api("GET", f"{PODS}/bare").status == 404


def instances(cli: Cli) -> set[str]:
    return {row["instanceId"] for row in nodes(cli)}


@pytest.mark.long
def test_a_replaced_node_has_a_new_instance_that_is_verified(cli: Cli, api: Api) -> None:
    before = nodes(cli)
    old = before[0]
    api.create(DEPLOYMENTS, deployment(replicas=2))
    wait_until_running(api, 2)
    ended = cli.ok("node", "replace", "demo", old["name"], "--yes", "-o", "json")
    after = {row["instanceId"] for row in ended.json["nodes"]}
    assert len(after) == 2
    assert old["instanceId"] not in after
    assert before[1]["instanceId"] in after
    assert "gpu nodes" in ended.json["durations"]
    assert old["instanceId"] not in cli.account()["instance"]
    assert cli.ok("verify", "demo").code == 0
    [pool] = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert (pool["desired"], pool["healthy"]) == (2, 2)


@pytest.mark.long
def test_an_instance_names_a_node_too(cli: Cli) -> None:
    old = nodes(cli)[1]
    cli.ok("node", "replace", "demo", old["instanceId"], "--yes")
    assert old["instanceId"] not in instances(cli)


@pytest.mark.long
def test_a_dry_run_changes_nothing(cli: Cli, api: Api) -> None:
    node = first(cli)
    before = cli.account()
    for verb in ("drain", "replace", "repair"):
        ended = cli.ok("node", verb, "demo", node, "--dry-run")
        assert node in ended.out
    assert cli.account() == before
    assert not cordoned(api, node)


@pytest.mark.long
def test_nothing_is_done_without_a_yes(cli: Cli, api: Api) -> None:
    node = first(cli)
    for verb in ("drain", "replace", "repair"):
        ended = cli("node", verb, "demo", node)
        assert ended.code == 2
        assert "--yes" in ended.err
    assert not cordoned(api, node)


@pytest.mark.long
def test_a_replacement_that_is_stopped_goes_on_where_it_was(cli: Cli) -> None:
    old = nodes(cli)[0]

    def interrupt() -> None:
        while old["instanceId"] in instances_of_the_cloud(cli):
            continue
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    stopped = cli("node", "replace", "demo", old["name"], "--yes")
    thread.join()
    assert stopped.code == 130
    ended = cli.ok("node", "replace", "demo", old["name"], "--yes", "-o", "json")
    after = {row["instanceId"] for row in ended.json["nodes"]}
    assert len(after) == 2
    assert old["instanceId"] not in after


def instances_of_the_cloud(cli: Cli) -> list[str]:
    return cli.account()["instance"]


@pytest.mark.long
def test_a_node_that_is_not_ready_is_repaired(cli: Cli) -> None:
    broken = first(cli)
    with cli.emulator.backend.transaction(write=True) as session:
        for doc in session.find("node"):
            if doc.name == broken:
                doc.body |= {"t_ready": None, "t_gpu": None}
                session.put(doc)
    failed = cli("verify", "demo")
    assert failed.code == 9
    command = f"ackgpu node repair demo {broken}"
    assert command in " ".join(failed.out.split())
    cli.ok(*command.split()[1:], "--yes")
    assert cli.ok("verify", "demo").code == 0


def test_a_cordoned_node_is_not_repaired_since_its_gpu_cannot_be_proven(cli: Cli) -> None:
    node = first(cli)
    cli.ok("node", "drain", "demo", node, "--yes")
    for extra in ("--yes", "--dry-run"):
        refused = cli("node", "repair", "demo", node, extra)
        assert refused.code == 6
        assert f"kubectl uncordon {node}" in refused.err


@pytest.mark.long
def test_the_remedy_of_verify_replaces_the_node(cli: Cli) -> None:
    broken = first(cli)
    with cli.emulator.backend.transaction(write=True) as session:
        for doc in session.find("node"):
            if doc.name == broken:
                doc.body["gpu_labels"] |= {"aliyun.accelerator/nvidia_mem": "1024MiB"}
                session.put(doc)
    failed = cli("verify", "demo")
    assert failed.code == 9
    command = f"ackgpu node replace demo {broken}"
    assert command in " ".join(failed.out.split())
    cli.ok(*command.split()[1:], "--yes")
    assert cli.ok("verify", "demo").code == 0


@pytest.mark.long
@pytest.mark.parametrize("verb", ["drain", "replace", "repair"])
def test_what_is_not_there_is_not_found(cli: Cli, verb: str) -> None:
    ended: Ended = cli("node", verb, "demo", "cn-hangzhou.10.9.9.9", "--yes")
    assert ended.code == 5
    assert "ackgpu node list demo" in ended.err
    assert cli("node", verb, "other", "x", "--yes").code == 5
