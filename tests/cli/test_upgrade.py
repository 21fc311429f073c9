"""Upgrades: ACK's check first, then the control plane, then the kubelets where asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from emulator.kube.api import Api
from support.cli import Cli
from survival.machine import put_in_state

from tests.cli.machines import asked


@pytest.fixture
def old(cli: Cli) -> Cli:
    """A shell on an account that has a cluster of an older version."""
    cli.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.34")
    cli.emulator.requests.clear()
    return cli


def version(cli: Cli) -> str:
    found: str = cli.ok("describe", "demo", "-o", "json").json["cluster"]["version"]
    return found


def kubelets(cli: Cli) -> list[str]:
    """The versions that the nodes tell Kubernetes."""
    (cluster,) = cli.ok("list", "-o", "json").json["clusters"]
    nodes = Api(cli.emulator, cluster["id"]).get("/api/v1/nodes")["items"]
    return [node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes]


@pytest.mark.long
def test_the_next_version_comes_after_the_check(old: Cli) -> None:
    before = version(old)
    done = old.ok("upgrade", "demo", "-y", "-o", "json").json
    assert (done["from"], done["to"]) == (before, version(old))
    assert done["to"] > before
    assert asked(old) == ["RunClusterCheck", "TagResources", "UpgradeCluster", "TagResources"]
    assert old.ok("create", "demo", "--nodes", "1", "-o", "json").json["changed"] is False


@pytest.mark.long
def test_the_kubelets_follow_where_asked_for(old: Cli) -> None:
    old.ok("upgrade", "demo", "-y", "--node-pools")
    made = [action for action in asked(old) if action != "TagResources"]
    assert made == ["RunClusterCheck", "UpgradeCluster", "UpgradeClusterNodepool"]
    assert kubelets(old) == [f"v{version(old)}"]
    assert old.ok("verify", "demo").code == 0


@pytest.mark.long
def test_it_asks_and_a_dry_run_or_a_check_changes_nothing(old: Cli) -> None:
    before = version(old)
    refused = old("upgrade", "demo")
    assert refused.code == 2
    assert "--yes" in refused.err
    shown = old.ok("upgrade", "demo", "--dry-run", "--node-pools", "-o", "json").json
    assert [s["action"] for s in shown["steps"]] == ["CHECK", "CHECK", "CHANGE", "CHANGE"]
    assert asked(old) == []
    old.ok("upgrade", "demo", "--check-only")
    assert asked(old) == ["RunClusterCheck"]
    assert version(old) == before


@pytest.mark.long
def test_a_version_cannot_be_skipped_and_the_newest_has_no_next(old: Cli) -> None:
    refused = old("upgrade", "demo", "--to", "1.99", "-y")
    assert refused.code == 3
    assert "offered: 1." in refused.err
    assert "is not 1.34" in old("upgrade", "demo", "--to", "foo", "-y").err
    newest = old.ok("create", "newest", "--nodes", "1", "-o", "json").json["cluster"]["version"]
    nothing = old.ok("upgrade", "newest", "-y", "-o", "json").json
    assert (nothing["from"], nothing["to"]) == (newest, newest)
    back = old("upgrade", "newest", "--to", "1.30", "-y")
    assert back.code == 3
    assert "no way back to an older one" in back.err
    assert old("upgrade", "nothing", "-y").code == 5


def test_a_version_that_it_has_is_said_while_there_are_newer_ones(old: Cli) -> None:
    said = old.ok("upgrade", "demo", "--to", "1.34", "-y").out
    assert f"demo runs {version(old)} already" in said
    assert asked(old) == []


@pytest.mark.long
def test_no_wait_ends_once_the_upgrade_was_asked_for(old: Cli) -> None:
    said = old.ok("upgrade", "demo", "-y", "--no-wait").out
    assert "demo is being upgraded" in said
    assert asked(old) == ["RunClusterCheck", "TagResources", "UpgradeCluster"]


@pytest.mark.long
def test_the_command_for_the_kubelets_upgrades_nothing_else(old: Cli) -> None:
    done = old.ok("upgrade", "demo", "-y", "-o", "json").json
    follow = done["nodes"].partition(": ackgpu ")[2]
    assert f"--to {done['to']}" in follow
    old.emulator.requests.clear()
    old.ok(*follow.split(), "-y")
    assert version(old) == done["to"]
    assert "UpgradeCluster" not in asked(old)


@pytest.mark.long
def test_an_upgrade_that_ended_after_it_was_cut_off_is_said_once(old: Cli) -> None:
    before = version(old)
    with old.at_speed(20):
        assert old("upgrade", "demo", "-y", "--timeout", "1m").code == 7
    while version(old) == before:
        continue
    assert "is upgraded to" in old.ok("upgrade", "demo", "-y").out
    first = version(old)
    old.ok("upgrade", "demo", "-y")
    assert version(old) > first


@pytest.mark.long
def test_an_upgrade_that_ended_unseen_is_repeated_from_elsewhere_no_further(
    old: Cli, tmp_path: Path
) -> None:
    before = version(old)
    with old.at_speed(20):
        assert old("upgrade", "demo", "-y", "--timeout", "1m").code == 7
    while version(old) == before:
        continue
    first = version(old)
    old.env["ACKGPU_STATE_DIR"] = str(tmp_path / "elsewhere")
    shown = old.ok("upgrade", "demo", "--dry-run", "-o", "json").json
    assert shown["to"] == first
    assert f"demo is upgraded to {first}" in old.ok("upgrade", "demo", "-y").out
    assert version(old) == first
    old.ok("upgrade", "demo", "-y")
    assert version(old) > first


@pytest.mark.long
@pytest.mark.parametrize(
    ("state", "code"), [("failed", 11), ("delete_failed", 11), ("deleting", 5)]
)
def test_a_cluster_that_will_not_run_again_is_not_waited_for(
    old: Cli, state: str, code: int
) -> None:
    put_in_state(old.emulator, "cluster", state)
    assert old("upgrade", "demo", "-y").code == code
    assert asked(old) == []


@pytest.mark.long
@pytest.mark.parametrize("state", ["deleting", "delete_failed", "failed"])
def test_pools_are_looked_at_before_the_control_plane_is_upgraded(old: Cli, state: str) -> None:
    put_in_state(old.emulator, "nodepool", state)
    assert old("upgrade", "demo", "--node-pools", "-y").code == 6
    assert asked(old) == []
