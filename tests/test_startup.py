"""What a command line loads before its own work: nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.instructions import times_pass

from ackgpu.cli.root import COMMANDS

HEAVY = {
    "alibabacloud_tea_openapi", "Tea", "darabonba", "requests", "aiohttp", "pydantic", "httpx2",
    "tenacity", "cryptography", "ruamel",
}  # fmt: skip
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


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("create", "--help")])
def test_help_and_version_load_no_sdk(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & HEAVY


def test_the_version_is_printed_without_rich() -> None:
    assert "rich" not in loaded_by("--version")


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
