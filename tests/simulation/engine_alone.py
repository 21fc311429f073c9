"""The engine by itself under a seeded nemesis: toy steps, a clock that is moved by hand.

A hundred times as fast as the whole program, so that the loop's own decisions (what is believed,
what is asked for again, in which order things are removed) are tried in many more orders.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.toy import ToyCloud, ToyStep, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import survey
from ackgpu.engine.run import VISIBILITY_SECONDS, Outcome
from ackgpu.errors import AckGpuError, CloudError, LostReply, NotYet, Unavailable

LIVES = 6
ROUNDS = 4
QUIET = 2 * VISIBILITY_SECONDS


class Killed(BaseException):
    """The process ends here, and nothing of it runs any more."""


@dataclass
class LyingCloud(ToyCloud):
    """A toy cloud whose reads miss what is there: now and then, never twice in a row.

    The engine believes an absence after two looks that are far enough apart. That a list may lie
    twice in a row is met by the steps, which have other evidence: the simulation of the whole
    program tries that.
    """

    rng: random.Random = field(default_factory=random.Random)
    lies: float = 0.0
    at_most: int = 1
    _in_a_row: Counter[str] = field(default_factory=Counter)

    def visible(self, name: str) -> Any:
        """What a list shows; a deletion names what it deletes, and looks at no list."""
        reads = self.calls[-1].startswith("find")
        if reads and self._in_a_row[name] < self.at_most and self.rng.random() < self.lies:
            self._in_a_row[name] += 1
            return None
        self._in_a_row[name] = 0
        return super().visible(name)


class Lives:
    """One account, in which runs of the engine follow one another, each ended somehow."""

    def __init__(self, seed: int, journal: Path, *, lies_in_a_row: int = 1) -> None:
        self._rng = random.Random(seed)
        self._path = journal
        self._run = 0
        self.broken: list[str] = []
        self.cloud = LyingCloud(ManualClock(), rng=self._rng, at_most=lies_in_a_row)
        self.cloud.on_call = self._strike
        self._trouble = 0.0
        self._dies_at = 0

    def live(self) -> list[str]:
        """What must not be, of everything that happened; empty where all is well."""
        for _ in range(self._rng.randint(1, LIVES)):
            self._trouble = self._rng.choice((0.0, 0.05, 0.2))
            self.cloud.lag = self._rng.uniform(0, VISIBILITY_SECONDS - 1)
            self._dies_at = len(self.cloud.calls) + self._rng.choice((10_000, 5, 20, 60))
            verb = self._rng.choice(("apply", "apply", "destroy"))
            self.cloud.lies = self._rng.choice((0.0, 0.1, 0.3)) if verb == "destroy" else 0.0
            self._once(verb)
            self._nothing_twice()
            if self._rng.random() < 0.3:  # the next run is on another machine
                self._path.unlink(missing_ok=True)
                self.cloud.clock.advance(QUIET)
        self._calm()
        return self.broken

    def _calm(self) -> None:
        """The cloud is well again: the same command converges, and a deletion leaves nothing."""
        self._trouble, self._dies_at = 0.0, len(self.cloud.calls) + 10**6
        self.cloud.lies = self.cloud.lag = 0.0
        self.cloud.clock.advance(QUIET)
        self._until_done("apply")
        self._nothing_twice()
        self._until_done("destroy")
        if self.cloud.left:
            self.broken.append(f"left after destroy: {self.cloud.left}")

    def _until_done(self, verb: str) -> None:
        for _ in range(ROUNDS):
            outcome = self._once(verb)
            if outcome is not None and outcome.error is None:
                return
            self.cloud.clock.advance(QUIET)
        self.broken.append(f"{verb} does not end well on a cloud that is well: {outcome}")

    def _once(self, verb: str) -> Outcome | None:
        """One run; None if it was killed, or ended in a survey that was refused."""
        with (
            suppress(Killed, AckGpuError),
            closing(Journal(self._path, self.cloud.clock)) as journal,
        ):
            self._run += 1
            name = journal.run if _goes_on(journal, verb) else f"run{self._run}"
            journal.begin(verb, name)
            run = run_of(self.cloud, [], journal)
            run.token_of = lambda step: f"{name}-{step}"
            steps = self._graph()
            if verb == "apply":
                outcome = Apply(steps, run).run()
            else:
                self._until_visible(journal)
                outcome = Destroy(survey(steps, run), run).run()
            journal.finish(ok=outcome.error is None)
            if verb == "destroy" and outcome.error is None and self._kept():
                self.broken.append(f"a destroy without an error left {self._kept()}")
            return outcome
        return None

    def _until_visible(self, journal: Journal) -> None:
        """Wait as every command that deletes does: until reads show what was requested last."""
        asked = journal.last_requested()
        if asked is not None:
            self.cloud.clock.advance(asked + VISIBILITY_SECONDS - self.cloud.clock.now())

    def _kept(self) -> list[str]:
        """What nobody deleted; what is on its way out is no lie of a destroy."""
        things = self.cloud.things.items()
        return [name for name, made in things if any(thing.gone_at is None for thing in made)]

    def _graph(self) -> list[ToyStep]:
        """The shape of a cluster: some steps stand on others, the rest beside them."""
        network = ToyStep(self.cloud, "network", seconds=5)
        gateway = ToyStep(self.cloud, "gateway", (network,), seconds=90)
        address = ToyStep(self.cloud, "address", seconds=2)
        binding = ToyStep(self.cloud, "binding", (gateway, address), seconds=4)
        control = ToyStep(self.cloud, "control", (network,), seconds=360)
        pool = ToyStep(self.cloud, "pool", (binding, control), seconds=180)
        return [network, gateway, address, binding, control, pool]

    def _strike(self, call: str) -> None:
        if len(self.cloud.calls) >= self._dies_at:
            raise Killed
        if self._rng.random() >= self._trouble:
            return
        raise self._rng.choice((
            Unavailable("the service is down"),
            LostReply("the connection broke"),
            NotYet("a neighbour is busy"),
            CloudError("it is refused"),
        ))  # fmt: skip

    def _nothing_twice(self) -> None:
        now = self.cloud.clock.now()
        for name, things in self.cloud.things.items():
            alive = [thing for thing in things if thing.gone_at is None or thing.gone_at > now]
            if len(alive) > 1:
                self.broken.append(f"{name} is there {len(alive)} times")


def _goes_on(journal: Journal, verb: str) -> bool:
    """Whether a run has the tokens of the one before: a create has none of what was deleted."""
    cut_off = bool(journal.run) and not journal.finished
    return cut_off and (verb == "destroy" or journal.verb == "apply")


def live(seed: int, *, lies_in_a_row: int = 1) -> list[str]:
    """What a seed breaks."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as home:
        journal = Path(home) / "journal.jsonl"
        return Lives(seed, journal, lies_in_a_row=lies_in_a_row).live()
