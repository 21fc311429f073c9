"""The one loop that waits: calls are made when they are due, results handled one at a time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.engine.workers import Call, Workers

Handler = Callable[[Any, Exception | None], None]
TICK_SECONDS = 1.0
"""Real seconds between two looks at the time while calls are out or a renderer is watching."""
_numbers = itertools.count()  # of all loops: a call that one left alone is no call of the next


class Loop:
    """Schedules calls on the clock.

    ``on_tick`` runs after every wait, ``on_cancel`` once, when a stop was asked for. Calls that
    are due at the same moment start in the order in which they were scheduled, so that with inline
    workers the order of everything is the same each time.
    """

    def __init__(self, clock: Clock, cancel: CancelToken, workers: Workers) -> None:
        self._clock = clock
        self._cancel = cancel
        self._workers = workers
        self._due: list[tuple[float, int, Call, Handler]] = []
        self._handlers: dict[int, Handler] = {}

    def call_at(self, when: float, call: Call, handler: Handler) -> None:
        """Make ``call`` at ``when`` (clock seconds) and give what came of it to ``handler``."""
        heapq.heappush(self._due, (when, next(_numbers), call, handler))

    def drop_scheduled(self) -> None:
        """Forget what is not under way yet."""
        self._due.clear()

    @property
    def busy(self) -> bool:
        """Whether anything is scheduled or under way."""
        return bool(self._due or self._handlers)

    def run(self, *, on_tick: Callable[[], None], on_cancel: Callable[[], None]) -> None:
        """Run until nothing is scheduled and nothing is under way.

        Left by an exception of a hook or a handler, it leaves alone what is under way.
        """
        stopped = False
        while self.busy:
            if self._cancel.requested and not stopped:
                stopped = True
                on_cancel()
            # A stop is heard before anything is started: what
            # was due at the same moment is no longer begun.
            self._start_what_is_due()
            results = self._workers.collect()
            for number, value, error in results:
                # Workers outlive a loop that was left by an
                # exception: a late result of its calls is nobody's.
                handler = self._handlers.pop(number, None)
                if handler is not None:
                    handler(value, error)
            # With results in hand there is no sleep: what they made due may start at once.
            if not results and self.busy:
                self._clock.sleep(self._pause())
            on_tick()

    def _start_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= self._clock.now():
            _, number, call, handler = heapq.heappop(self._due)
            self._handlers[number] = handler
            self._workers.submit(number, call)

    def _pause(self) -> float:
        # Calls in threads wake the sleep when they end;
        # the tick is for the deadline and the display.
        tick = TICK_SECONDS * self._clock.speed
        if not self._due:
            return tick
        return max(0.0, min(self._due[0][0] - self._clock.now(), tick))
