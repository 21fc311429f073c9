"""``wait`` for what nobody makes, and ``delete --no-wait`` for what a second one has to remove."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import Cli

GOALS = ("nodes", "gpu")


@pytest.mark.long
@pytest.mark.parametrize("goal", GOALS)
def test_what_no_create_goes_on_with_is_not_waited_for(cli: Cli, goal: str) -> None:
    words = ("create", "demo", "--nodes", "1", "--no-verify")
    cli.ok(*words, "--no-wait")
    ended = cli("wait", "demo", "--for", goal, "--timeout", "24h")
    assert ended.code == 5
    assert f"`ackgpu {' '.join(words)}` goes on with the rest" in ended.err
    assert "running" not in ended.out
    cli.ok(*words)
    cli.ok("wait", "demo", "--for", "nodes")


@pytest.mark.long
def test_a_create_that_was_stopped_is_named_whole(cli: Cli) -> None:
    with cli.at_speed(60):
        assert cli("create", "demo", "--nodes", "1", "--timeout", "2m").code == 7
    ended = cli("wait", "demo", "--for", "gpu", "--timeout", "24h")
    assert ended.code == 5
    assert "`ackgpu create demo --nodes 1 --timeout 2m` goes on with the rest" in ended.err


@pytest.mark.long
def test_from_elsewhere_it_is_given_time_to_ask_for_its_pools(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--no-wait")
    cli.env["ACKGPU_STATE_DIR"] = str(tmp_path / "elsewhere")
    ended = cli("wait", "demo", "--for", "nodes", "--timeout", "24h", "-o", "json")
    assert ended.code == 5
    assert "with the flags or the file" in ended.json["error"]["resolution"]


def test_the_control_plane_alone_is_waited_for_all_the_same(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-wait")
    cli.ok("wait", "demo", "--for", "cluster")


@pytest.mark.long
def test_a_deletion_that_is_not_waited_for_says_what_the_next_one_removes(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    said = cli.ok("delete", "demo", "-y", "--no-wait").out
    assert "1 NatGateway" in said
    assert "billed until then" in said
    assert "ackgpu delete demo -y" in said
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_cluster_without_a_gpu_node_has_none_that_is_verified(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    cli.ok("sleep", "demo", "--yes")
    cli.ok("wait", "demo", "--for", "nodes")
    asleep = cli("wait", "demo", "--for", "gpu")
    assert (asleep.code, asleep.out) == (9, "")
    assert "ackgpu wake demo" in asleep.err
    cli.ok("wake", "demo")
    cli.ok("wait", "demo", "--for", "gpu")


@pytest.mark.long
def test_a_deletion_that_finds_the_cluster_gone_says_that_all_is_gone(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    cli.ok("delete", "demo", "--yes", "--no-wait")
    cli("wait", "demo", "--for", "deleted", "--timeout", "30m")
    ended = cli.ok("delete", "demo", "--yes", "--no-wait", "-o", "json").json
    assert cli.account() == {}
    assert (ended["complete"], ended["waited"], ended["nextCommands"]) == (True, True, [])
