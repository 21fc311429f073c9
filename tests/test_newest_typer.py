"""The bound on typer stays as long as a newer one costs pydantic at each run, and no longer.

0.29 imports pydantic with itself. This fails on the day on which the newest typer no longer does:
then take the upper bound out of pyproject.toml, and this file with it.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.instructions import times_pass

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]
MUCH = 1.5
"""How much dearer a command up to its own work becomes before the bound is worth its while."""


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the newest typer and what it needs."""
    target = tmp_path_factory.mktemp("newest")
    pip = [sys.executable, "-m", "pip"] if find_spec("pip") else ["uv", "pip"]
    words = [*pip, "install", "-q", "--target", str(target), "typer>=0.29"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the newest typer cannot be had here: {done.stderr.strip()[-200:]}")
    return target


@pytest.mark.long
def test_the_newest_typer_still_costs_more_than_a_command_may(
    newest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    up_to_its_own_work = ("-c", import_module("bench_startup").DISPATCH)
    ours = times_pass(tmp_path / "ours", program=up_to_its_own_work)
    path = {"PYTHONPATH": str(newest)}
    theirs = times_pass(tmp_path / "theirs", env=path, program=up_to_its_own_work)
    assert theirs > MUCH * ours, (
        f"typer's upper bound can go: with the newest a command costs {theirs:.1f}, not {ours:.1f}"
    )
