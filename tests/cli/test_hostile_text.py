"""What the cloud says may hold what moves a cursor: no terminal gets it, and no list of names."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
from ruamel.yaml import YAML
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli

from ackgpu.streams import Streams

HOSTILE = "demo\nother\x1b]0;PWN\x07\x1b[2J\x9b31m\u202eniam\u2066"
ACTIVE = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066")


def rename(cli: Cli) -> None:
    """Somebody has given our cluster another name, everywhere in the account."""
    backend = cli.emulator.backend
    with backend.transaction(write=True) as session:
        for kind in session.kinds(at=backend.timeline_now(session)):
            for doc in session.find(kind):
                doc.name = doc.name.replace("demo", HOSTILE)
                text = json.dumps(doc.body)
                doc.body = json.loads(text.replace("demo", json.dumps(HOSTILE)[1:-1]))
                session.put(doc)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "-v"),
        ("list", "-o", "name"),
        ("list", "-o", "json"),
        ("list", "-o", "jsonl"),
        ("list", "-o", "yaml"),
        ("gc", "--older-than", "1s"),
        ("gc", "--older-than", "1s", "-o", "json"),
    ],
    ids=" ".join,
)
def test_a_name_from_the_cloud_moves_no_cursor(cli: Cli, words: tuple[str, ...]) -> None:
    cli.ok("create", "demo", "--no-verify")
    rename(cli)
    ended = cli(*words)
    for text in (ended.out, ended.err):
        assert not [char for char in ACTIVE if char in text]
    if words[-1] == "name":
        assert ended.out.count("\n") == 1
        assert ended.out.startswith("demo\N{REPLACEMENT CHARACTER}other")
    if words[-1] in {"json", "jsonl"}:
        assert json.dumps(HOSTILE)[1:-1] in json.dumps(json.loads(ended.out))
    if words[-1] == "yaml":
        assert json.dumps(HOSTILE)[1:-1] in json.dumps(YAML(typ="safe").load(ended.out))


def test_a_question_on_a_terminal_is_one_line_of_text() -> None:
    streams = Streams.for_tests(typed="n\n", terminal=True)
    assert not streams.confirm(f"Remove {HOSTILE}?")
    asked = streams.written()[1]
    assert "Remove demo other" in asked
    assert not [char for char in (*ACTIVE, "\n") if char in asked]


def on_a_terminal(cli: Cli, *words: str, typed: str) -> tuple[int, str]:
    """The exit code of a process on a terminal of its own, and all that the terminal got.

    ``typed`` is there before it is asked for: a terminal keeps what is typed ahead.
    """
    master, terminal = pty.openpty()
    os.write(master, typed.encode())
    with subprocess.Popen(
        [sys.executable, "-m", "ackgpu", *words],
        stdin=terminal, stdout=terminal, stderr=terminal,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **cli.env},
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = bytearray()
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:  # Linux says EIO once the other side is closed
            pass
        os.close(master)
    return process.returncode, shown.decode()


@pytest.mark.long
@pytest.mark.parametrize("color", ["always", "never"])
def test_the_question_of_gc_on_a_real_terminal_moves_no_cursor(cli: Cli, color: str) -> None:
    cli.ok("create", "demo", "--no-verify")
    before = cli.account()
    rename(cli)
    words = ("gc", "--older-than", "1s", "--execute", "--color", color)
    code, shown = on_a_terminal(cli, *words, typed="n\n")
    assert code == 2
    assert "Delete 1 cluster with all that was made for them? [y/N]" in shown
    assert "Nothing was deleted." in shown
    assert "demo other" in shown or "demo\N{REPLACEMENT CHARACTER}other" in shown
    for planted in ("\x1b]0;", "\x1b[2J", *ACTIVE[1:]):
        assert planted not in shown
    if color == "never":
        assert "\x1b" not in shown
    assert cli.account() == before


@pytest.mark.parametrize("form", [(), ("-v",), ("-o", "json")], ids=" ".join)
def test_a_message_and_a_request_id_move_no_cursor(cli: Cli, form: tuple[str, ...]) -> None:
    def hostile(exchange: Exchange) -> bytes:
        body = {"Code": "Odd", "Message": HOSTILE, "RequestId": HOSTILE}
        return (
            json.dumps(body).encode()
            if exchange.action != "GetCallerIdentity"
            else (exchange.content)
        )

    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = hostile
        ended = cli("list", *form, env={"ACKGPU_ENDPOINT_URL": proxy.url})
    assert ended.code == 11
    for text in (ended.out, ended.err):
        assert not [char for char in ACTIVE if char in text]
    if form == ("-v",):
        line = next(line for line in ended.err.splitlines() if "was refused" in line)
        assert "demo other" in line
