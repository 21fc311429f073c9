"""Trouble on the machine that ackgpu runs on: its journal, its clock, its disk."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.cli import Cli


def journal_of(cli: Cli, name: str = "demo") -> Path:
    """The journal of the one cluster that this machine knows by that name."""
    state = Path(cli.env["ACKGPU_STATE_DIR"])
    (found,) = state.glob(f"clusters/*/*/{name}/journal.jsonl")
    return found


@pytest.mark.parametrize("command", [("list",), ("config", "show", "-o", "json"), ("version",)])
def test_a_state_directory_in_nobodys_home_is_refused(cli: Cli, command: tuple[str, ...]) -> None:
    refused = cli(*command, env={"ACKGPU_STATE_DIR": "~nobody-of-this-name/state"})
    assert refused.code == 2
    assert "ACKGPU_STATE_DIR" in refused.err
    if "json" in command:
        assert refused.json["exitCode"] == 2


def test_a_relative_state_directory_below_one_that_is_gone_is_refused(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert cli("version", env={"ACKGPU_STATE_DIR": "state"}).code == 2


@pytest.mark.long
def test_a_journal_of_garbage_keeps_no_command_from_its_work(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    with journal_of(cli).open("ab") as journal:
        journal.write(b'\xff\xfe\x00\nnull\n{"type": "intent", "step": "vpc"}\n')
    assert "no run is unfinished" in cli.ok("doctor").out
    assert cli.ok("create", "demo", "--no-verify", "-o", "json").json["changed"] is False
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


def asked_in_a_month(cli: Cli) -> None:
    """Write the journal as a clock does that was set back afterwards."""
    wall = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    with journal_of(cli).open("a") as journal:
        journal.write(json.dumps({"type": "intent", "step": "vpc", "wall": wall}) + "\n")


@pytest.mark.long
def test_a_clock_that_was_set_back_keeps_nobody_waiting(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    asked_in_a_month(cli)
    cli.ok("delete", "demo", "-y", "--timeout", "30m")
    assert cli.account() == {}


@pytest.mark.long
def test_a_deletion_waits_for_the_journal_no_longer_than_its_timeout(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    asked_in_a_month(cli)
    slower = {"ACKGPU_CLOCK_SPEED": "60"}  # a busy machine must not take the 30 s for itself
    ended = cli("delete", "demo", "-y", "--timeout", "1s", env=slower)
    assert ended.code == 7
    assert "ackgpu delete demo -y --timeout 1s" in ended.err
    assert cli.account()["cluster"]


def in_a_shell(cli: Cli, redirected: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Carry a command line out as a process whose streams a shell has ``redirected``."""
    line = ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "ackgpu"]
    return subprocess.run(
        [*line, *arguments], env=cli.env, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.long
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_exit_code(cli: Cli, closed: str) -> None:
    for code, line in ((0, "list"), (5, "describe demo -o json"), (0, "--help"), (2, "nonsense")):
        ended = in_a_shell(cli, closed, *line.split())
        assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr


@pytest.mark.long
def test_what_is_made_and_removed_with_all_streams_closed_is_done(cli: Cli) -> None:
    closed = "<&- >&- 2>&-"
    assert in_a_shell(cli, closed, "create", "demo", "--no-verify").returncode == 0
    assert len(cli.account()["cluster"]) == 1
    assert in_a_shell(cli, closed, "delete", "demo", "-y").returncode == 0
    assert cli.account() == {}


@pytest.mark.long
@pytest.mark.parametrize(
    ("code", "line"),
    [(5, "describe demo -o json"), (3, "check-quota --nodes 90")],
)
def test_a_failure_that_cannot_be_written_down_decides_the_code_all_the_same(
    cli: Cli, code: int, line: str
) -> None:
    ended = in_a_shell(cli, ">/dev/full", *line.split())
    assert ended.returncode == code, ended.stderr
    assert "No space left on device" in ended.stderr
    assert f"exit {code}" in ended.stderr


LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.executable, [sys.executable, "-B", "-m", "ackgpu", *sys.argv[2:]])
"""


def with_little_room(cli: Cli, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Carry a command line out where no file can grow beyond the first lines of a journal."""
    line = [sys.executable, "-B", "-c", LIMITED, "1200"]
    return subprocess.run(
        [*line, *arguments], env=cli.env, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.long
def test_a_disk_that_fills_in_the_middle_ends_a_create_that_names_what_follows(cli: Cli) -> None:
    ended = with_little_room(cli, "create", "demo")
    assert ended.returncode == 2, ended.stderr
    assert "journal.jsonl cannot be used: File too large" in ended.stderr
    assert "`ackgpu create demo` goes on from here" in ended.stderr
    assert "`ackgpu delete demo` removes what exists" in ended.stderr
    made = cli.account()
    assert made["vpc"]
    assert made["vpc"][0] in ended.stderr
    cli.ok("delete", "demo", "-y")
    assert cli.account() == {}


@pytest.mark.long
def test_a_disk_that_fills_in_the_middle_hinders_no_rollback(cli: Cli) -> None:
    ended = with_little_room(cli, "create", "demo", "--on-failure", "rollback")
    assert ended.returncode == 2, ended.stderr
    assert cli.account() == {}


@pytest.mark.long
def test_a_full_disk_hinders_no_deletion(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    ended = with_little_room(cli, "delete", "demo", "-y")
    assert ended.returncode == 0, ended.stderr
    assert "journal.jsonl cannot be used: File too large" in ended.stderr
    assert "The deletion goes on without it" in ended.stderr
    assert cli.account() == {}


@pytest.mark.long
def test_a_machine_that_takes_no_lock_hinders_no_deletion(cli: Cli, tmp_path: Path) -> None:
    cli.ok("create", "demo", "--no-verify")
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("not a directory")
    ended = cli("delete", "demo", "-y", env={"ACKGPU_STATE_DIR": str(in_the_way / "state")})
    assert ended.code == 0, ended.err
    assert "cannot be used" in ended.err
    assert cli.account() == {}
