"""Which tests a command line of pytest runs, and how fast a single file starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
INI = """
[pytest]
markers =
    sweep: many places
    browser: a browser
    generated: at random
    install: packages
    real_time: minutes
"""
FILE = """
import pytest

def test_everyday():
    pass

@pytest.mark.sweep
@pytest.mark.parametrize("place", range(200))
def test_nightly(place):
    pass

@pytest.mark.real_time
def test_real_time():
    pass
"""


def run(*words: str, cwd: Path, workers: int = 0) -> str:
    # A worker's own variable would make of this a worker too.
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"-n{workers}", *words],
        cwd=cwd,
        env={**env, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def passed(told: str) -> set[str]:
    return {line.split()[0] for line in told.splitlines() if " PASSED" in line}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one everyday test, two hundred nightly ones, and one at real speed."""
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ("support.tiers",)\n')
    (tmp_path / "test_it.py").write_text(FILE)
    return tmp_path


@pytest.mark.long
def test_without_a_path_the_everyday_suite_runs_and_says_how_long_it_takes(project: Path) -> None:
    told = run("-v", cwd=project)
    assert "1 passed, 201 deselected" in told
    assert "tier: everyday, about 4 minutes on two cores" in told


@pytest.mark.long
def test_workers_run_what_the_line_was_settled_to(project: Path) -> None:
    assert "1 passed" in run("-v", cwd=project, workers=2)
    assert "201 passed" in run("--tier", "nightly", cwd=project, workers=2)


@pytest.mark.long
def test_a_path_runs_all_that_is_there(project: Path) -> None:
    assert "202 passed" in run("test_it.py", cwd=project)


@pytest.mark.long
def test_a_sample_is_random_is_printed_and_can_be_repeated(project: Path) -> None:
    told = run("-vv", "--tier", "nightly", "--sample", "20", cwd=project)
    (line,) = [line for line in told.splitlines() if line.startswith("tier: nightly, a random")]
    assert "test_real_time" not in told
    again = run("-vv", *line.rpartition(": ")[2].split(), cwd=project)
    assert passed(again) == passed(told)
    assert 0 < len(passed(told)) < 60


def test_one_file_starts_without_what_it_does_not_test() -> None:
    line = [sys.executable, "-X", "importtime", "-m", "pytest", "-s", "-n0", "--co"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [*line, "tests/spec/test_durations.py"],
        cwd=TESTS.parent, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ackgpu.spec.durations" in imported  # what the file itself imports is on the list
    assert not {"typer", "rich", "tenacity", "pydantic", "msgspec", "cryptography"} & imported
    assert not [name for name in imported if name.startswith(("alibabacloud", "ackgpu.emulator"))]
