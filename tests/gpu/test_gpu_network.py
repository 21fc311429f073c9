"""``verify --level network``: what pods reach, and what is said of what they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from emulator.kube.api import Api
from gpu.lab import Lab
from support.cli import Cli, Ended, cli_on

DNS, API_SERVER, PODS = "dns", "api server", "pod to pod"


def ways(ended: Ended) -> dict[str, list[str]]:
    """The verdicts by name."""
    found: dict[str, list[str]] = {}
    for row in ended.json["network"]:
        found.setdefault(row["name"], []).append(row["verdict"])
    return found


def test_pods_on_two_nodes_try_everything_and_leave_nothing(lab: Lab) -> None:
    lab.add_node()
    ended, nodes = lab.rungs("--level", "network")
    assert ended.code == 0, ended.err
    assert ways(ended) == {name: ["passed"] * 2 for name in (DNS, API_SERVER, PODS)}
    assert {(row["node"], row["peer"]) for row in ended.json["network"] if row["peer"]} == {
        (lab.nodes[0], lab.nodes[1]), (lab.nodes[1], lab.nodes[0]),
    }  # fmt: skip
    assert list(nodes[0]) == ["ready", "labels", "values", "plugin", "gpu"]
    assert lab.deployments() == []


def test_with_one_node_there_is_no_pod_to_reach(tmp_path: Path, capsys: Any) -> None:
    from gpu.lab import lab_on

    with lab_on(tmp_path / "user", capsys, nodes=1) as lab:
        ended = lab.verify("--level", "network", "-o", "json")
        assert ended.code == 0, ended.err
        assert ways(ended) == {DNS: ["passed"], API_SERVER: ["passed"]}


@pytest.mark.long
def test_the_level_that_starts_pods_tries_the_network_too(lab: Lab) -> None:
    ended, nodes = lab.rungs("--level", "cuda")
    assert ended.code == 0, ended.err
    assert set(ways(ended)) == {DNS, API_SERVER, PODS}
    assert {rungs["cuda"]["verdict"] for rungs in nodes} == {"passed"}


@pytest.mark.parametrize("level", ["labels", "allocatable"])
def test_below_it_no_pod_is_started(lab: Lab, level: str) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "deployments"})
    ended = lab.verify("--level", level, "-o", "json")
    assert ended.code == 0
    assert ended.json["network"] == []


def test_a_gpu_that_is_held_hinders_nothing(lab: Lab) -> None:
    container = {"name": "c", "image": "busybox", "command": ["sleep", "infinity"],
                 "resources": {"limits": {"nvidia.com/gpu": "1"}}}  # fmt: skip
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "busy"},
           "spec": {"nodeName": lab.nodes[0], "containers": [container]}}  # fmt: skip
    lab.api.create("/api/v1/namespaces/default/pods", pod)
    assert lab.verify("--level", "network").code == 0


@pytest.mark.long
def test_an_image_that_cannot_be_pulled_leaves_the_network_unknown(lab: Lab) -> None:
    lab.faults({"kind": "image_pull_backoff", "node": lab.nodes[0]})
    ended = lab.verify("--level", "network", "-o", "json")
    assert ended.code == 9
    rows = {(row["name"], row["node"]): row for row in ended.json["network"]}
    assert rows[DNS, lab.nodes[0]]["verdict"] == "unknown"
    assert "cannot be pulled" in rows[DNS, lab.nodes[0]]["message"]
    assert rows[DNS, lab.nodes[1]]["verdict"] == "passed"
    assert rows[PODS, lab.nodes[1]]["verdict"] == "unknown"
    assert lab.deployments() == []


def test_what_may_not_be_deleted_is_named(lab: Lab) -> None:
    lab.faults({"kind": "kube_forbidden", "resource": "deployments", "verb": "delete"})
    ended = lab.verify("--level", "network", "-o", "json")
    assert ended.code == 10
    assert {row["name"] for row in ended.json["resources"]} == set(lab.deployments())


def test_junit_has_a_suite_of_the_ways(lab: Lab) -> None:
    path = lab.path.with_name("verify.xml")
    assert lab.verify("--level", "network", "--junit", str(path)).code == 0
    suites = ET.parse(path).getroot().findall("testsuite")  # noqa: S314 -- our own file
    assert [suite.get("name") for suite in suites] == [*lab.nodes, "network"]
    assert suites[-1].get("tests") == "6"


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell in which a cluster of two nodes stands."""
    with cli_on(tmp_path / "user", capsys) as cli:
        cli.ok("create", "demo", "--nodes", "2", "--no-verify")
        cli.ok("wait", "demo", "--for", "gpu")
        yield cli


def rules(cli: Cli, *rows: dict[str, Any]) -> None:
    """Let every security group have these rules alone."""
    plain = {"Priority": "1", "IpProtocol": "ALL", "PortRange": "-1/-1", "Policy": "Accept"}
    plain |= dict.fromkeys(("SourceGroupId", "DestGroupId", "SourceCidrIp", "DestCidrIp"), "")
    with cli.emulator.backend.transaction(write=True) as session:
        for group in session.find("securitygroup"):
            group.body["Rules"] = [{**plain, **row} for row in rows]
            session.put(group)


@pytest.mark.long
def test_a_cluster_as_create_makes_it_carries_everything(made: Cli) -> None:
    ended = made.ok("verify", "demo", "--level", "network")
    lines = [line for line in ended.out.splitlines() if "✓" in line and "pod to pod" in line]
    assert len(lines) == 2


@pytest.mark.long
def test_a_group_that_lets_no_pods_in_is_told_with_what_to_allow(made: Cli) -> None:
    rules(made)
    ended = made("verify", "demo", "--level", "network", "-o", "json")
    assert ended.code == 9
    found = ways(ended)
    assert found[PODS] == ["failed", "failed"]
    assert found[API_SERVER] == ["passed", "passed"]
    row = next(row for row in ended.json["network"] if row["name"] == PODS)
    assert "no answer within 5 s" in row["message"]
    assert "security group" in row["remedy"]
    assert "network" in ended.json["error"]["message"]


@pytest.mark.long
def test_an_api_server_that_pods_do_not_reach_is_told(made: Cli) -> None:
    pods = {"Direction": "ingress", "SourceCidrIp": "0.0.0.0/0"}
    shut = {"Direction": "egress", "DestCidrIp": "0.0.0.0/0", "Policy": "Drop",
            "IpProtocol": "TCP", "PortRange": "6443/6443"}  # fmt: skip
    rules(made, pods, shut)
    ended = made("verify", "demo", "--level", "network", "-o", "json")
    assert ended.code == 9
    assert ways(ended) == {
        DNS: ["passed"] * 2, API_SERVER: ["failed"] * 2, PODS: ["passed"] * 2,
    }  # fmt: skip
    row = next(row for row in ended.json["network"] if row["name"] == API_SERVER)
    assert "6443" in row["message"]
    assert "6443" in row["remedy"]


def deployments(cli: Cli) -> list[str]:
    with cli.emulator.backend.transaction() as session:
        cluster = session.find("cluster")[0]
    rows = Api(cli.emulator, cluster.id).get("/apis/apps/v1/namespaces/default/deployments")
    return [row["metadata"]["name"] for row in rows["items"]]


@pytest.mark.long
def test_create_says_that_the_network_was_not_tested(cli: Cli) -> None:
    ended = cli.ok("create", "demo")
    said = " ".join(ended.out.split())
    assert "network not tested" in said
    assert "ackgpu verify demo --level network" in said
    assert cli.ok("verify", "demo", "--level", "network").code == 0


@pytest.mark.long
def test_create_tests_the_network_if_its_spec_asks(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "verify: {level: network}\ngpu: {sample: {timeout: 24h}}\n"
    )
    made = cli.ok("create", "-f", str(path), "-o", "json")
    assert "network" in made.json["durations"]
    assert "not tested" not in made.json["note"]
    assert deployments(cli) == []
