"""The commands that messages name: they can be typed as they stand, and lead to the same cloud."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.cli import Cli

SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {name: demo, region: cn-shanghai}
nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}]
"""
EMULATED = {"ACKGPU_ENDPOINT_URL": "", "ACKGPU_CLOCK_SPEED": ""}
"""Away from the account that the test serves: --emulator makes one of its own."""


def named(text: str) -> list[list[str]]:
    """The command lines of ackgpu between backticks, as words behind the program's name."""
    commands = re.findall(r"`ackgpu ([^`]+)`", " ".join(text.split()))
    return [shlex.split(command) for command in commands]


def follow(cli: Cli, commands: list[str], *words: str) -> None:
    """Type what was suggested for ``words``, as it stands."""
    lines = [shlex.split(line) for line in commands]
    found = next(line[1:] for line in lines if line[1 : 1 + len(words)] == list(words))
    cli.ok(*found)


@pytest.mark.long
def test_the_flags_that_chose_the_cloud_stand_in_what_comes_next(cli: Cli) -> None:
    created = cli.ok("create", "demo", "--region", "cn-shanghai", "--no-verify", "-o", "json").json
    assert "ackgpu delete demo --region cn-shanghai" in created["nextCommands"]
    follow(cli, created["nextCommands"], "wait", "demo")
    said = "ackgpu verify demo --level network --region cn-shanghai"
    assert created["note"].startswith(f"network not tested: `{said}`")


@pytest.mark.long
def test_without_such_flags_nothing_is_added(cli: Cli) -> None:
    commands = cli.ok("create", "demo", "--no-verify", "-o", "json").json["nextCommands"]
    assert commands[-1] == "ackgpu delete demo"


@pytest.mark.long
def test_the_region_of_a_file_stands_in_what_comes_next(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(SPEC)
    created = cli.ok("create", "-f", str(path), "--no-verify", "-o", "json").json
    follow(cli, created["nextCommands"], "wait", "demo")
    assert "ackgpu delete demo --region cn-shanghai" in created["nextCommands"]


@pytest.mark.long
def test_another_kubeconfig_is_named_to_kubectl(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "my config"
    created = cli.ok("create", "demo", "--no-verify", "--kubeconfig", str(path), "-o", "json").json
    kubectl = shlex.split(created["nextCommands"][0])
    assert kubectl == ["kubectl", "--kubeconfig", str(path), "--context", "demo", "get", "nodes"]


@pytest.mark.long
def test_the_embedded_emulator_is_named_and_what_kubectl_needs(cli: Cli) -> None:
    created = cli("create", "demo", "--emulator", "-o", "json", env=EMULATED).json
    assert "ackgpu delete demo --emulator" in created["nextCommands"]
    assert created["nextCommands"][0] == "ackgpu emulator up --detach"
    assert "while the emulator is up" in created["note"]


@pytest.mark.long
def test_nodes_that_only_the_vpc_reaches_are_verified_from_there(cli: Cli) -> None:
    made = cli.ok("create", "demo", "--nodes", "1", "--no-public-endpoint", "-o", "json").json
    verify, sample = made["nextCommands"][1:3]
    assert verify == "ackgpu verify demo --private"
    assert sample == "ackgpu run-sample demo --private"
    assert "`ackgpu verify demo --level network --private`" in made["note"]


def test_what_an_unfinished_create_names_goes_on_and_removes(cli: Cli) -> None:
    refusal = {"effect": "error", "action": "CreateCluster", "code": "Forbidden.RAM", "status": 403}
    cli.emulator.set_faults({"faults": [refusal]})
    typed = ["create", "demo", "--nodes", "1", "--region", "cn-hangzhou"]
    failed = cli(*typed)
    assert failed.code == 4
    commands = named(failed.err)
    assert typed in commands
    assert ["delete", "demo", "--region", "cn-hangzhou"] in commands


def test_a_region_before_the_command_comes_over_the_file_as_well(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(SPEC)
    planned = cli("-r", "cn-hangzhou", "plan", "-f", str(path), "-o", "json").json
    assert planned["region"] == "cn-hangzhou"


def test_a_name_that_is_not_there_is_looked_for_in_the_same_cloud(cli: Cli) -> None:
    missing = cli("describe", "demo", "--emulator", env=EMULATED)
    assert missing.code == 5
    assert ["list", "--all-regions", "--emulator"] in named(missing.err)


@pytest.mark.long
def test_a_placeholder_becomes_the_name_of_the_cluster(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "0", "--yes")
    empty = cli("verify", "demo")
    assert empty.code == 9
    assert ["nodepool", "list", "demo"] in named(empty.err)


@pytest.mark.long
@pytest.mark.parametrize("command", ["create", "delete"])
def test_without_waiting_the_next_command_finishes_the_work(cli: Cli, command: str) -> None:
    if command == "delete":
        cli.ok("create", "demo", "--no-verify")
    yes = ["--yes"] if command == "delete" else ["--no-verify"]
    begun = cli.ok(command, "demo", *yes, "--no-wait", "-o", "json").json
    again = begun["nextCommands"][0]
    assert again == shlex.join(["ackgpu", command, "demo", *yes, "-o", "json"])
    follow(cli, [again], command)
    listed = cli.ok("list", "-o", "name").out.split()
    assert listed == (["demo"] if command == "create" else [])
    if command == "delete":
        assert cli.account() == {}


def test_an_empty_list_says_how_to_begin_in_the_same_cloud(cli: Cli) -> None:
    listed = cli("list", "--emulator", env=EMULATED)
    assert "ackgpu create demo --emulator" in listed.out


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    ["verify demo", "run-sample demo", "manifest sample demo", "kubeconfig write demo",
     "kubeconfig show demo"],
)  # fmt: skip
def test_nothing_waits_for_the_kubeconfig_of_a_cluster_that_failed(cli: Cli, line: str) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "cluster_failed"}]})
    assert cli("create", "demo").code == 11
    ended = cli(*line.split())
    assert ended.code == 11
    assert "run it again" not in ended.err
    commands = named(ended.err)
    assert ["describe", "demo", "--events"] in commands
    assert ["delete", "demo"] in commands
    if line.startswith("verify"):
        cli.ok("delete", "demo", "--yes", "--no-wait")
        going = cli(*line.split())
        assert going.code == 11
        assert named(going.err) == [["wait", "demo", "--for", "deleted"], ["delete", "demo"]]


def test_a_context_without_its_kubeconfig_is_refused(cli: Cli) -> None:
    ended = cli("verify", "demo", "--context", "foo")
    assert ended.code == 2
    assert "--context foo" in ended.err
    assert "--kubeconfig" in ended.err
    assert list(cli.emulator.requests) == []
