"""``list --watch``, ``describe --watch``: what changes is shown, with few calls, until Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.cli import Cli

LIST, DESCRIBE = ("list",), ("describe", "demo")


@contextmanager
def watched(cli: Cli, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A watch in a process of its own, without a terminal."""
    line = (sys.executable, "-m", "ackgpu", *words, "--watch")
    with subprocess.Popen(
        line, env=cli.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The next line of stdout that holds ``text``; fails at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"no line has {text!r}")


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_change_of_the_list_is_a_line_and_a_signal_ends_it_in_silence(
    cli: Cli, number: int
) -> None:
    with watched(cli, *LIST) as process:
        line_with(process, "ackgpu create demo")
        cli.ok("create", "demo", "--nodes", "0", "--no-verify")
        line_with(process, "demo in cn-hangzhou state: ")
        cli.ok("extend", "demo", "--ttl", "5h")
        assert "Z demo in cn-hangzhou expires: never → " in line_with(process, "expires: never →")
        assert ended(process, number) == (128 + number, "")


@pytest.mark.long
def test_a_description_tells_of_its_pools_until_nothing_is_left(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    with watched(cli, *DESCRIBE) as process:
        line_with(process, "pod CIDR")
        cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "0", "-y")
        assert "→ active, 0 of 0 healthy" in line_with(process, "of 0 healthy")
        cli.ok("delete", "demo", "-y")
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "There is no cluster demo" in err


@pytest.mark.long
@pytest.mark.parametrize("words", [LIST, DESCRIBE])
def test_a_document_a_change_is_a_line_each(cli: Cli, words: tuple[str, ...]) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    with watched(cli, *words, "-o", "jsonl") as process:
        first = json.loads(line_with(process, "Result"))
        assert (first["type"], first["command"], first["emulated"]) == ("Result", words[0], True)
        cli.ok("extend", "demo", "--ttl", "5h")
        second = json.loads(line_with(process, "Result"))
        assert "expires" in json.dumps(second)
        assert first != second
        assert ended(process, signal.SIGINT) == (130, "")


@pytest.mark.long
@pytest.mark.parametrize("words", [LIST, DESCRIBE])
def test_a_look_that_fails_for_a_while_is_a_warning_and_the_next_one_is_made(
    cli: Cli, words: tuple[str, ...]
) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    with watched(cli, *words) as process:
        line_with(process, "demo")
        down = {"effect": "error", "status": 503, "product": "cs", "action": "*"}
        cli.emulator.set_faults({"faults": [down]})
        assert process.stderr is not None
        assert "Looking again in 1 s." in next(iter(process.stderr))
        cli.emulator.set_faults({"faults": []})
        cli.ok("extend", "demo", "--ttl", "5h")
        line_with(process, "expires: never →")
        assert ended(process, signal.SIGINT)[0] == 130


@pytest.mark.long
def test_a_look_costs_few_calls(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    each_look = {LIST: ("DescribeVpcs", 4), DESCRIBE: ("DescribeClusterNodePools", 3)}
    for words, (action, most) in each_look.items():
        with watched(cli, *words) as process:
            line_with(process, "demo")
            cli.emulator.requests.clear()
            while calls(cli)[action] < 4:
                assert process.poll() is None
            made = calls(cli)
            assert sum(made.values()) <= most * (made[action] + 1), made
            assert ended(process, signal.SIGINT)[0] == 130


def calls(cli: Cli) -> Counter[str]:
    return Counter(entry.action for entry in cli.emulator.requests)


@pytest.mark.long
def test_a_reader_that_leaves_ends_it(cli: Cli) -> None:
    with watched(cli, *LIST) as process:
        line_with(process, "ackgpu create demo")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("output", ["json", "yaml", "name"])
def test_one_document_is_no_watch(cli: Cli, output: str) -> None:
    result = cli("list", "--watch", "-o", output)
    assert result.code == 2
    assert "-o jsonl" in result.err


def test_a_name_that_is_not_there_is_not_watched(cli: Cli) -> None:
    assert cli("describe", "other", "--watch").code == 5


@pytest.mark.long
def test_on_a_terminal_the_table_is_drawn_in_place_and_the_cursor_comes_back(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "0", "--no-verify")
    primary, secondary = pty.openpty()
    env = {**cli.env, "COLUMNS": "100", "LINES": "30"}
    env.pop("CI", None)
    line = (sys.executable, "-m", "ackgpu", "list", "--watch", "--color", "never")
    with subprocess.Popen(
        line, env=env, stdin=secondary, stdout=secondary, stderr=secondary
    ) as process:
        os.close(secondary)
        seen = b""
        while seen.count(b"Ctrl-C ends") < 3:
            seen += os.read(primary, 65536)
        process.send_signal(signal.SIGINT)
        seen += drained(primary)
        code = process.wait(timeout=60)
    os.close(primary)
    assert code == 130
    assert seen.count(b"demo") >= 3
    assert b"\x1b[1A" in seen
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")


def drained(descriptor: int) -> bytes:
    """What comes until the other side is closed."""
    seen = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            return seen
        if not piece:
            return seen
        seen += piece
