"""End the program at every request that changes something, and see what it takes to recover."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from support.proxy import MOMENTS, Moment, Proxy, proxy_to
from survival.machine import NAME, Machine, Things, difference, remains, things

from ackgpu.emulator import Emulator

SPEED = 500.0
Verb = Literal["create", "delete"]
Weapon = Literal["SIGKILL", "SIGINT", "SIGTERM", "SIGINT twice", "SIGTERM twice"]
STOPS: tuple[Weapon, ...] = ("SIGINT", "SIGTERM", "SIGINT twice", "SIGTERM twice")
COMMANDS: dict[Verb, tuple[str, ...]] = {
    "create": ("create", NAME, "--timeout", "24h"),
    "delete": ("delete", NAME, "-y", "--timeout", "24h"),
}


@dataclass(frozen=True)
class Case:
    """``killed`` is ended at ``moment`` of its change number ``at``; then ``again`` is run.

    ``elsewhere``: from another machine, without the first one's state directory.
    """

    killed: Verb
    at: int
    moment: Moment
    again: Verb
    elsewhere: bool
    weapon: Weapon = "SIGKILL"


@dataclass(frozen=True)
class Verdict:
    """What came of a case. ``action`` was struck; ``trouble`` is empty where nothing was lost."""

    case: Case
    action: str
    trouble: str


class Range:
    """An emulated account behind a proxy, and the figures of undisturbed runs on it."""

    def __init__(self, emulator: Emulator, proxy: Proxy, root: Path) -> None:
        self._emulator = emulator
        self._proxy = proxy
        self._root = root
        self._machines = 0
        self.empty = things(emulator)
        self.counts: dict[Verb, int] = {}
        self.complete = self._measure()

    def cases(self) -> Iterator[Case]:
        """Every point, moment, recovery and machine."""
        for killed, count in self.counts.items():
            for at in range(1, count + 1):
                for moment in MOMENTS:
                    yield Case(killed, at, moment, "create", elsewhere=False)
                    yield Case(killed, at, moment, "create", elsewhere=True)
                    yield Case(killed, at, moment, "delete", elsewhere=False)
                    yield Case(killed, at, moment, "delete", elsewhere=True)

    def stops(self) -> Iterator[Case]:
        """Every point and moment with every signal that asks to stop, once and twice."""
        for killed, count in self.counts.items():
            for at in range(1, count + 1):
                for moment in MOMENTS:
                    for number, weapon in enumerate(STOPS):
                        again: Verb = ("create", "delete")[number % 2]
                        yield Case(killed, at, moment, again, elsewhere=False, weapon=weapon)

    def judge(self, case: Case) -> Verdict:
        """Carry a case out on the empty account."""
        self._emulator.reset()
        machine = self._machine()
        if case.killed == "delete":
            machine.run(*COMMANDS["create"])
        action, ended = self._end(machine, case)
        trouble = _amiss(case, ended) if action else f"there were fewer than {case.at} changes"
        if trouble:
            return Verdict(case, action, trouble)
        recovering = self._machine() if case.elsewhere else machine
        ended = recovering.run(*COMMANDS[case.again])
        if ended.returncode != 0:
            return Verdict(case, action, f"exit {ended.returncode}: {ended.stderr[-600:]}")
        return Verdict(case, action, self._trouble(case, recovering))

    def _end(self, machine: Machine, case: Case) -> tuple[str, subprocess.CompletedProcess[str]]:
        with machine.start(*COMMANDS[case.killed]) as process:

            def strike() -> bool:
                name, _, twice = case.weapon.partition(" ")
                process.send_signal(signal.Signals[name])
                if twice:
                    process.send_signal(signal.Signals[name])
                if case.weapon == "SIGKILL":
                    process.wait()
                return case.weapon == "SIGKILL"

            self._proxy.arm(case.at, case.moment, strike)
            out, err = process.communicate(timeout=60)
        action = self._proxy.struck
        self._proxy.disarm()
        return action, subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def _trouble(self, case: Case, machine: Machine) -> str:
        if case.again == "create":
            return difference(self.complete, things(self._emulator)) or (
                "" if machine.contexts else "no context in the kubeconfig"
            )
        if machine.contexts:
            return "the kubeconfig still has the context"
        return difference(self.empty, things(self._emulator)) or difference(
            self.empty, remains(self._emulator)
        )

    def _machine(self) -> Machine:
        self._machines += 1
        env = {**self._emulator.env, "ACKGPU_ENDPOINT_URL": self._proxy.url}
        return Machine(self._root / str(self._machines), env)

    def _measure(self) -> Things:
        machine = self._machine()
        self._proxy.disarm()
        ended = machine.run(*COMMANDS["create"])
        if ended.returncode != 0:
            raise RuntimeError(ended.stderr)
        complete = things(self._emulator)
        self.counts["create"] = len(self._proxy.changes)
        self._proxy.disarm()
        machine.run(*COMMANDS["delete"])
        self.counts["delete"] = len(self._proxy.changes)
        return complete


@contextmanager
def firing_range() -> Iterator[Range]:
    """A range that is cleared away in the end."""
    with (
        tempfile.TemporaryDirectory(prefix="ackgpu-") as root,
        Emulator(speed=SPEED, seed=7) as emulator,
        proxy_to(emulator.endpoint) as proxy,
    ):
        yield Range(emulator, proxy, Path(root))


def _amiss(case: Case, ended: subprocess.CompletedProcess[str]) -> str:
    """What is wrong with how the program ended; it may have been done before it was struck."""
    if case.weapon == "SIGKILL" or ended.returncode == 0:
        return ""
    number = signal.Signals[case.weapon.partition(" ")[0]]
    if ended.returncode != 128 + number:
        return f"exit {ended.returncode}: {ended.stderr[-600:]}"
    following = f"ackgpu {case.killed} {NAME}"
    return "" if following in ended.stderr else f"no next command in: {ended.stderr[-600:]}"
