"""The story of a cluster: made, looked at, made again, removed."""

from __future__ import annotations

import json

import pytest
from support.cli import Cli

ENVELOPE = {"schemaVersion", "command", "ok", "exitCode", "error", "warnings", "resources",
            "durations"}  # fmt: skip


@pytest.mark.long
def test_create_makes_a_verified_cluster_and_says_what_it_made(cli: Cli) -> None:
    made = cli.ok("create", "demo", "-o", "json").json
    assert set(made) >= ENVELOPE
    assert made["ok"] is True
    assert made["gpuNodes"] == made["gpuNodesVerified"] == 2
    types = {resource["type"] for resource in made["resources"]}
    assert {"Vpc", "VSwitch", "SecurityGroup", "NatGateway", "Eip", "SnatEntry", "Cluster",
            "NodePool", "Instance", "LoadBalancer"} <= types  # fmt: skip
    account = cli.account()
    assert len(account["cluster"]) == 1
    assert len(account["instance"]) == 2
    assert set(account["instance"]) <= {resource["id"] for resource in made["resources"]}


@pytest.mark.long
def test_create_again_changes_nothing(cli: Cli) -> None:
    cli.ok("create", "demo")
    before = cli.account()
    cli.emulator.requests.clear()
    again = cli.ok("create", "demo", "-o", "json").json
    assert again["changed"] is False
    assert cli.account() == before
    assert [entry.action for entry in cli.emulator.requests.writes()] == []


@pytest.mark.long
def test_later_commands_see_the_cluster(cli: Cli) -> None:
    cli.ok("create", "demo")
    listed = cli.ok("list", "-o", "json").json
    assert [(row["name"], row["state"]) for row in listed["clusters"]] == [("demo", "running")]
    described = cli.ok("describe", "demo", "--resources", "--events", "-o", "json").json
    assert described["nodePools"][0]["healthy"] == 2
    assert described["events"]
    assert cli.ok("verify", "demo").out.count("1/1") == 2
    assert cli.ok("wait", "demo", "--for", "gpu").code == 0
    assert "client-certificate-data" in cli.ok("kubeconfig", "show", "demo").out
    assert cli("kubeconfig", "show", "nobody", "-o", "json").code == 2


@pytest.mark.long
def test_delete_leaves_nothing_of_the_account_and_of_the_kubeconfig(cli: Cli) -> None:
    cli.ok("create", "demo")
    assert "name: demo" in cli.kubeconfig.read_text()
    deleted = cli.ok("delete", "demo", "-y", "-o", "json").json
    assert deleted["left"] == []
    assert cli.account() == {}
    assert "name: demo" not in cli.kubeconfig.read_text()
    assert cli.ok("wait", "demo", "--for", "deleted").code == 0


@pytest.mark.long
def test_delete_needs_no_state_directory_and_no_spec(cli: Cli) -> None:
    cli.ok("create", "demo")
    cli.env["ACKGPU_STATE_DIR"] = str(cli.home / "another-machine")
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


def test_deleting_what_is_not_there_is_success_unless_it_must_exist(cli: Cli) -> None:
    assert cli("delete", "nothing", "-y").code == 0
    assert cli("delete", "nothing", "-y", "--must-exist").code == 5


@pytest.mark.long
def test_several_zones_get_a_vswitch_and_a_snat_entry_each(cli: Cli) -> None:
    zones = ("--zone", "cn-hangzhou-j", "--zone", "cn-hangzhou-k")
    made = cli.ok("create", "demo", *zones, "-o", "json").json
    kinds = [resource["type"] for resource in made["resources"]]
    assert kinds.count("VSwitch") >= 2
    assert kinds.count("SnatEntry") == 2
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_two_clusters_do_not_touch_each_other(cli: Cli) -> None:
    cli.ok("create", "one")
    cli.ok("create", "two")
    cli.ok("delete", "one", "-y")
    assert cli.ok("verify", "two").code == 0
    cli.ok("delete", "two", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_given_network_is_used_and_stays(cli: Cli) -> None:
    cli.ok("create", "first")
    account = cli.account()
    (vpc,), (vswitch,) = account["vpc"], account["vswitch"]
    given = ("--vpc-id", vpc, "--vswitch-id", vswitch, "--pod-cidr", "172.22.0.0/16")
    cli.ok("create", "second", *given)
    cli.ok("delete", "second", "-y")
    assert cli.account()["vpc"] == [vpc]
    assert cli.ok("verify", "first").code == 0


@pytest.mark.long
def test_without_a_public_endpoint_it_says_from_where_to_verify(cli: Cli) -> None:
    made = cli("create", "demo", "--no-public-endpoint", "-o", "json")
    assert made.code == 0
    assert made.json["gpuNodesVerified"] is None
    assert any("--private" in warning for warning in made.json["warnings"])
    kinds = [r["type"] for r in made.json["resources"]]
    assert kinds.count("LoadBalancer") == 1
    assert cli("verify", "demo").code == 2
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_no_wait_returns_once_the_cluster_is_asked_for_and_create_goes_on(cli: Cli) -> None:
    started = cli.ok("create", "demo", "--no-wait", "-o", "json").json
    assert started["waited"] is False
    assert "nodepool" not in cli.account()
    assert cli.ok("create", "demo", "-o", "json").json["gpuNodesVerified"] == 2


@pytest.mark.long
def test_the_events_of_a_run_come_as_json_lines_with_the_result_last(cli: Cli) -> None:
    lines = cli.ok("create", "demo", "-o", "jsonl").out.splitlines()
    documents = [json.loads(line) for line in lines]
    assert documents[0]["type"] == "RunStarted"
    assert documents[-1]["command"] == "create"
    assert {"StepAsked", "StepDone", "RunFinished"} <= {d.get("type") for d in documents}


@pytest.mark.long
def test_stdout_is_the_result_alone(cli: Cli) -> None:
    named = cli.ok("create", "demo", "-o", "name")
    assert named.out == "demo\n"
    assert "vpc created" in named.err
