"""The examples of docs/python.md run, on the emulated cloud."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import ackgpu
from ackgpu.emulator import Emulator

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
OFFICE = {"name": "office", "region": "cn-hangzhou", "tags": {"hours": "office"}}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def emulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The environment leads to a running emulator, which `emulator=False` then uses."""
    with Emulator(speed=600, seed=7) as emulator:
        around = {"HOME": tmp_path, "ACKGPU_STATE_DIR": tmp_path / "state", "ACKGPU_TIMEOUT": "24h"}
        for name, value in (around | emulator.env).items():
            monkeypatch.setenv(name, str(value))
        yield


@pytest.mark.long
def test_a_verified_cluster_and_nothing_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert example("verified_cluster").main(emulator=False) == 0
    assert capsys.readouterr().out.startswith("1 nodes verified in")
    with ackgpu.Ackgpu() as cloud:
        assert cloud.list().record.clusters == ()


def test_the_progress_of_a_creation_that_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    assert example("progress").main(emulator=False, stop_at="vpc") == 130
    assert "create goes on from here" in capsys.readouterr().out
    assert example("progress").main(emulator=False) == 0
    assert "gpu nodes" in capsys.readouterr().out


@pytest.mark.long
def test_clusters_that_sleep_outside_of_office_hours() -> None:
    with ackgpu.Ackgpu() as cloud:
        cloud.create({"metadata": OFFICE})
    office_hours = example("office_hours")
    assert office_hours.main("sleep", emulator=False) == {"office": "asleep"}
    assert office_hours.main("wake", emulator=False) == {"office": "awake"}
