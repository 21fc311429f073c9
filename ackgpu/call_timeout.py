"""Giving up a call over the network that takes too long."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Outcome = tuple[Any, BaseException | None]
_KEPT = 32
"""So many threads wait for the next call of the process; a burst makes more, which end with it."""
LEFT_ALONE = "ackgpu-call left alone"
"""The name of a thread whose call was given up; it ends with the call."""


class _Caller:
    """A thread that makes one call after the other: one a call would cost a third of the call."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        # A daemon: a read that never ends must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="ackgpu-call", daemon=True)
        self._thread.start()

    def make(self, call: Callable[[], Any], seconds: float) -> Outcome:
        """What came of the call. Raises queue.Empty after ``seconds``: it is then left alone."""
        self._calls.put(call)
        try:
            return self._outcomes.get(timeout=seconds)
        except queue.Empty:
            # It is not put back among the idle ones: its late outcome would answer the next call.
            self._thread.name = LEFT_ALONE
            self.end()  # whenever the call does
            raise

    def end(self) -> None:
        """Let the thread end."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._outcomes.put(_carried_out(call))


_idle: deque[_Caller] = deque()
os.register_at_fork(after_in_child=_idle.clear)  # their threads are the parent's


def give_up_after(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call over the network, made in another thread.

    Raises TimeoutError after ``seconds`` real seconds. The call is left alone then: a timeout
    between two bytes does not end a read to which they come one by one. With no bound (infinity)
    there is nothing to give up, and the call is made in this thread.
    """
    # Nothing to bound: the simulation and tests run in one thread, in the same order each time.
    if seconds == math.inf:
        return call()
    try:
        # A deque's pop and append are atomic, so that no lock is needed among worker threads.
        caller = _idle.pop()
    except IndexError:
        caller = _Caller()
    try:
        result, error = caller.make(call, seconds)
    except queue.Empty:
        raise TimeoutError(f"it was not complete after {seconds:g} s") from None
    if len(_idle) < _KEPT:
        _idle.append(caller)
    else:
        caller.end()
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]  # a queue forgets the type


def _carried_out(call: Callable[[], Any]) -> Outcome:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 -- raised again in the caller's thread
        # What would end this thread would be told to the caller as a timeout.
        return None, error
