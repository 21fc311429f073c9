"""``verify`` while it runs: a line a node that moves, in place on a terminal; counts of many."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from gpu.lab import Lab
from support.cli import Cli


def lines_of(err: str, node: str) -> list[str]:
    """What was said of a node by the CUDA sample's step, without the time."""
    found = re.findall(rf"^\S+Z cuda sample {re.escape(node)}(.*)$", err, re.MULTILINE)
    assert found, err
    return found


@pytest.mark.long
def test_each_node_has_a_line_for_each_state(lab: Lab) -> None:
    ended = lab.verify("--level", "cuda")
    assert ended.code == 0, ended.err
    for node in lab.nodes:
        said = lines_of(ended.err, node)
        assert said[-1].startswith(" passed: ")
        assert "driver" in said[-1]
        assert len(said) == len(set(said)) > 1


@pytest.mark.long
def test_a_node_that_fails_says_why_and_the_others_pass(lab: Lab) -> None:
    lab.faults({"kind": "driver_mismatch", "node": 1})
    ended = lab.verify("--level", "cuda")
    assert ended.code == 9
    good, bad = lab.nodes
    assert lines_of(ended.err, good)[-1].startswith(" passed: ")
    assert lines_of(ended.err, bad)[-1].startswith(" failed: driver: ")


@pytest.mark.long
def test_programs_get_an_event_for_each(lab: Lab) -> None:
    ended = lab.verify("--level", "cuda", "-o", "jsonl")
    events = [json.loads(line) for line in ended.out.splitlines()]
    moved = [e for e in events if e["type"] == "PartMoved" and e["step"] == "cuda sample"]
    assert {(e["part"], e["standing"]) for e in moved} >= {(n, "done") for n in lab.nodes}
    assert "cuda sample" not in ended.err


@pytest.mark.long
def test_of_many_nodes_those_in_trouble_are_told_of_and_the_rest_is_counted(lab: Lab) -> None:
    for _ in range(20):
        lab.add_node()
    lab.faults({"kind": "driver_mismatch", "node": 3})
    ended = lab.verify("--level", "cuda", "--timeout", "2h")
    assert ended.code == 9
    named = {name for name in lab.nodes if f"cuda sample {name}" in ended.err}
    assert named == {lab.nodes[3]}
    assert re.search(r"cuda sample: \d+ of 22 done", ended.err)


def test_each_pass_says_how_many_were_verified(lab: Lab) -> None:
    ended = lab.verify("--count", "3")
    assert ended.code == 0
    told = re.findall(r"^pass (\d) of 3: (\d of \d) GPU nodes verified$", ended.err, re.MULTILINE)
    assert told == [("1", "2 of 2"), ("2", "2 of 2"), ("3", "2 of 2")]
    assert lab.verify("--count", "2", "-q").err == ""
    assert lab.verify().err == ""


@pytest.mark.long
def test_on_a_terminal_the_nodes_stand_under_their_step(lab: Lab) -> None:
    screen = on_terminal(lab.cli, "verify", "--kubeconfig", str(lab.path), "--level", "cuda")
    last = screen.rpartition("\x1b[2K")[2].splitlines()
    for node in lab.nodes:
        assert any(re.match(rf"\s+✓ {re.escape(node)}  .*driver", line) for line in last), last


def on_terminal(cli: Cli, *words: str) -> str:
    """stderr and stdout of a command on a terminal of 100 columns."""
    primary, secondary = pty.openpty()
    env = {key: value for key, value in cli.env.items() if key != "CI"}
    env |= {"PYTHONIOENCODING": "utf-8", "COLUMNS": "100", "LINES": "40"}
    line = (sys.executable, "-m", "ackgpu", *words, "--color", "never")
    seen = b""
    with subprocess.Popen(line, env=env, stdin=secondary, stdout=subprocess.DEVNULL,
                          stderr=secondary):  # fmt: skip
        os.close(secondary)
        while True:
            try:
                piece = os.read(primary, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
    os.close(primary)
    return seen.decode(errors="replace").replace("\r", "")
