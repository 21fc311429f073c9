"""What a command costs in the cloud's own time: its calls, and how late it sees what is over.

The emulated cloud and the program go by one clock that moves only when the program waits, so that
a create of ten minutes takes seconds, and each run is the same. In real time it takes its minutes.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.app import Parts
from ackgpu.clock import Clock, ManualClock, SystemClock
from ackgpu.emulator import Emulator
from ackgpu.engine.workers import InlineWorkers
from ackgpu.main import main

LISTS = "DescribeClustersForRegion"
NETWORK_SECONDS = 6.0
"""The VPC and its vSwitch, three seconds each, come before the cluster."""


@dataclass(frozen=True)
class Cost:
    """A command that has ended: its calls, and how many seconds of the cloud it took.

    ``between`` are those from its first change to its last call, which the emulator has seen.
    """

    code: int
    calls: Counter[str]
    seconds: float
    between: float
    document: dict[str, Any]
    err: str

    def calls_beside(self, lists: int) -> int:
        """The calls but for so many lists of clusters, which are one a region."""
        return self.calls.total() - min(lists, self.calls[LISTS])


class Account:
    """An account and the clock that it and the commands go by, which work with ``parts``."""

    def __init__(self, emulator: Emulator, clock: Clock, home: Path, parts: Parts) -> None:
        self.emulator = emulator
        self._clock = clock
        self._parts = parts
        self._env = {
            "HOME": str(home),
            "ACKGPU_STATE_DIR": str(home / "state"),
            "TERM": "dumb",
            **{k: v for k, v in emulator.env.items() if k != "ACKGPU_CLOCK_SPEED"},
        }

    def run(self, *words: str) -> Cost:
        """Carry a command out."""
        self.emulator.requests.clear()
        began = self._clock.now()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*words, "-o", "json"], self._env, self._parts)
        entries = list(self.emulator.requests)
        calls = Counter(entry.action for entry in entries)
        changed = min((entry.at for entry in entries if entry.writes), default=0.0)
        between = max((entry.at for entry in entries), default=0.0) - changed
        document = json.loads(out.getvalue() or "{}")
        return Cost(code, calls, self._clock.now() - began, between, document, err.getvalue())

    def critical_path(self) -> float:
        """The seconds that the cloud itself needed for the cluster that stands."""
        backend = self.emulator.backend
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            (cluster,) = session.find("cluster", at=now)
            (pool,) = session.find("nodepool", at=now)
            gpus = [node.body["t_gpu"] for node in session.find("node", at=now)]
        running = next(at for at, state in cluster.body["phases"] if state == "running")
        return float(NETWORK_SECONDS + running - cluster.created_at + max(gpus) - pool.created_at)


@contextmanager
def account(home: Path, **options: Any) -> Iterator[Account]:
    """An empty account on a clock that is moved by whoever waits."""
    clock = ManualClock()
    parts = Parts(clock=clock, workers=InlineWorkers(), bounded=False)
    with Emulator(clock=clock, speed=1.0, **options) as emulator:
        yield Account(emulator, clock, home, parts)


@contextmanager
def account_in_real_time(home: Path, **options: Any) -> Iterator[Account]:
    """An empty account whose seconds are real ones."""
    with Emulator(speed=1.0, **options) as emulator:
        yield Account(emulator, SystemClock(1.0), home, Parts())
