"""Pages of help: grouped, with defaults, choices, variables and codes; and words of other tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli
from support.parsing import why_not

from ackgpu.cli.effects import ENVIRONMENT
from ackgpu.cli.root import COMMANDS
from ackgpu.cli.strict_parser import MEANT
from ackgpu.command_table import load
from ackgpu.render.help_page import show
from ackgpu.streams import Streams

ROOT = Path(__file__).parents[2]
TABLE = load()
PATHS = tuple(TABLE["commands"])


def page(path: str, **terminal: Any) -> str:
    """The page of a command on a terminal of 80 columns."""
    streams = Streams.for_tests(terminal=True, color="never", **terminal)
    show(streams, TABLE, path)
    return streams.written()[0]


def test_the_first_page_shows_the_groups() -> None:
    shown = page("")
    assert [title for title in TABLE["groups"] if f"\n{title}\n" not in shown] == []


@pytest.mark.parametrize("path", PATHS)
def test_no_page_is_wider_than_a_terminal(path: str) -> None:
    assert max(len(line) for line in page(path).splitlines()) <= 80


def test_a_page_shows_defaults_choices_variables_and_exit_codes() -> None:
    shown = " ".join(page("create").split())
    for words in (
        "--nodes N How many. Default: 2.",
        "--network flannel|terway",
        "-r, --region REGION",
        "[ACKGPU_REGION, ALIBABA_CLOUD_REGION_ID]",
        "9 verification failed",
        "Example: ackgpu create demo --emulator",
    ):
        assert words in shown
    assert "--nodes N The absolute number. Required." in " ".join(page("nodepool scale").split())


def test_what_most_lines_need_comes_first() -> None:
    lines = page("create").splitlines()
    assert next(i for i, text in enumerate(lines) if "--nodes" in text) < 30


def test_a_stream_that_has_no_unicode_gets_words() -> None:
    assert page("", encoding="ascii").isascii()


def test_every_variable_is_one_that_is_read() -> None:
    source = "".join(path.read_text() for path in (ROOT / "ackgpu").rglob("*.py"))
    for name in {name for names in ENVIRONMENT.values() for name in names}:
        assert source.count(f'"{name}"') >= 2, name


@pytest.mark.parametrize(
    "line",
    [
        ("help", "nodepool", "scale"),
        ("nodepool", "scale", "-h"),
        ("nodepool", "scale", "demo", "--help"),
        ("-o", "json", "nodepool", "scale", "--help"),
    ],
)
def test_all_ways_lead_to_the_same_page(cli: Cli, line: tuple[str, ...]) -> None:
    assert cli.ok(*line).out.startswith("Usage: ackgpu nodepool scale NAME POOL [flags]\n")


def test_help_for_what_does_not_exist_is_refused(cli: Cli) -> None:
    refused = cli("help", "nosuch")
    assert refused.code == 2
    assert "There is no command 'nosuch'." in refused.err


@pytest.mark.parametrize("word", MEANT)
def test_words_of_other_tools_lead_to_a_command(cli: Cli, word: str) -> None:
    if word in COMMANDS:
        pytest.fail(f"{word} is a command")
    refused = cli(word)
    assert refused.code == 2
    meant = re.search(r"Did you mean `ackgpu ([^`]+)`\?", refused.err)
    assert meant
    assert "No such command" not in why_not(meant[1])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rm demo -y", "ackgpu delete demo -y"),
        ("lst", "ackgpu list"),
        ("nodepool ls demo", "ackgpu nodepool list demo"),
        ("nodepool rm demo gpu", "ackgpu nodepool delete demo gpu"),
        ("node-pool list demo", "ackgpu nodepool list demo"),
    ],
)
def test_the_rest_of_the_line_is_kept(cli: Cli, typed: str, meant: str) -> None:
    assert f"Did you mean `{meant}`?" in cli(*typed.split()).err
