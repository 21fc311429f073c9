"""A name that is not in the command's region: where it is, and the whole command for there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from support.cli import Cli, cli_on

from ackgpu.emulator.shared.catalog import regions

BEIJING = ("-r", "cn-beijing")
COMMANDS = {
    "describe": ("describe", "demo"),
    "verify": ("verify", "demo", "--level", "labels"),
    "wait": ("wait", "demo", "--for", "cluster"),
    "kubeconfig": ("kubeconfig", "show", "demo"),
    "export": ("export", "spec", "demo"),
    "extend": ("extend", "demo", "--ttl", "3h"),
    "nodepool": ("nodepool", "list", "demo"),
    "scale": ("nodepool", "scale", "demo", "gpu", "--nodes", "2", "-y"),
    "node": ("node", "list", "demo"),
    "upgrade": ("upgrade", "demo", "--check-only"),
    "must exist": ("delete", "demo", "-y", "--must-exist"),
}


@pytest.mark.sweep
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_region_and_the_whole_command_are_named(cli: Cli, command: tuple[str, ...]) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *BEIJING)
    ended = cli(*command)
    told = " ".join(ended.err.split())
    assert ended.code == 5
    assert "in cn-hangzhou; there is one in cn-beijing." in told
    assert f"`ackgpu {' '.join(command)} --region cn-beijing`" in told


@pytest.mark.long
def test_a_wait_for_the_end_says_where_the_cluster_still_is(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *BEIJING)
    ended = cli.ok("wait", "demo", "--for", "deleted")
    told = " ".join(ended.err.split())
    assert "demo is in cn-beijing" in told
    assert "`ackgpu wait demo --for deleted --region cn-beijing`" in told


def test_each_region_is_asked_for_one_list(cli: Cli) -> None:
    cli.emulator.requests.clear()
    assert cli("describe", "demo").code == 5
    asked = Counter(entry.action for entry in cli.emulator.requests)
    assert asked["DescribeClustersForRegion"] == len(regions())


@pytest.mark.long
def test_a_flag_that_named_the_wrong_region_is_replaced(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *BEIJING)
    told = " ".join(cli("describe", "demo", "--region", "cn-shanghai", "--events").err.split())
    assert "`ackgpu describe demo --events --region cn-beijing`" in told


@pytest.mark.long
def test_several_regions_have_a_command_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doubts = {"doubts": {"cluster_names": "free"}}
    with cli_on(tmp_path / "free", capsys, scenario=doubts) as cli:
        for region in ("cn-beijing", "cn-shanghai"):
            words = ("--no-verify", "--skip-preflight", "all", "--region", region)
            cli.ok("create", "demo", "--nodes", "1", *words)
        error = cli("describe", "demo", "-o", "json").json["error"]
    made = {"cn-beijing", "cn-shanghai"}
    found = [each["id"] for each in regions() if each["id"] in made]
    assert f"there is one in {', '.join(found)}." in error["message"]
    assert error["resolution"].splitlines() == [
        f"`ackgpu describe demo -o json --region {region}`" for region in found
    ]


def test_what_is_nowhere_is_said_as_before(cli: Cli) -> None:
    ended = cli("describe", "demo")
    assert ended.code == 5
    assert "list --all-regions" in ended.err
    assert "there is one in" not in ended.err


@pytest.mark.long
def test_regions_that_refuse_tell_nothing_and_hide_nothing(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *BEIJING)
    refused = {"effect": "error", "action": "DescribeRegions", "status": 403, "code": "Forbidden"}
    cli.emulator.set_faults({"faults": [refused]})
    ended = cli("describe", "demo")
    assert ended.code == 5
    assert "list --all-regions" in ended.err


@pytest.mark.long
def test_a_part_that_is_missing_is_not_looked_for_elsewhere(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    cli.emulator.requests.clear()
    assert cli("nodepool", "scale", "demo", "nothing", "--nodes", "2", "-y").code == 5
    assert "DescribeRegions" not in {entry.action for entry in cli.emulator.requests}


@pytest.mark.long
def test_a_deletion_where_it_is_not_says_where_it_is(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *BEIJING)
    elsewhere = {"ACKGPU_STATE_DIR": str(tmp_path / "another-machine")}
    ended = cli("delete", "demo", "-y", env=elsewhere)
    assert ended.code == 0
    assert "Nothing to delete: there is no demo in cn-hangzhou." in ended.out
    told = " ".join(ended.err.split())
    assert "demo is in cn-beijing: `ackgpu delete demo -y --region cn-beijing` deletes that" in told
    assert cli.account()["cluster"]
