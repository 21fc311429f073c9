"""``list``: what it says of what is there, and of what it was told to leave out."""

from __future__ import annotations

import pytest
from support.cli import Cli

MADE = ("create", "demo", "--nodes", "0", "--no-verify", "--no-wait")


@pytest.mark.parametrize(
    "narrowed", [("-l", "team=ml"), ("--expired",), ("--expired", "-l", "team=ml")]
)
def test_clusters_that_are_left_out_are_not_denied(cli: Cli, narrowed: tuple[str, ...]) -> None:
    cli.ok(*MADE)
    told = cli.ok("list", *narrowed).out.split("\n\n")
    flags = " ".join(narrowed)
    assert told == [f"No clusters of ackgpu in cn-hangzhou with {flags}.", "  ackgpu list\n"]


@pytest.mark.long
def test_a_document_says_what_was_left_out(cli: Cli) -> None:
    cli.ok(*MADE)
    ended = cli.ok("list", "--all-regions", "--expired", "-l", "team=ml", "-o", "json").json
    assert ended["clusters"] == []
    assert ended["selection"] == ["--expired", "-l team=ml"]
    assert ended["nextCommands"] == ["ackgpu list --all-regions"]


def test_a_network_with_a_tag_that_its_cluster_lacks_is_not_unfinished(cli: Cli) -> None:
    cli.ok(*MADE)
    with cli.emulator.backend.transaction(write=True) as session:
        (vpc,) = session.find("vpc", at=cli.emulator.backend.timeline_now(session))
        vpc.body["Tags"]["team"] = "ml"
        session.put(vpc)
    assert cli.ok("list", "-l", "team=ml", "-o", "json").json["clusters"] == []
