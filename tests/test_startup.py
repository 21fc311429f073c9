"""What a command line, and a server up to its first answer, load: nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from support.instructions import times_pass

from ackgpu.cli.root import COMMANDS
from benchmarks.bench_first_answer import ENV, counted, first_answer
from benchmarks.measure import PASS, instructions

HEAVY = {
    "alibabacloud_tea_openapi", "Tea", "darabonba", "requests", "aiohttp", "pydantic", "httpx2",
    "tenacity", "cryptography", "ruamel",
}  # fmt: skip
NOT_FOR_AN_ANSWER = (
    "cryptography",
    "rich",
    "ackgpu.render.results",
    "ackgpu.cloud",
    "ackgpu.engine.step",
)
REPORT = """
import os, sys
from ackgpu.main import main
try:
    main(sys.argv[1:], os.environ)
finally:
    print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TERM": "dumb"},
    )
    (line,) = [line for line in told.stderr.splitlines() if line.startswith("LOADED")]
    return set(line.split())


@pytest.mark.long
def test_a_server_answers_first_without_certificates_and_what_shows_results(tmp_path: Path) -> None:
    state = str(tmp_path)
    server = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "ackgpu", "emulator", "serve", "--state", state],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    endpoint = json.loads(server.stdout.readline())["endpoint"]
    with urlopen(f"{endpoint}/_emulator/status") as answer:  # noqa: S310 -- ours, on loopback
        assert answer.status == 200
    server.kill()  # told to end, it would load what tells of that
    _, told = server.communicate()
    imported = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "ackgpu.emulator.ecs.instances" in imported  # what answers is on the list
    assert not [name for name in imported if name.startswith(NOT_FOR_AN_ANSWER)]


@pytest.mark.long
def test_a_servers_first_answer_costs_few_instructions() -> None:
    first_answer()  # compiles what is not compiled yet
    counts = counted(), instructions(PASS, ENV)
    if not counts[1]:
        pytest.skip("valgrind is not installed, which counts the instructions")
    assert counts[0] / counts[1] <= 45


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("create", "--help")])
def test_help_and_version_load_no_sdk(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & HEAVY


def test_the_version_is_printed_without_rich() -> None:
    assert "rich" not in loaded_by("--version")


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "bar"),
    [
        (("--version",), 7.5),
        (("--help",), 12),
        (("create", "--help"), 14),
        (("help", "nodepool", "scale"), 14),
        (("nodepool",), 12),
    ],
)
def test_pages_and_the_version_are_cheap(line: tuple[str, ...], bar: float, tmp_path: Path) -> None:
    assert times_pass(tmp_path, *line) <= bar


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_with_an_example(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "ackgpu", name, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "100"},
    )
    group = "Commands" in told.stdout and "Example" not in told.stdout
    assert group or "Example: ackgpu" in told.stdout
