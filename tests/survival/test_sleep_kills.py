"""The program is killed while it puts a cluster to sleep, or wakes it: nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.proxy import MOMENTS, Moment, Proxy, proxy_to
from survival.machine import NAME, Machine

from ackgpu.emulator import Emulator

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
LONG = ("--timeout", "24h")
pytestmark = pytest.mark.timeout(900)  # seven commands a case: 40 s on a machine at rest
COMMANDS = {"sleep": ("sleep", NAME, "-y", *LONG), "wake": ("wake", NAME, *LONG)}
CHANGES = 4
"""What each of them changes: the tags, the bounds of one pool, the sizes of two."""
KEPT = {"ackgpu:asleep-1": "1:gpu=2/self=1@1-4.gpu"}
SPEC = f"""\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {{name: {NAME}, region: cn-hangzhou}}
network: {{vswitches: [{{zone: cn-hangzhou-k}}]}}
nodePools:
- {{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 2}}
- name: self
  instanceTypes: [ecs.vgn5i-m2.xlarge]
  desiredSize: 1
  autoScaling: {{enable: true, min: 1, max: 4, type: gpu}}
"""
CASES = [
    (command, at, moment, elsewhere, turned)
    for command in COMMANDS
    for at in range(1, CHANGES + 1)
    for moment in MOMENTS
    for elsewhere in (False, True)
    for turned in (False, True)
]
EVERYDAY = [
    ("sleep", 1, "unanswered", True, False),
    ("sleep", 3, "answered", True, False),
    ("wake", 2, "unanswered", False, True),
]


class Stage:
    """A cluster of two pools behind a proxy, and machines to command it from."""

    def __init__(self, emulator: Emulator, proxy: Proxy, root: Path) -> None:
        env = {**emulator.env, "ACKGPU_ENDPOINT_URL": proxy.url}
        self.emulator = emulator
        self.proxy = proxy
        self.here, self.there = (Machine(root / name, env) for name in ("here", "there"))
        spec = root / "cluster.yaml"
        spec.write_text(SPEC)
        self.done(self.here, "create", "-f", str(spec), "--no-verify", *LONG)
        self.exported = self.done(self.here, "export", "spec", NAME)

    def done(self, machine: Machine, *command: str) -> str:
        ended = machine.run(*command)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def kill(self, command: str, at: int, moment: Moment) -> None:
        with self.here.start(*COMMANDS[command]) as process:

            def strike() -> bool:
                process.kill()
                process.wait()
                return True

            self.proxy.arm(at, moment, strike)
            process.communicate()
        assert self.proxy.struck
        self.proxy.disarm()

    def bodies(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        backend = self.emulator.backend
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            return [(doc.name, dict(doc.body)) for doc in session.find(kind, at=now)]

    @property
    def tags(self) -> dict[str, str]:
        [(_, cluster)] = self.bodies("cluster")
        return {key: value for key, value in cluster["Tags"].items() if "asleep" in key}

    def check(self, command: str) -> None:
        """That it is as undisturbed runs leave it."""
        assert self.tags == (KEPT if command == "sleep" else {})
        said = self.done(self.there, "export", "spec", NAME)
        assert said == self.exported
        rows = self.done(self.there, "nodepool", "list", NAME)
        assert rows.count("0/0") == (2 if command == "sleep" else 0), rows


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Emulator(speed=500, seed=7) as emulator, proxy_to(emulator.endpoint) as proxy:
        yield Stage(emulator, proxy, tmp_path_factory.mktemp("stage"))


def survived(stage: Stage, case: tuple[str, int, Moment, bool, bool]) -> None:
    """Kill the command; go on from there, or turn back; then the whole way, both to the same."""
    command, at, moment, elsewhere, turned = case
    stage.done(stage.here, *COMMANDS["wake"])
    if command == "wake":
        stage.done(stage.here, *COMMANDS["sleep"])
    stage.kill(command, at, moment)
    other = "wake" if command == "sleep" else "sleep"
    machine = stage.there if elsewhere else stage.here
    for then in (other, command, other) if turned else (command, other):
        stage.done(machine, *COMMANDS[then])
        stage.check(then)


@pytest.mark.long
@pytest.mark.parametrize("case", EVERYDAY, ids=str)
def test_a_kill_in_between_loses_nothing(
    stage: Stage, case: tuple[str, int, Moment, bool, bool]
) -> None:
    survived(stage, case)


@pytest.mark.sweep
@pytest.mark.parametrize("case", CASES if FULL else CASES[::25], ids=str)
def test_a_kill_anywhere_loses_nothing(
    stage: Stage, case: tuple[str, int, Moment, bool, bool]
) -> None:
    survived(stage, case)
