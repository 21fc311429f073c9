"""docs/emulator.md: its examples run, its files are taken, its lists are whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.faults import ACTS
from ackgpu.emulator.resource_faults import KINDS
from ackgpu.emulator.shared.limits import LIMITS

GUIDE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")


def blocks(language: str) -> dict[str, str]:
    """The code blocks of a language by what their first line, a comment, says."""
    found = re.findall(rf"```{language}\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL)
    return dict(found)


@pytest.mark.long
def test_the_pytest_example_passes(tmp_path: Path) -> None:
    (tmp_path / "test_network.py").write_text(blocks("python")["test_network.py"])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_example_with_a_manual_clock_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks("python")["manual_clock.py"], "manual_clock.py", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_the_scenario_and_the_faults_are_taken() -> None:
    yaml = YAML(typ="safe", pure=True)
    files = {name: yaml.load(text) for name, text in blocks("yaml").items()}
    with Emulator(clock=ManualClock(), **files) as emulator:
        with emulator.backend.transaction() as session:
            kinds = session.kinds(at=emulator.backend.timeline_now(session))
        assert (kinds["vpc"], kinds["vswitch"]) == (1, 1)
        assert [each["kind"] for each in emulator.backend.settings["faults"]] == [
            "stock_out",
            "node_not_ready",
        ]


@pytest.mark.parametrize("names", [KINDS, ACTS, LIMITS], ids=["kinds", "effects", "limits"])
def test_every_name_is_explained(names: dict[str, object]) -> None:
    assert [name for name in names if f"`{name}`" not in GUIDE] == []


def test_the_limits_are_the_codes() -> None:
    assert [name for name, row in LIMITS.items() if f"`{name}` {row.default}" not in GUIDE] == []
