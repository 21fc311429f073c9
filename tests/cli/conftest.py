"""A shell for each test of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell on an empty emulated account that runs fast."""
    with cli_on(tmp_path / "user", capsys) as shell:
        yield shell
