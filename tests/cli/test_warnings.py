"""A program that nobody can run with ``-W error`` cannot be tested by who does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.cli import Cli


@pytest.mark.long
def test_a_command_runs_where_every_warning_is_an_error(cli: Cli) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "ackgpu", "check-quota", "--nodes", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **cli.env},
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
