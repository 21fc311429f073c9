"""Time and turns with real threads: a run's calls are carried out by its workers, side by side.

Commands follow one another, since a process has one pair of streams and one set of signals; what is
side by side are the threads of each. Time moves when none of them has anything to do: all of them
sleep, or wait for an answer. How their steps mix is up to the machine, so that a seed that breaks
here may need several tries.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from typing import Any

from simulation.kernel import Kernel, Task

from ackgpu.engine.workers import Call, Result, ThreadWorkers, Workers

PATIENCE = 0.25
"""Real seconds in which nothing happens before time moves although a thread seems to be at work: it
waits for a lock that a sleeping one holds."""
STUCK = 240
"""So many times without anything that could move the time: a thread waits for one that is gone."""


class ThreadedKernel(Kernel):
    """The scheduler; whoever calls :meth:`run` moves the time."""

    def __init__(self, *, now: float = 0.0) -> None:
        super().__init__(now=now)
        self._change = threading.Condition(threading.RLock())
        self._busy = 0
        self._changes = 0
        self._ended: set[Task] = set()
        self._local = threading.local()
        self._failure: BaseException | None = None
        self._mains: dict[Task, threading.Thread] = {}

    def spawn(self, task: Task, work: Callable[[], object], *, after: float = 0.0) -> None:
        """Carry out ``work`` in a thread, once no other task runs."""
        self._mains[task] = threading.Thread(target=self._carry_out, args=(task, work), daemon=True)
        self._push(after, task, self._mains[task].start)

    def workers(self, task: Task) -> Workers:
        """The threads of a task."""
        return _Counted(self, task)

    def pause(self, seconds: float) -> None:
        """Sleep; called by any thread of a task. One of a task that has ended sleeps for ever."""
        task: Task = self._local.task
        me, event = threading.current_thread(), threading.Event()
        with self._change:
            if not self._is_gone(task):
                number = self._push(max(0.0, seconds), task, event.set)
                if me is self._mains[task]:
                    self._sleeping[task] = number
            self.add_busy(-1)
        event.wait()
        if me is self._mains[task]:
            self._sleeping.pop(task, None)
            task.meet_signals()

    def abandon(self) -> None:
        """Let this thread, of a task that was killed, sleep for ever."""
        self.add_busy(-1)
        threading.Event().wait()

    def wake(self, task: Task) -> None:
        """End the pause that the first thread of ``task`` is in, if it is in one."""
        with self._change:
            super().wake(task)
            self._changes += 1

    def run(self, *, until: float) -> bool:
        """Move the time until nobody wants a turn; whether that was before ``until``.

        Raises RuntimeError if a thread is at work for a minute and nothing comes of it.
        """
        idle = 0
        while True:
            self._settle()
            with self._change:
                if not self._queue and self._busy <= 0:
                    return True
                if not self._queue:
                    idle += 1
                    if idle > STUCK:
                        raise RuntimeError(f"stuck: {self.current} waits for what never comes")
                    continue
                idle = 0
                item = heapq.heappop(self._queue)
                if item[0] > until:
                    heapq.heappush(self._queue, item)
                    return False
                self.now = max(self.now, item[0])
            self._give(item[2], item[3])

    def add_busy(self, number: int) -> None:
        """So many threads more are at work."""
        with self._change:
            self._busy += number
            self._changes += 1
            self._change.notify_all()

    def _settle(self) -> None:
        """Wait until every thread sleeps, and let go of a task that was killed."""
        with self._change:
            while self._busy > 0:
                before = self._changes
                self._change.wait(PATIENCE)
                if before == self._changes:
                    break
        if self._failure is not None:
            raise self._failure
        if self.current is not None and self.current.dead:
            self._over(self.current)

    def _give(self, task: Task | None, go_on: Callable[[], object]) -> None:
        if task is None:
            go_on()
            return
        if self._is_gone(task):
            return
        if self.current is not None and self.current is not task:
            self._push(1.0, task, go_on)
            return
        if self.current is None:
            self.current = task
            task.enter()
        self.add_busy(1)
        go_on()

    def call_for(self, task: Task, call: Call) -> Call:
        """The call, as one that a thread of ``task`` makes."""

        def made() -> Any:
            self._local.task = task
            return call()

        return made

    def _is_gone(self, task: Task) -> bool:
        return task.dead or task in self._ended

    def _carry_out(self, task: Task, work: Callable[[], object]) -> None:
        self._local.task = task
        try:
            work()
        except BaseException as error:  # noqa: BLE001 -- raised where the test looks
            self._failure = error
        self._ended.add(task)
        self._over(task)
        self.add_busy(-1)

    def _over(self, task: Task) -> None:
        if self.current is task:
            task.leave()
            self.current = None


class _Counted:
    """The program's own workers, whose calls the kernel counts while they are under way."""

    def __init__(self, kernel: ThreadedKernel, task: Task) -> None:
        self._kernel, self._task = kernel, task
        wakeup: Any = self
        self._workers = ThreadWorkers(wakeup)

    def submit(self, number: int, call: Call) -> None:
        """Carry it out in a thread."""
        self._kernel.add_busy(1)
        self._workers.submit(number, self._kernel.call_for(self._task, call))

    def collect(self) -> list[Result]:
        """What came in."""
        return self._workers.collect()

    def close(self) -> None:
        """Take no more calls."""
        self._workers.close()

    def notify(self) -> None:
        """A call is over, and its result waits for whoever collects it."""
        self._kernel.wake(self._task)
        self._kernel.add_busy(-1)
