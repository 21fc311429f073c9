"""The program is killed while it applies a file, and the same command is run again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.proxy import MOMENTS, Moment, Proxy, proxy_to
from survival.machine import NAME, Machine, difference, remains

from ackgpu.emulator import Emulator

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
TYPE = "ecs.vgn5i-m2.xlarge"
LIFE = {"timeout": "24h"}
POOL: dict[str, Any] = {"name": "gpu", "instanceTypes": [TYPE], "desiredSize": 1}
BEFORE: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": NAME},
    "lifecycle": LIFE,
    "network": {"vswitches": [{"zone": "cn-hangzhou-k"}]},
    "nodePools": [
        POOL,
        POOL | {"name": "elastic", "autoScaling": {"enable": True, "min": 1, "max": 2}},
        POOL | {"name": "old", "desiredSize": 0},
    ],
    "verify": {"level": "none"},
}
AFTER: dict[str, Any] = BEFORE | {
    "metadata": {"name": NAME, "tags": {"team": "sound"}},
    "lifecycle": LIFE | {"ttl": "300d", "deletionProtection": True},
    "cluster": {"addons": [{"name": "ack-gpu-exporter"}], "endpointPublicAccess": False},
    "nodePools": [
        POOL | {"desiredSize": 2, "labels": {"team": "sound"}},
        POOL | {"name": "elastic", "desiredSize": 2},
        POOL | {"name": "new", "autoScaling": {"enable": True, "min": 0, "max": 2}},
    ],
}
"""Every kind of change at once."""
APPLY = ("apply", "-f", "after.yaml", "--prune", "-y")
CHANGES = 25
"""How many changing requests an undisturbed apply makes, or some more."""
EVERY = [
    (at, moment, again)
    for at in range(1, CHANGES + 1)
    for moment in MOMENTS
    for again in ("here", "there")
]
EVERYDAY = [(2, "unanswered", "here"), (17, "answered", "there"), (20, "unanswered", "there")]
"""Within the tags, at the addon, and at a pool's own changes."""


class Standing:
    """An account with the cluster of BEFORE, two machines, and a proxy between."""

    def __init__(self, emulator: Emulator, proxy: Proxy, root: Path) -> None:
        self.emulator, self.proxy = emulator, proxy
        env = {**emulator.env, "ACKGPU_ENDPOINT_URL": proxy.url}
        self.machines = {name: Machine(root / name, env) for name in ("here", "there")}
        self.files = {}
        for name, document in (("before.yaml", BEFORE), ("after.yaml", AFTER)):
            self.files[name] = str(root / name)
            YAML().dump(document, root / name)

    def run(self, machine: str, *line: str) -> str:
        """Run a command to its end, and return what it says if that is no success."""
        ended = self.machines[machine].run(*(self.files.get(word, word) for word in line))
        return "" if ended.returncode == 0 else f"{line}: {ended.returncode} {ended.stderr[-900:]}"

    def kill(self, at: int, moment: Moment) -> str:
        """Kill an apply at a changing request; the action that was struck."""
        line = (self.files.get(word, word) for word in APPLY)
        with self.machines["here"].start(*line) as process:

            def strike() -> bool:
                process.kill()
                process.wait()
                return True

            self.proxy.arm(at, moment, strike)
            process.communicate(timeout=60)
        struck = self.proxy.struck
        self.proxy.disarm()
        return struck


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    with Emulator(speed=500, seed=7) as emulator, proxy_to(emulator.endpoint) as proxy:
        found = Standing(emulator, proxy, tmp_path)
        assert found.run("here", "create", "-f", "before.yaml", "-y") == ""
        yield found


def recovers(standing: Standing, at: int, moment: Moment, again: str) -> None:
    """What a kill left is made good by the same command, and by no other change than are due."""
    struck = standing.kill(at, moment)
    assert standing.run(again, *APPLY) == "", struck
    found = remains(standing.emulator)
    assert standing.run(again, "plan", "-f", "after.yaml") == "", struck
    made = {kind: count for (kind, name), count in found.items() if kind == "nodepool"}
    assert sum(made.values()) == 1, struck
    names = sorted(name for kind, name in found if kind == "nodepool")
    assert names == ["elastic", "gpu", "new"], struck
    instances = sum(count for (kind, _), count in found.items() if kind == "instance")
    assert instances == 5, struck
    standing.proxy.disarm()
    assert standing.run(again, *APPLY) == "", struck
    assert standing.proxy.changes == [], struck
    assert difference(found, remains(standing.emulator)) == ""


@pytest.mark.long
@pytest.mark.parametrize(("at", "moment", "again"), EVERYDAY)
def test_a_kill_in_an_apply_is_made_good_by_the_same_command(
    standing: Standing, at: int, moment: Moment, again: str
) -> None:
    recovers(standing, at, moment, again)


@pytest.mark.sweep
@pytest.mark.parametrize(("at", "moment", "again"), EVERY if FULL else EVERY[::7])
def test_so_is_one_at_every_request(
    standing: Standing, at: int, moment: Moment, again: str
) -> None:
    recovers(standing, at, moment, again)


@pytest.mark.long
def test_an_undisturbed_apply_makes_about_as_many_requests(standing: Standing) -> None:
    standing.proxy.disarm()
    assert standing.run("here", *APPLY) == ""
    assert CHANGES - 3 <= len(standing.proxy.changes) <= CHANGES
