"""What a command costs in the cloud's own time: its calls, and how late it sees what is over.

The emulated cloud and the program go by one clock that moves only when the program waits, so that
a create of ten minutes takes seconds, and each run is the same.
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
from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.engine.workers import InlineWorkers
from ackgpu.main import main

LISTS = "DescribeClustersForRegion"
NETWORK_SECONDS = 6.0
"""The VPC and its vSwitch, three seconds each, come before the cluster."""


@dataclass(frozen=True)
class Cost:
    """A command that has ended: its calls, and how many seconds of the cloud it took."""

    code: int
    calls: Counter[str]
    seconds: float
    document: dict[str, Any]
    err: str

    def calls_beside(self, lists: int) -> int:
        """The calls but for so many lists of clusters, which are one a region."""
        return self.calls.total() - min(lists, self.calls[LISTS])


class Account:
    """An account on a clock that is moved by whoever waits."""

    def __init__(self, emulator: Emulator, clock: ManualClock, home: Path) -> None:
        self.emulator = emulator
        self._clock = clock
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
        parts = Parts(clock=self._clock, workers=InlineWorkers(), bounded=False)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*words, "-o", "json"], self._env, parts)
        calls = Counter(entry.action for entry in self.emulator.requests)
        document = json.loads(out.getvalue() or "{}")
        return Cost(code, calls, self._clock.now() - began, document, err.getvalue())

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
    """An empty account."""
    clock = ManualClock()
    with Emulator(clock=clock, speed=1.0, **options) as emulator:
        yield Account(emulator, clock, home)
