"""The program is killed while it changes a node pool, and the same command is run again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.proxy import MOMENTS, Moment, Proxy, proxy_to
from survival.machine import NAME, Machine, remains

from ackgpu.emulator import Emulator

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
LONG = ("--timeout", "24h")
TYPE = ("--instance-type", "ecs.vgn5i-m2.xlarge")
ADD = ("nodepool", "add", NAME, "big", "--nodes", "1", *TYPE, *LONG)
CHANGES = {
    "add": ADD,
    "scale": ("nodepool", "scale", NAME, "gpu", "--nodes", "3", *LONG),
    "delete": ("nodepool", "delete", NAME, "gpu", "-y", *LONG),
    "update": ("nodepool", "update", NAME, "gpu", "--label", "a=b", "--max", "3", "-y", *LONG),
}
WANTED = {
    "add": {"nodepool": 2, "instance": 3},
    "scale": {"nodepool": 1, "instance": 3},
    "delete": {},
    "update": {"nodepool": 1, "instance": 2},
}
CASES = [
    (change, moment, again)
    for change in CHANGES
    for moment in MOMENTS
    for again in ("here", "there")
]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(speed=500, seed=7) as emulator:
        yield emulator


def counted(emulator: Emulator) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for (kind, _), count in remains(emulator).items():
        kinds[kind] += count
    return {kind: kinds[kind] for kind in ("nodepool", "instance") if kinds[kind]}


def killed(machine: Machine, proxy: Proxy, moment: Moment, command: tuple[str, ...]) -> None:
    with machine.start(*command) as process:

        def strike() -> bool:
            process.kill()
            process.wait()
            return True

        proxy.arm(1, moment, strike)
        process.communicate(timeout=60)
    assert proxy.struck
    proxy.disarm()


@pytest.mark.sweep
@pytest.mark.parametrize(("change", "moment", "again"), CASES if FULL else CASES[::5])
def test_a_kill_in_a_change_of_a_pool_is_made_good_by_the_same_command(
    emulator: Emulator, tmp_path: Path, change: str, moment: Moment, again: str
) -> None:
    with proxy_to(emulator.endpoint) as proxy:
        env = {**emulator.env, "ACKGPU_ENDPOINT_URL": proxy.url}
        machines = {name: Machine(tmp_path / name, env) for name in ("here", "there")}
        here = machines["here"]
        ended = here.run("create", NAME, "--no-verify", *LONG)
        assert ended.returncode == 0, ended.stderr
        killed(here, proxy, moment, CHANGES[change])
        ended = machines[again].run(*CHANGES[change])
        assert ended.returncode == 0, ended.stderr
        assert counted(emulator) == WANTED[change]
