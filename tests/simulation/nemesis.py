"""What makes a simulation hard: it decides what becomes of each call, and strikes by itself."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import Any

from simulation.kernel import Kernel
from simulation.machine import Machine, Process
from simulation.neighbours import Neighbours
from simulation.schedule import BLOWS, LIES_IN_A_ROW, MAX_LAG, WINDOWS, Schedule, Trouble
from simulation.world import Verdict, World

from ackgpu.emulator.doubts import LATE
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.faults import Fault
from ackgpu.emulator.operation import ApiOperation

USER = "ci"
FAULTS: dict[str, dict[str, Any]] = {
    "throttle": {"effect": "throttle", "acts": False},
    "outage": {"effect": "error", "acts": False},
    "refused": {"effect": "reset", "acts": False},
    "html": {"effect": "html", "acts": False},
    "lost_request": {"effect": "reset", "acts": False},
    "lost_reply": {"effect": "lost_reply"},
    "truncated": {"effect": "truncated"},
    "acted_then_503": {"effect": "html", "acts": True},
    "expired": {"effect": "throttle", "acts": False, "code": "InvalidSecurityToken.Expired"},
    "lag": {"effect": "lag"},
}
LATEST = 15.0
"""Seconds that a request may be under way after the program has given it up."""
GIVEN_UP = 30.0
"""Seconds that the program waits for an answer."""


class Nemesis:
    """Carries out the troubles of a schedule. ``secrets``: of each access key that it has given."""

    def __init__(
        self,
        schedule: Schedule,
        world: World,
        machines: list[Machine],
        processes: list[Process],
    ) -> None:
        self._rng = random.Random(f"nemesis {schedule.seed}")
        self._world = world
        self._kernel: Kernel = world.kernel
        self._machines = machines
        self._processes = processes
        self.neighbours = Neighbours(world)
        self._windows: list[Trouble] = []
        self._lies: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._calls: Counter[Process] = Counter()
        self._blows: dict[tuple[int, int], Trouble] = {}
        self._slow_until, self._slowest = 0.0, 0.0
        late = any(reading == "late" for reading in schedule.doubts.values())
        self._longest_lag = MAX_LAG - (LATE if late else 0.0)
        self.struck: Counter[str] = Counter()
        self.secrets: list[str] = []
        self._world.do("ram", "CreateUser", UserName=USER)
        self._keys = [self._new_key()]
        self._sign()
        for trouble in schedule.troubles:
            self._arm(trouble)

    def judge(self, product: str, operation: ApiOperation | None) -> Verdict:
        """What becomes of a call of the run whose turn it is."""
        process = self._kernel.current
        if isinstance(process, Process):
            self._strike(process)
        verdict = Verdict(out=self._rng.uniform(0.005, 0.05), back=self._rng.uniform(0.005, 0.05))
        if operation is not None and not operation.writes and self._lies_in(operation.name):
            verdict.emptied = True
            return verdict
        for window in self._windows:
            if window.what in {"*", product} and self._rng.random() < window.chance:
                self.struck[window.kind] += 1
                self._apply(window.kind, verdict, operation)
                break
        return verdict

    def calm(self) -> None:
        """End every trouble, and mend what others did: the operator puts the tags back."""
        self._windows.clear()
        self._lies.clear()
        self._world.backend.settings["faults"] = []
        for machine in self._machines:
            machine.skew, machine.full = 0.0, False
        self._set_keys("Active")
        self._sign()
        self.neighbours.put_tags_back()

    def _arm(self, trouble: Trouble) -> None:
        if trouble.kind in BLOWS:
            self._blows[int(trouble.what), trouble.calls] = trouble
            self._processes[int(trouble.what)].mortal = True
        elif trouble.kind == "flicker":
            self._kernel.at(trouble.at, lambda: self._lies.update({trouble.what: trouble.calls}))
            self._kernel.at(trouble.at + trouble.seconds, lambda: self._lies.pop(trouble.what, 0))
        elif trouble.kind in WINDOWS:
            self._kernel.at(trouble.at, lambda: self._windows.append(trouble))
            self._kernel.at(trouble.at + trouble.seconds, lambda: self._over(trouble))
        else:
            self._kernel.at(trouble.at, lambda: self._begin(trouble))
            self._kernel.at(trouble.at + trouble.seconds, lambda: self._end(trouble))

    def _over(self, trouble: Trouble) -> None:
        if trouble in self._windows:
            self._windows.remove(trouble)

    def _strike(self, process: Process) -> None:
        """Kill, interrupt or stop a run at one of its calls, before the request leaves."""
        self._calls[process] += 1
        if process not in self._processes:
            return
        at = self._processes.index(process), self._calls[process]
        blow = self._blows.pop(at, None)
        if blow is None:
            return
        self.struck[blow.kind] += 1
        if blow.kind == "kill":
            process.kill()
            self._kernel.abandon()
        elif blow.kind == "interrupt":
            process.interrupt()
            if blow.seconds:
                self._kernel.at(self._kernel.now + blow.seconds, process.interrupt)
        else:
            self._kernel.pause(blow.seconds)

    def _lies_in(self, action: str) -> bool:
        """Whether this list is falsely empty: at most twice one after the other."""
        if (
            self._lies[action] > 0
            and self._in_a_row[action] < LIES_IN_A_ROW
            and self._rng.random() < 0.5
        ):
            self._lies[action] -= 1
            self.struck["flicker"] += 1
            self._in_a_row[action] += 1
            return True
        self._in_a_row[action] = 0
        return False

    def _apply(self, kind: str, verdict: Verdict, operation: ApiOperation | None) -> None:
        match kind:
            case "slow":
                verdict.out, verdict.back = self._rng.uniform(0, 8), self._rng.uniform(0, 8)
                self._is_late(verdict.out)
            case "late":
                verdict.arrives = self._rng.uniform(0, LATEST)
                verdict.back = self._rng.choice((0.0, GIVEN_UP))
                if operation is not None and operation.writes:
                    self._is_late(verdict.arrives)
            case "twice":
                verdict.again, verdict.second = 0.05, self._rng.random() < 0.5
            case "again":
                verdict.again = self._rng.uniform(1, LATEST)
            case "lag":
                verdict.fault = Fault(effect="lag", lag=self._rng.uniform(0, self._lag()))
            case _:
                verdict.fault = Fault(**FAULTS[kind])

    def _is_late(self, seconds: float) -> None:
        """A request takes ``seconds`` on its way: reads that lag show it within the rest."""
        self._slowest = max(self._slowest, seconds) if self._slow_now() else seconds
        self._slow_until = self._kernel.now + 2 * MAX_LAG

    def _slow_now(self) -> bool:
        return self._kernel.now < self._slow_until

    def _lag(self) -> float:
        return max(0.0, self._longest_lag - (self._slowest if self._slow_now() else 0.0))

    def _begin(self, trouble: Trouble) -> None:
        self.struck[trouble.kind] += 1
        match trouble.kind:
            case "skew":
                self._machine(trouble.what).skew = trouble.chance
            case "full":
                self._machine(trouble.what).full = True
            case "stock":
                where = {"zone": trouble.what} if trouble.what else {}
                out = {"kind": "stock_out", "instance_type": "ecs.vgn5i-m2.xlarge", **where}
                self._world.backend.settings["faults"] = [out]
            case "revoked":
                self._set_keys("Inactive")
            case "rotated":
                self._set_keys("Inactive")
                if len(self._keys) > 1:
                    self._act("DeleteAccessKey", UserAccessKeyId=self._keys.pop(0)[0])
                self._keys.append(self._new_key())
            case "settle":
                self.neighbours.settle(trouble.what)
            case "untag":
                self.neighbours.untag(trouble.what)
            case "remove":
                self.neighbours.remove(trouble.what)

    def _end(self, trouble: Trouble) -> None:
        match trouble.kind:
            case "skew":
                self._machine(trouble.what).skew = 0.0
            case "full":
                self._machine(trouble.what).full = False
            case "stock":
                self._world.backend.settings["faults"] = []
            case "revoked":
                self._set_keys("Active")
            case "rotated":
                self._sign()

    def _machine(self, name: str) -> Machine:
        return next(machine for machine in self._machines if machine.name == name)

    def _new_key(self) -> tuple[str, str]:
        made = self._world.do("ram", "CreateAccessKey", UserName=USER)["AccessKey"]
        self.secrets.append(made["AccessKeySecret"])
        return made["AccessKeyId"], made["AccessKeySecret"]

    def _sign(self) -> None:
        """Every profile gets the newest key."""
        for machine in self._machines:
            machine.sign_with(*self._keys[-1])

    def _set_keys(self, status: str) -> None:
        for key, _ in self._keys:
            self._act("UpdateAccessKey", UserAccessKeyId=key, Status=status)

    def _act(self, action: str, **given: str) -> None:
        with suppress(ApiError):
            self._world.do("ram", action, UserName=USER, **given)
