"""Plays a schedule, and holds what happened against what must always be so."""

from __future__ import annotations

import gc
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulation.invariants import Invariants, is_asleep, last_of
from simulation.kernel import Kernel
from simulation.machine import Machine, Process
from simulation.neighbours import is_paid
from simulation.nemesis import Nemesis
from simulation.schedule import HORIZON, STATELESS, Play, Schedule
from simulation.threads import ThreadedKernel
from simulation.wires import connected
from simulation.world import ENDPOINT, World

from ackgpu.emulator.operation import ApiOperation
from ackgpu.emulator.wire import HttpAnswer, WireRequest

LONGEST = 6 * 3600.0
"""Seconds that a command may take: its own timeout ends it long before."""
CALM = 900.0
"""Seconds until everything that was on its way is settled, and every read shows it."""
ROUNDS = 4
MOVING_IN = 60.0
"""Seconds before the beginning in which the neighbours make what is theirs."""
MEMORY = Path("/dev/shm")
AGAIN = ("apply", "nodepool", "sleep", "wake", "upgrade")
"""What is tried once more when all is well, beside create and delete."""
SPOILT = {
    "vgn5i_driver": "nobody", "vgpu_types": "refused", "plugin_build": "fails",
    "late_labels": "absent",
}  # fmt: skip
"""Readings of doubts under which no GPU can be used: commands end with 9 or 11, all stands."""


@dataclass
class Played:
    """A simulation that was played. ``broken`` says what must not be; empty where all is well."""

    schedule: Schedule
    broken: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    @property
    def commands(self) -> int:
        """How many commands it carried out."""
        return self.ends.total()

    @property
    def digest(self) -> str:
        """The same for the same execution."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


class Simulation:
    """One schedule on one fresh account."""

    def __init__(self, schedule: Schedule, home: Path) -> None:
        self.played = Played(schedule)
        kernel = ThreadedKernel if schedule.threads else Kernel
        self._kernel = kernel(now=-MOVING_IN)
        settings = {"faults": [], "doubts": dict(schedule.doubts)}
        self._world = World(self._kernel, schedule.seed, settings)
        env = {
            "ACKGPU_ENDPOINT_URL": ENDPOINT,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }
        alone = [
            f"{STATELESS}{index}"
            for index, play in enumerate(schedule.plays)
            if play.machine == STATELESS
        ]
        self._machines = {
            name: Machine(name, home / name, env, ("--profile", "ci"))
            for name in ("a", "b", "c", *alone)
        }
        self._processes = [
            self._process(index, play.machine, play.words)
            for index, play in enumerate(schedule.plays)
        ]
        machines = list(self._machines.values())
        self._nemesis = Nemesis(schedule, self._world, machines, self._processes)
        self._holds = Invariants(schedule, self._world, self._nemesis, self._processes, self._break)
        for process in self._processes:
            process.on_end = self._holds.ended
        self._kernel.wait(-self._kernel.now)
        self._world.judge = self._nemesis.judge
        self._world.after_write = self._after_write

    def _process(self, index: int, machine: str, words: tuple[str, ...]) -> Process:
        on = self._machines[f"{machine}{index}" if machine == STATELESS else machine]
        return Process(self._kernel, on, words, self.played.schedule.seed + index)

    def play(self) -> Played:
        """Carry the schedule out, then mend the cloud and clean up."""
        certificate = lambda: getattr(self._kernel.current, "certificate", None)  # noqa: E731
        with connected(self._world, certificate):
            for play, process in zip(self.played.schedule.plays, self._processes, strict=True):
                process.start(after=play.at)
            self._let_run()
            self._kernel.at(HORIZON, self._nemesis.calm)
            self._let_run()
            for process in self._processes:
                self._judge(process)
            self._clean_up()
        self.played.calls, self.played.struck = self._world.calls, self._nemesis.struck
        self._world.close()
        return self.played

    def _let_run(self) -> None:
        if not self._kernel.run(until=self._kernel.now + LONGEST):
            running = ", ".join(str(each) for each in self._processes if each.running)
            self._break(f"does not end: {running}")

    def _command(self, machine: str, *words: str) -> Process:
        """Carry one command out with nobody beside it."""
        seed = self.played.schedule.seed + 1000 + self.played.commands
        process = Process(self._kernel, self._machines[machine], words, seed)
        self._processes.append(process)
        process.on_end = self._holds.ended
        process.start()
        self._let_run()
        self._judge(process)
        return process

    def _clean_up(self) -> None:
        """What was made is brought to its end and removed: by the same commands, from anywhere."""
        self._wait(CALM)
        schedule, neighbours = self.played.schedule, self._nemesis.neighbours
        creates = {p.words[1]: p for p in schedule.plays if p.words[0] == "create"}
        if neighbours.remove_spare_clusters():
            self._wait(CALM)
        if schedule.seed % 2 and creates:  # a schedule that is cut down may have none
            self._converge(next(iter(creates.values())))
        for name in creates:
            self._delete("abc"[schedule.seed % 3], name, leaves=bool(neighbours.settled))
        self._wait(CALM)
        self._holds.nothing_foreign_is_touched("the deletions")
        paid = neighbours.refund()
        if neighbours.settled or paid:
            neighbours.take_away()
            self._wait(CALM)
            for name in creates:
                self._delete("c", name, leaves=False)
            self._wait(CALM)
        self._holds.nothing_is_left()

    def _converge(self, create: Play) -> None:
        """Once the cloud is well, what was disturbed ends, and changes nothing more."""
        schedule, name = self.played.schedule, create.words[1]
        machine = "c" if create.machine == STATELESS else create.machine
        if any(doc.name == name and is_asleep(doc) for doc in self._world.alive("cluster")):
            self._ends_twice(machine, ("wake", name), {9})
        spoilt = any(schedule.doubts.get(key) == value for key, value in SPOILT.items())
        if self._ends_twice(machine, create.words, {6, 10, 11, 9} if spoilt else {6, 10, 11}):
            self._holds.nothing_is_there_twice(name)
        others = [p for p in schedule.plays if p.words[0] in AGAIN and name in " ".join(p.words)]
        if others and schedule.seed % 4 == 1:
            # 11 also where a public endpoint needs an EIP of the user's: it names the calls then.
            refused = {11} if schedule.doubts.get("endpoint_eip") == "named" else set()
            self._repeat(machine, others[-1].words, {5, 6, 9, 11} if spoilt else {5, 6} | refused)

    def _repeat(self, machine: str, words: Sequence[str], others: set[int]) -> None:
        """The same command again. Nodes that found no stock once are the next command's to ask."""
        adds = words[:2] == ("nodepool", "add")
        self._ends_twice(machine, words, others | {8} if adds else others)
        if adds and self._processes[-1].code == 8:
            size = ("--nodes", words[words.index("--nodes") + 1])
            self._ends_twice(machine, ("nodepool", "scale", *words[2:4], *size), others)

    def _ends_twice(self, machine: str, words: Sequence[str], others: set[int]) -> bool:
        """Whether a command ends with 0, then again; it may end with ``others`` instead."""
        first = self._command(machine, *words)
        for _ in range(ROUNDS):
            if first.code != 7:
                break
            first = self._command(machine, *words)
        if first.code != 0:
            if first.code not in others:
                self._break_off(first)
            return False
        second = self._command(machine, *words)
        if second.code != 0 and "delete" not in words:
            self._break(f"{second} ends in {second.code} right after a 0: {last_of(second)}")
        return second.code == 0

    def _delete(self, machine: str, name: str, *, leaves: bool) -> None:
        """Delete a cluster; ``leaves``: something stays, as somebody else's is in it."""
        for _ in range(ROUNDS):
            ended = self._command(machine, "delete", name, "-y")
            if ended.code == 0 or (ended.code == 10 and (leaves or self._has_subscriptions())):
                return
            self._wait(CALM)
        self._break_off(ended)

    def _has_subscriptions(self) -> bool:
        return any(is_paid(doc) for doc in self._world.alive("instance"))

    def _wait(self, seconds: float) -> None:
        self._kernel.at(self._kernel.now + seconds, lambda: None)
        self._let_run()

    def _judge(self, process: Process) -> None:
        state = "killed" if process.code is None else process.code
        self.played.ends[str(state)] += 1
        self.played.trace.append(f"{self._kernel.now:.3f} {process} -> {state}")
        self._holds.judge(process)

    def _after_write(
        self, operation: ApiOperation, request: WireRequest, answer: HttpAnswer
    ) -> None:
        by = self._kernel.current or "the network"
        self.played.trace.append(f"{self._kernel.now:.3f} {operation.name} by {by}")
        self._holds.after_write(operation, request, answer)

    def _break_off(self, process: Process) -> None:
        self._break(f"{process} ends in {process.code} on a well cloud: {last_of(process)}")

    def _break(self, what: str) -> None:
        self.played.broken.append(f"at {self._kernel.now:.1f}: {what}")


def play(schedule: Schedule) -> Played:
    """Play a schedule in a directory of its own, in memory if there is one.

    The collector rests meanwhile: it would close files at moments that nothing repeats.
    """
    home = Path(tempfile.mkdtemp(prefix="ackgpu-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    gc.disable()
    try:
        return Simulation(schedule, home).play()
    finally:
        gc.enable()
        shutil.rmtree(home, ignore_errors=True)


def minimised(schedule: Schedule) -> Schedule:
    """The smallest schedule found that still breaks: parts are taken out as long as it does."""
    while True:
        for candidate in schedule.smaller():
            if play(candidate).broken:
                schedule = candidate
                break
        else:
            return schedule
