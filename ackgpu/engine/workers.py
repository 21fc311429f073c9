"""Who carries out the calls: this thread (in tests), or a few others (in production).

The engine decides everything in one thread. Only calls to the cloud, which know nothing of each
other, are handed out; their results come back through :meth:`Workers.collect`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

from ackgpu.clock import Wakeup

WORKER = "ackgpu-worker"
"""The name of a thread that carries out the calls of a run."""

# Far more than processors: a worker spends its time waiting for the network.
_MAX_THREADS = 64

Call = Callable[[], Any]
Result = tuple[int, Any, Exception | None]


class Workers(Protocol):
    """Takes calls, gives back results in the order in which they finish."""

    def submit(self, number: int, call: Call) -> None:
        """Carry out ``call``; its result carries ``number``."""

    def collect(self) -> list[Result]:
        """The results that came in: (number, value, error). Does not wait."""

    def close(self) -> None:
        """Take no more calls; those under way end by themselves."""


def carry_out(number: int, call: Call) -> Result:
    """The result of a call, whatever it is."""
    try:
        return number, call(), None
    except Exception as error:  # noqa: BLE001 -- the engine's one seam: it sorts errors by class
        return number, None, error


class InlineWorkers:
    """Carries a call out at once, in the caller's thread: the same order every time."""

    def __init__(self) -> None:
        self._results: list[Result] = []

    def submit(self, number: int, call: Call) -> None:
        """Carry it out."""
        self._results.append(carry_out(number, call))

    def collect(self) -> list[Result]:
        """Everything carried out since the last time."""
        results, self._results = self._results, []
        return results

    def close(self) -> None:
        """Nothing is under way."""


class ThreadWorkers:
    """Carries calls out in daemon threads, which never keep the process from ending."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        self._calls: queue.SimpleQueue[tuple[int, Call] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    def submit(self, number: int, call: Call) -> None:
        """Queue the call, starting another thread where all are taken."""
        self._busy += 1
        self._calls.put((number, call))
        if len(self._threads) < min(_MAX_THREADS, self._busy):
            thread = threading.Thread(target=self._work, name=WORKER, daemon=True)
            self._threads.append(thread)
            thread.start()

    def collect(self) -> list[Result]:
        """Everything that finished since the last time."""
        results: list[Result] = []
        while True:
            try:
                results.append(self._results.get_nowait())
            except queue.Empty:
                # Counted by the engine's thread, which submits
                # and collects, so that no lock is needed.
                self._busy -= len(results)
                return results

    def close(self) -> None:
        """Let the threads end once they have carried out what they took."""
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (taken := self._calls.get()) is not None:
            number, call = taken
            self._results.put(carry_out(number, call))
            # After the result is in the queue, or the loop
            # would wake, find nothing and sleep a tick.
            self._wakeup.notify()
