"""Trouble on the machine that ackgpu runs on: its journal, its clock, its disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.cli import Cli


def journal_of(cli: Cli, name: str = "demo") -> Path:
    """The journal of the one cluster that this machine knows by that name."""
    state = Path(cli.env["ACKGPU_STATE_DIR"])
    (found,) = state.glob(f"clusters/*/*/{name}/journal.jsonl")
    return found


def test_a_journal_of_garbage_keeps_no_command_from_its_work(cli: Cli) -> None:
    cli.ok("create", "demo")
    with journal_of(cli).open("ab") as journal:
        journal.write(b'\xff\xfe\x00\nnull\n{"type": "intent", "step": "vpc"}\n')
    assert "no run is unfinished" in cli.ok("doctor").out
    assert cli.ok("create", "demo", "-o", "json").json["changed"] is False
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


def asked_in_a_month(cli: Cli) -> None:
    """Write the journal as a clock does that was set back afterwards."""
    wall = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    with journal_of(cli).open("a") as journal:
        journal.write(json.dumps({"type": "intent", "step": "vpc", "wall": wall}) + "\n")


def test_a_clock_that_was_set_back_keeps_nobody_waiting(cli: Cli) -> None:
    cli.ok("create", "demo")
    asked_in_a_month(cli)
    cli.ok("delete", "demo", "-y", "--timeout", "30m")
    assert cli.account() == {}


def test_a_deletion_waits_for_the_journal_no_longer_than_its_timeout(cli: Cli) -> None:
    cli.ok("create", "demo")
    asked_in_a_month(cli)
    slower = {"ACKGPU_CLOCK_SPEED": "60"}  # a busy machine must not take the 30 s for itself
    ended = cli("delete", "demo", "-y", "--timeout", "1s", env=slower)
    assert ended.code == 7
    assert "ackgpu delete demo -y --timeout 1s" in ended.err
    assert cli.account()["cluster"]
