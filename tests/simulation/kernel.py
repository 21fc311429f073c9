"""Time and turns: every run is a greenlet of one thread, and sleeps until its turn comes.

Nothing here reads a clock or starts a thread, so one seed is one execution. A run gives the turn
away wherever it would wait in the real world: in a sleep, and while a call is under way.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from greenlet import getcurrent, greenlet

from ackgpu.engine.workers import InlineWorkers, Workers

KILLED: list[greenlet] = []
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class Task(Protocol):
    """What is given turns. ``enter`` and ``leave`` surround each of them."""

    dead: bool

    def enter(self) -> None:
        """Called before it goes on."""

    def leave(self) -> None:
        """Called once it waits again, or has ended."""

    def meet_signals(self) -> None:
        """Called when a pause ends, in the task."""


class Kernel:
    """The scheduler. ``now`` is in seconds since the simulation began, below 0 before it does."""

    def __init__(self, *, now: float = 0.0) -> None:
        self.now = now
        self.current: Task | None = None
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Task | None, Callable[[], object]]] = []
        self._until = 0.0
        self._sleeping: dict[Task, int] = {}
        self._hub = getcurrent()

    def wall(self) -> datetime:
        """The instant it is: what the emulated cloud goes by."""
        return START + timedelta(seconds=self.now)

    def spawn(self, task: Task, work: Callable[[], object], *, after: float = 0.0) -> None:
        """Let ``task`` carry out ``work`` in turns, beginning ``after`` seconds from now."""
        self._push(after, task, greenlet(work, self._hub).switch)

    def workers(self, task: Task) -> Workers:
        """Who carries out the calls of a task: itself."""
        del task
        return InlineWorkers()

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something between two turns when the time has come."""
        self._push(max(0.0, seconds - self.now), None, act)

    def pause(self, seconds: float) -> None:
        """Give the turn away for ``seconds``; called by a task."""
        task = self.current
        if task is None:
            raise RuntimeError("only a task pauses")
        end = self.now + max(0.0, seconds)
        if not task.dead and end <= self._until and self._nobody_before(end):
            self.now = end  # the next turn is this task's own
        else:
            me = getcurrent()
            self._sleeping[task] = self._push(max(0.0, seconds), task, me.switch)
            self._hub.switch()
            self._sleeping.pop(task, None)
        task.meet_signals()

    def abandon(self) -> None:
        """Give the turn away for ever; called by a task that was killed.

        Its greenlet is kept: the interpreter would raise in one that nobody refers to any more, and
        run the very clean-up that SIGKILL does not.
        """
        KILLED.append(getcurrent())
        self._hub.switch()
        raise RuntimeError("a killed task got a turn")

    def wake(self, task: Task) -> None:
        """End the pause that ``task`` is in, if it is in one."""
        number = self._sleeping.get(task)
        for index, (_, of, owner, go_on) in enumerate(self._queue):
            if of == number:
                self._queue[index] = (self.now, of, owner, go_on)
                heapq.heapify(self._queue)
                return

    def wait(self, seconds: float) -> None:
        """Give turns for ``seconds``; called by whoever gives them."""
        self.at(self.now + seconds, lambda: None)
        self.run(until=self.now + seconds)

    def run(self, *, until: float) -> bool:
        """Give turns until nobody wants one; whether that was before ``until``."""
        self._until = until
        while self._queue:
            when, _, task, go_on = heapq.heappop(self._queue)
            if when > until:
                return False
            self.now = max(self.now, when)
            if task is None:
                go_on()
            elif not task.dead:
                self._give_turn(task, go_on)
        return True

    def _nobody_before(self, end: float) -> bool:
        return not self._queue or self._queue[0][0] > end

    def _give_turn(self, task: Task, go_on: Callable[[], object]) -> None:
        self.current = task
        task.enter()
        try:
            go_on()
        finally:
            task.leave()
            self.current = None

    def _push(self, seconds: float, task: Task | None, go_on: Callable[[], object]) -> int:
        number = next(self._numbers)
        heapq.heappush(self._queue, (self.now + seconds, number, task, go_on))
        return number


class SimulatedClock:
    """:class:`~ackgpu.clock.Clock` of one run: the kernel's time, its machine's calendar."""

    speed = 1.0

    def __init__(self, kernel: Kernel, *, skew: Callable[[], float] = lambda: 0.0) -> None:
        self._kernel = kernel
        self._skew = skew

    def now(self) -> float:
        """Seconds since the simulation began: no jump of a calendar moves it."""
        return self._kernel.now

    def wall(self) -> datetime:
        """What the machine takes for the time."""
        return self._kernel.wall() + timedelta(seconds=self._skew())

    def sleep(self, seconds: float) -> None:
        """Let others have their turns until ``seconds`` have passed."""
        self._kernel.pause(seconds)

    def after(self, seconds: float) -> datetime:
        """The instant ``seconds`` ahead."""
        return self.wall() + timedelta(seconds=seconds)

    def since(self, instant: datetime) -> float:
        """Seconds since ``instant``."""
        return (self.wall() - instant).total_seconds()
