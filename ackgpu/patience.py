"""Giving up a call over the network that takes too long."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Outcome = tuple[Any, BaseException | None]
LEFT_ALONE = "ackgpu-call left alone"
"""The name of a thread whose call was given up; it ends with the call."""


class _Caller:
    """A thread that makes one call after the other: one a call would cost a third of the call."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ackgpu-call", daemon=True)
        self._thread.start()

    def make(self, call: Callable[[], Any], seconds: float) -> Outcome:
        """What came of the call. Raises queue.Empty after ``seconds``: it is then left alone."""
        self._calls.put(call)
        try:
            return self._outcomes.get(timeout=seconds)
        except queue.Empty:
            self._thread.name = LEFT_ALONE
            self._calls.put(None)  # the last: the thread ends whenever the call does
            raise

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._outcomes.put(_carried_out(call))


_idle: deque[_Caller] = deque()


def give_up_after(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call over the network, made in another thread.

    Raises TimeoutError after ``seconds`` real seconds. The call is left alone then: a timeout
    between two bytes does not end a read to which they come one by one.
    """
    try:
        caller = _idle.pop()
    except IndexError:
        caller = _Caller()
    try:
        result, error = caller.make(call, seconds)
    except queue.Empty:
        raise TimeoutError(f"it was not complete after {seconds:g} s") from None
    _idle.append(caller)
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]  # a queue forgets the type


def _carried_out(call: Callable[[], Any]) -> Outcome:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 -- raised again in the caller's thread
        return None, error
