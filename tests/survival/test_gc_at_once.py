"""``gc`` removes several clusters at once: one table, and no failure ends another's removal."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on
from survival.machine import Machine

from ackgpu.emulator import Emulator
from ackgpu.emulator.store import Doc

NAMES = ("ci-1", "ci-2", "ci-3")
GC = ("gc", "--older-than", "1s", "--execute", "-y")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell on an account with three clusters."""
    with cli_on(tmp_path / "user", capsys) as cli:
        for name in NAMES:
            cli.ok("create", name, "--nodes", "1", "--no-verify")
        cli.emulator.requests.clear()
        yield cli


def clusters(emulator: Emulator) -> list[Doc]:
    with emulator.backend.transaction() as session:
        return session.find("cluster", at=emulator.backend.timeline_now(session))


def protect(emulator: Emulator, name: str) -> None:
    with emulator.backend.transaction(write=True) as session:
        at = emulator.backend.timeline_now(session)
        [cluster] = session.find("cluster", at=at, name=name)
        cluster.body["deletion_protection"] = True
        session.put(cluster)


@pytest.mark.long
def test_each_is_asked_to_go_before_the_first_is_gone(shell: Cli) -> None:
    ended = shell.ok(*GC, "-o", "json")
    assert {row["cluster"] for row in ended.json["found"]} == set(NAMES)
    assert all(row["removed"] for row in ended.json["found"])
    assert shell.account() == {}
    actions = [entry.action for entry in shell.emulator.requests]
    asked = [n for n, action in enumerate(actions) if action == "DeleteCluster"]
    [first_gone] = [n for n, action in enumerate(actions) if action == "DeleteVpc"][:1]
    assert len(asked) == 3
    assert max(asked) < first_gone


@pytest.mark.long
def test_lines_say_whose_they_are(shell: Cli) -> None:
    ended = shell.ok(*GC)
    for name in NAMES:
        assert f" {name}: cluster deleted " in ended.err
    events = [json.loads(line) for line in shell(*GC, "-o", "jsonl").out.splitlines()]
    assert events[-1]["command"] == "gc"


@pytest.mark.long
def test_a_failure_ends_no_other_removal_and_decides_the_exit_code(shell: Cli) -> None:
    protect(shell.emulator, "ci-2")
    ended = shell(*GC, "-o", "json")
    assert ended.code == 6
    assert [doc.name for doc in clusters(shell.emulator)] == ["ci-2"]
    removed = {(row["cluster"], row["removed"]) for row in ended.json["found"]}
    assert removed == {("ci-1", True), ("ci-2", False), ("ci-3", True)}
    assert any("ci-2 in cn-hangzhou" in warning for warning in ended.json["warnings"])


@pytest.mark.long
def test_events_of_several_name_their_cluster(shell: Cli) -> None:
    *events, result = [json.loads(line) for line in shell.ok(*GC, "-o", "jsonl").out.splitlines()]
    assert {event["subject"] for event in events} == set(NAMES)
    assert result["exitCode"] == 0


@pytest.mark.long
def test_a_signal_stops_all_of_them_at_a_safe_point(tmp_path: Path) -> None:
    with Emulator(speed=200, seed=7) as emulator:
        machine = Machine(tmp_path / "user", emulator.env)
        for name in NAMES:
            ended = machine.run("create", name, "--nodes", "1", "--no-verify", "--timeout", "24h")
            assert ended.returncode == 0, ended.stderr
        with machine.start(*GC, "--timeout", "24h") as process:
            assert process.stderr is not None
            seen = ""
            while "cluster deleting" not in seen and process.poll() is None:
                seen = process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate(timeout=60)
        assert process.returncode == 143, rest
        assert "ackgpu gc" in rest
        ended = machine.run(*GC, "--timeout", "24h")
        assert ended.returncode == 0, ended.stderr
        assert clusters(emulator) == []
