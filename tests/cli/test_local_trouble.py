"""Trouble on the machine that ackgpu runs on: its journal, its clock, its disk."""

from __future__ import annotations

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
