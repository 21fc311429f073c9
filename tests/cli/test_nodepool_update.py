"""``nodepool update``: labels, taints and bounds of a pool, in place."""

from __future__ import annotations

from typing import Any

import pytest
from support.cli import Cli

TYPE = ("--instance-type", "ecs.vgn5i-m2.xlarge")


@pytest.fixture
def standing(cli: Cli) -> Cli:
    """A shell on an account with a cluster of one node."""
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", *TYPE)
    cli.emulator.requests.clear()
    return cli


def pool_of(cli: Cli) -> dict[str, Any]:
    """The pool as ACK answers it."""
    backend = cli.emulator.backend
    with backend.transaction() as session:
        return dict(session.find("nodepool", at=backend.timeline_now(session))[0].body)


def nodes_of(cli: Cli) -> list[dict[str, Any]]:
    backend = cli.emulator.backend
    with backend.transaction() as session:
        return [doc.body for doc in session.find("node", at=backend.timeline_now(session))]


@pytest.mark.long
def test_labels_and_taints_reach_the_nodes_that_there_are(standing: Cli) -> None:
    marks = ("--label", "team=sound", "--taint", "dedicated=gpu:NoSchedule")
    ended = standing.ok("nodepool", "update", "demo", "gpu", *marks, "-y", "-o", "json")
    changes = {row["setting"]: (row["before"], row["after"]) for row in ended.json["changes"]}
    assert changes == {
        "nodePools[gpu].labels.team": ("none", "sound"),
        "nodePools[gpu].taints": ("none", "dedicated=gpu:NoSchedule"),
    }
    [node] = nodes_of(standing)
    assert node["labels"]["team"] == "sound"
    assert [(t["key"], t["effect"]) for t in node["taints"]] == [("dedicated", "NoSchedule")]
    again = standing.ok("nodepool", "update", "demo", "gpu", *marks, "-y")
    assert "No changes" in again.out
    away = ("--label", "team-", "--taint", "dedicated-")
    standing.ok("nodepool", "update", "demo", "gpu", *away, "-y")
    [node] = nodes_of(standing)
    assert "team" not in node["labels"]
    assert node["taints"] == []


def test_what_ack_labelled_stays(standing: Cli) -> None:
    before = pool_of(standing)["kubernetes_config"]["labels"]
    standing.ok("nodepool", "update", "demo", "gpu", "--label", "team=sound", "-y")
    after = pool_of(standing)["kubernetes_config"]["labels"]
    assert [row for row in after if row["key"] != "team"] == before


@pytest.mark.long
def test_a_pool_scales_itself_and_then_no_more(standing: Cli) -> None:
    standing.ok("nodepool", "update", "demo", "gpu", "--min", "1", "--max", "3", "-y")
    bounds = pool_of(standing)["auto_scaling"]
    assert (bounds["enable"], bounds["min_instances"], bounds["max_instances"]) == (True, 1, 3)
    standing.ok("nodepool", "update", "demo", "gpu", "--max", "4", "-y")
    assert pool_of(standing)["auto_scaling"]["max_instances"] == 4
    refused = standing("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    assert refused.code == 6
    assert "`ackgpu nodepool update demo gpu --no-autoscaling`" in refused.err
    standing.ok("nodepool", "update", "demo", "gpu", "--no-autoscaling", "-y")
    assert pool_of(standing)["auto_scaling"]["enable"] is False
    assert pool_of(standing)["scaling_group"]["desired_size"] == 1
    standing.ok("nodepool", "scale", "demo", "gpu", "--nodes", "2")
    standing.ok("nodepool", "update", "demo", "gpu", "--autoscaling", "-y")
    assert pool_of(standing)["auto_scaling"]["max_instances"] == 4


@pytest.mark.long
def test_one_that_was_switched_off_and_no_more_gets_its_number(standing: Cli) -> None:
    """As a run leaves it that was killed behind the first of the two calls that it takes."""
    standing.ok("nodepool", "update", "demo", "gpu", "--min", "1", "--max", "3", "-y")
    backend = standing.emulator.backend
    with backend.transaction(write=True) as session:
        [pool] = session.find("nodepool", at=backend.timeline_now(session))
        pool.body["auto_scaling"]["enable"] = False
        session.put(pool)
    standing.ok("nodepool", "update", "demo", "gpu", "--no-autoscaling", "-y")
    assert pool_of(standing)["scaling_group"]["desired_size"] == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "nothing to change"),
        (("--no-autoscaling", "--max", "3"), "takes neither"),
        (("--autoscaling",), "no bounds yet"),
        (("--min", "4", "--max", "2"), "--min 4 is above --max 2"),
        (("--label", "no label=x"), "labels"),
    ],
)
def test_nonsense_is_refused_and_nothing_changed(
    standing: Cli, flags: tuple[str, ...], said: str
) -> None:
    ended = standing("nodepool", "update", "demo", "gpu", *flags, "-y")
    assert ended.code == 2
    assert said in ended.err
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_a_dry_run_shows_and_changes_nothing(standing: Cli) -> None:
    flags = ("--label", "a=b", "--dry-run", "-o", "json")
    ended = standing.ok("nodepool", "update", "demo", "gpu", *flags)
    assert ended.json["applied"] is False
    assert ended.json["changes"][0]["after"] == "b"
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_nobody_to_ask_is_told_what_to_give(standing: Cli) -> None:
    ended = standing("nodepool", "update", "demo", "gpu", "--label", "a=b")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert standing.emulator.requests.writes() == []
