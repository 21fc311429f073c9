"""Several commands at the same moment, from machines that know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from survival.machine import NAME, Machine, difference, remains, things

from ackgpu.emulator import Emulator

LONG = ("--timeout", "24h")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An account whose time leaves processes room to start."""
    with Emulator(speed=120, seed=7) as emulator:
        yield emulator


def at_once(machines: list[Machine], *commands: tuple[str, ...]) -> list[tuple[int, str]]:
    started = [machine.start(*command) for machine, command in zip(machines, commands, strict=True)]
    ended = []
    for process in started:
        with process:
            _, err = process.communicate(timeout=100)
        ended.append((process.returncode, err))
    return ended


def machines(emulator: Emulator, root: Path, count: int) -> list[Machine]:
    return [Machine(root / f"machine-{number}", emulator.env) for number in range(count)]


@pytest.mark.long
@pytest.mark.parametrize("lag", [0, 10])
def test_two_creates_of_one_name_end_with_one_cluster(
    emulator: Emulator, tmp_path: Path, lag: int
) -> None:
    alone, *both = machines(emulator, tmp_path, 3)
    assert alone.run("create", NAME, "--no-verify", *LONG).returncode == 0
    complete = things(emulator)
    assert alone.run("delete", NAME, "-y", *LONG).returncode == 0
    create = ("create", NAME, "--no-verify", *LONG)
    if lag:
        emulator.set_faults({"faults": [{"action": "*", "effect": "lag", "lag": lag}]})
    ended = at_once(both, create, create)
    emulator.set_faults(None)
    codes = sorted(code for code, _ in ended)
    assert codes in ([0, 0], [0, 6]), ended
    assert not difference(complete, remains(emulator))
    assert both[0].run("delete", NAME, "-y", *LONG).returncode == 0
    assert not remains(emulator)


@pytest.mark.long
def test_two_deletes_of_one_cluster_both_find_it_gone(emulator: Emulator, tmp_path: Path) -> None:
    both = machines(emulator, tmp_path, 2)
    assert both[0].run("create", NAME, "--no-verify", *LONG).returncode == 0
    delete = ("delete", NAME, "-y", *LONG)
    ended = at_once(both, delete, delete)
    assert [code for code, _ in ended] == [0, 0], ended
    assert not remains(emulator)


@pytest.mark.sweep
def test_ten_clusters_at_once_get_along_under_throttling(
    emulator: Emulator, tmp_path: Path
) -> None:
    names = [f"ci-{number}" for number in range(10)]
    throttle = {"effect": "throttle", "probability": 0.1, "retry_after_ms": 50}
    emulator.set_faults({"seed": 7, "faults": [throttle]})
    shells = machines(emulator, tmp_path, len(names))
    for code, err in at_once(shells, *(("create", name, "--no-verify", *LONG) for name in names)):
        assert code == 0, err
    for code, err in at_once(shells, *(("delete", name, "-y", *LONG) for name in names)):
        assert code == 0, err
    assert not remains(emulator)
