"""Several regions at once, of which some cannot be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on

from tests.cli.machines import as_user_with

OPEN, DENIED = "cn-shanghai", "cn-hangzhou"
GC = ("gc", "--older-than", "0s", "--all-regions")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    regions = {"regions": [DENIED, OPEN, "cn-beijing"]}
    with cli_on(tmp_path / "user", capsys, enforce_ram=True, scenario=regions) as shell:
        yield shell


@pytest.fixture
def denied(cli: Cli) -> dict[str, str]:
    """The environment of a RAM user to whom the VPCs of one region are closed."""
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "vpc:*", "Resource": f"acs:vpc:{DENIED}:*:*"},
    ]
    return as_user_with(cli, *statements)


@pytest.mark.long
def test_a_region_that_is_denied_does_not_hide_the_clusters_of_the_others(
    cli: Cli, denied: dict[str, str]
) -> None:
    cli.ok("create", "demo", "--region", OPEN, "--nodes", "1")
    listed = cli("list", "--all-regions", "-o", "json", env=denied)
    assert listed.code == 4, listed.err
    assert [row["name"] for row in listed.json["clusters"]] == ["demo"]
    assert listed.json["unreadRegions"] == [DENIED]
    assert DENIED not in listed.json["regions"]
    (warning,) = listed.json["warnings"]
    assert warning.startswith(f"{DENIED} was not looked at: ")
    assert f"! {warning}" in listed.err.replace("\n  ", " ")
    assert listed.json["error"]["code"] == "Forbidden.RAM"


@pytest.mark.long
def test_gc_collects_elsewhere_before_it_fails_for_a_region(
    cli: Cli, denied: dict[str, str]
) -> None:
    cli.ok("create", "demo", "--region", OPEN, "--nodes", "1")
    seen = cli(*GC, "-o", "json", env=denied)
    assert seen.code == 4, seen.err
    assert {row["region"] for row in seen.json["found"]} == {OPEN}
    assert seen.json["unreadRegions"] == [DENIED]
    done = cli(*GC, "--execute", "-y", "-o", "json", env=denied)
    assert done.code == 4, done.err
    assert all(row["removed"] for row in done.json["found"])
    assert done.json["warnings"][0].startswith(f"{DENIED} was not looked at: ")
    assert "cluster" not in cli.account()


@pytest.mark.parametrize("command", [("list", "--all-regions"), GC])
def test_a_region_that_fails_is_named(cli: Cli, command: tuple[str, ...]) -> None:
    failure = {"effect": "error", "action": "DescribeVpcs", "code": "Odd", "status": 400}
    cli.emulator.set_faults({"faults": [{**failure, "calls": 2}]})
    ended = cli(*command, "-o", "json")
    assert ended.code == 11, ended.err
    (region,) = ended.json["unreadRegions"]
    assert ended.json["warnings"][0].startswith(f"{region} was not looked at: ")


@pytest.mark.parametrize("command", ["list", "gc"])
@pytest.mark.parametrize("flags", [(), ("--all-regions",)])
def test_where_no_region_can_be_looked_at_there_is_no_result(
    cli: Cli, command: str, flags: tuple[str, ...]
) -> None:
    failure = {"effect": "error", "action": "DescribeVpcs", "code": "Odd", "status": 400}
    cli.emulator.set_faults({"faults": [failure]})
    ended = cli(command, *flags)
    assert (ended.code, ended.out) == (11, "")
