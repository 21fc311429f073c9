"""A cluster with GPU nodes, made through the command line or through documents alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpu.lab import Lab, lab_on
from support.cli import Cli, cli_on

Made = Callable[..., Cli]


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    """A user with a kubeconfig of a running cluster of two GPU nodes, on a fast emulator."""
    with lab_on(tmp_path / "user", capsys) as made:
        yield made


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell on an empty emulated account that runs fast."""
    with cli_on(tmp_path / "user", capsys) as shell:
        yield shell
