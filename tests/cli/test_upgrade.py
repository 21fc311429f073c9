"""Upgrades: ACK's check first, then the control plane, then the kubelets where asked for."""

from __future__ import annotations

import pytest
from support.cli import Cli

from tests.cli.machines import asked, bodies


@pytest.fixture
def old(cli: Cli) -> Cli:
    """A shell on an account that has a cluster of an older version."""
    cli.ok("create", "demo", "--nodes", "1", "--kubernetes-version", "1.34")
    cli.emulator.requests.clear()
    return cli


def version(cli: Cli) -> str:
    found: str = cli.ok("describe", "demo", "-o", "json").json["cluster"]["version"]
    return found


def test_the_next_version_comes_after_the_check(old: Cli) -> None:
    before = version(old)
    done = old.ok("upgrade", "demo", "-y", "-o", "json").json
    assert (done["from"], done["to"]) == (before, version(old))
    assert done["to"] > before
    assert asked(old) == ["RunClusterCheck", "UpgradeCluster"]
    assert old.ok("create", "demo", "--nodes", "1", "-o", "json").json["changed"] is False


def test_the_kubelets_follow_where_asked_for(old: Cli) -> None:
    old.ok("upgrade", "demo", "-y", "--node-pools")
    assert asked(old) == ["RunClusterCheck", "UpgradeCluster", "UpgradeClusterNodepool"]
    assert [node["kubelet_version"] for node in bodies(old, "node")] == [version(old)]
    assert old.ok("verify", "demo").code == 0


def test_it_asks_and_a_dry_run_or_a_check_changes_nothing(old: Cli) -> None:
    before = version(old)
    refused = old("upgrade", "demo")
    assert refused.code == 2
    assert "--yes" in refused.err
    shown = old.ok("upgrade", "demo", "--dry-run", "--node-pools", "-o", "json").json
    assert [s["action"] for s in shown["steps"]] == ["CHECK", "CHANGE", "CHANGE"]
    assert asked(old) == []
    old.ok("upgrade", "demo", "--check-only")
    assert asked(old) == ["RunClusterCheck"]
    assert version(old) == before


def test_a_version_cannot_be_skipped_and_the_newest_has_no_next(old: Cli) -> None:
    refused = old("upgrade", "demo", "--to", "1.99", "-y")
    assert refused.code == 3
    assert "offered: 1." in refused.err
    newest = old.ok("create", "newest", "--nodes", "1", "-o", "json").json["cluster"]["version"]
    nothing = old.ok("upgrade", "newest", "-y", "-o", "json").json
    assert (nothing["from"], nothing["to"]) == (newest, newest)
    assert old("upgrade", "nothing", "-y").code == 5


def test_a_version_that_it_has_is_said_while_there_are_newer_ones(old: Cli) -> None:
    said = old.ok("upgrade", "demo", "--to", "1.34", "-y").out
    assert f"demo runs {version(old)} already" in said
    assert asked(old) == []
