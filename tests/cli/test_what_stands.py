"""A failure, and a stop, say what stands and what it costs, in the document and in the text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.cli import Cli

from ackgpu.app import Parts
from ackgpu.cloud.api import Cloud
from ackgpu.errors import Interrupted
from ackgpu.main import main

ODD = {"action": "CreateClusterNodePool", "effect": "error", "status": 400, "code": "Odd"}
STOCK_OUT = {"kind": "stock_out", "announced": False}


def spoiled(cli: Cli, fault: dict[str, object]) -> None:
    cli.emulator.set_faults({"faults": [fault]})


@pytest.mark.long
@pytest.mark.parametrize(("code", "fault"), [(11, ODD), (8, STOCK_OUT)])
def test_the_document_of_a_failure_holds_what_stands(
    cli: Cli, code: int, fault: dict[str, object]
) -> None:
    spoiled(cli, fault)
    ended = cli("create", "demo", "-o", "json")
    assert ended.code == code
    types = {row["type"]: row for row in ended.json["resources"]}
    assert {"Vpc", "VSwitch", "NatGateway", "Eip", "Cluster", "SecurityGroup"} <= set(types)
    assert types["Cluster"]["state"] == "running"
    assert types["NatGateway"]["billable"]
    assert ended.json["durations"]["total"] > 0
    assert ended.json["hourly"]["unpriced"] == []
    assert ended.json["hourly"]["amount"] > 0


@pytest.mark.long
def test_the_text_of_a_failure_ends_with_it_in_two_lines(cli: Cli) -> None:
    spoiled(cli, ODD)
    lines = cli("create", "demo").err.splitlines()
    stands, way_on = lines[-3:-1]
    assert "1 cluster" in stands
    assert "1 NAT gateway" in stands
    assert "an hour" in stands
    assert "`ackgpu create demo`" in way_on
    assert "`ackgpu delete demo`" in way_on


@pytest.mark.long
def test_a_create_that_ran_out_of_time_says_what_it_has_made(cli: Cli) -> None:
    with cli.at_speed(60):
        ended = cli("create", "demo", "--timeout", "2m", "-o", "json")
    assert ended.code == 7
    assert {row["id"] for row in ended.json["resources"]} >= {*cli.account()["vpc"]}
    assert ended.json["durations"]


@pytest.mark.long
def test_a_change_that_failed_says_what_stands(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    spoiled(cli, {"kind": "node_never_joins"})
    ended = cli(
        "nodepool", "scale", "demo", "gpu", "--nodes", "2", "--timeout", "20m", "-o", "json"
    )
    assert ended.code == 11
    assert "Instance" in {row["type"] for row in ended.json["resources"]}
    assert ended.json["hourly"]["amount"] > 0


@pytest.mark.long
def test_describe_says_what_it_costs_and_has_cost(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "3h")
    row = cli.ok("describe", "demo", "-o", "json").json["cluster"]
    assert row["hourly"]["amount"] > 0
    assert row["costSoFar"] >= 0
    text = cli.ok("describe", "demo").out
    assert "an hour" in text
    assert "so far" in text
    assert "expires" in text


@pytest.mark.long
def test_what_is_deleted_is_told_once_and_with_that_state(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    told = cli.ok("delete", "demo", "-y", "-o", "json").json["resources"]
    ids = [row["id"] for row in told]
    assert len(ids) == len(set(ids))
    assert {row["state"] for row in told} == {"deleted"}
    assert not any(row["billable"] for row in told)


@pytest.mark.long
def test_a_dry_run_says_that_nothing_was_deleted_and_counts_by_kind(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    said = cli.ok("delete", "demo", "--dry-run").out
    assert "Nothing was deleted: this is a dry run." in said
    assert "1 NAT gateway" in said
    assert cli.account()["natgateway"][0] in said


@pytest.mark.long
def test_a_rollback_says_that_it_rolled_back(cli: Cli) -> None:
    spoiled(cli, ODD)
    ended = cli("create", "demo", "--on-failure", "rollback")
    assert ended.code == 11
    assert "Rolled back: what this run made is deleted again" in ended.err
    assert "stands" not in ended.err
    assert cli.account() == {}


@pytest.mark.long
def test_a_ttl_says_when_it_ends_and_who_has_to_run_gc(cli: Cli) -> None:
    made = cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "2h", "-o", "json").json
    assert "gc --print-schedule cron" in made["note"]
    assert made["cluster"]["expires"][:13] in made["note"]


@pytest.mark.parametrize("kind", ["cron", "github", "kubernetes"])
def test_the_job_that_runs_gc_is_ready_made(cli: Cli, kind: str) -> None:
    said = cli.ok("gc", "--print-schedule", kind, "--orphans", "--older-than", "6h").out
    assert "ackgpu gc --orphans --older-than 6h --execute --yes --region cn-hangzhou" in said
    assert "17 * * * *" in said
    if kind != "cron":
        assert YAML(typ="safe", pure=True).load(said)
    assert cli("gc", "--print-schedule", "systemd").code == 2


def test_a_printed_job_works_on_the_account_that_it_was_printed_for(cli: Cli) -> None:
    gc = ("gc", "--print-schedule", "cron", "--expired")
    assert "--execute --yes --region cn-hangzhou >>" in cli.ok(*gc).out
    job = " --execute --yes --region cn-hangzhou --profile prod >>"
    assert job in cli.ok(*gc, "--profile", "prod").out
    emulated = {"ACKGPU_EMULATOR": "1"}
    assert "--region cn-hangzhou --emulator >>" in cli(*gc, env=emulated).out
    sleep = ("sleep", "demo", "--at", "20:00", "--print-schedule", "cron")
    assert "--region cn-hangzhou --emulator -y >>" in cli(*sleep, env=emulated).out


@pytest.mark.long
def test_gc_shows_clusters_with_counts_before_it_asks(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    cli.ok("create", "other", "--nodes", "1", "--no-verify")
    said = cli.ok("gc", "--older-than", "1s").out
    assert "Nothing was deleted" in said
    assert len([row for row in said.splitlines() if "1 NAT gateway" in row]) == 2
    asked = cli("gc", "--older-than", "1s", "--execute")
    assert asked.code == 2
    assert "1 NAT gateway" in asked.err
    assert len(cli.account()["cluster"]) == 2


@pytest.mark.long
def test_results_of_an_emulated_cloud_say_so(cli: Cli, tmp_path: Path) -> None:
    assert "emulated: nothing is billed" in cli.ok("create", "demo", "--nodes", "1").out
    assert cli.ok("list", "-o", "json").json["emulated"] is True
    assert cli("describe", "nothing", "-o", "json").json["emulated"] is True
    junit, page = tmp_path / "junit.xml", tmp_path / "page.html"
    cli.ok("verify", "demo", "--junit", str(junit), "--report", str(page))
    assert 'name="emulated" value="yes: nothing is billed' in junit.read_text()
    assert "nothing is billed, and times are emulated" in page.read_text()


def test_a_look_that_fails_does_not_hide_that_the_command_was_stopped(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a Ctrl-C in the middle of an import: what is half loaded fails ever after."""
    failures = [Interrupted("Stopped.", signal_number=2)]

    def half_loaded(_connect: Callable[[], Cloud]) -> Cloud:
        raise failures.pop() if failures else NameError("name 'base_events' is not defined")

    code = main(("delete", "demo", "-y"), cli.env, Parts(cloud=half_loaded))
    assert code == 130
    assert capsys.readouterr().err.startswith("✗ Stopped.")
