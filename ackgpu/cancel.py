"""Stopping: the first SIGINT, SIGTERM or SIGHUP asks, a second SIGINT or SIGTERM insists."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

from ackgpu.clock import Wakeup


class CancelToken:
    """Whether somebody asked to stop, and with which signal."""

    def __init__(self, wakeup: Wakeup | None = None) -> None:
        self._wakeup = wakeup or Wakeup()
        self._signal: int | None = None
        self._others: list[CancelToken] = []

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return self._signal is not None

    @property
    def signal_number(self) -> int:
        """The signal that asked; SIGINT where the program itself did."""
        return self._signal or signal.SIGINT

    def request(self, signal_number: int = signal.SIGINT) -> None:
        """Ask to stop, and end the current sleep. Safe in any thread, and in a signal handler."""
        self._signal = self._signal or signal_number
        self._wakeup.notify()
        for token in tuple(self._others):
            token.request(signal_number)

    @contextmanager
    def passed_on(self, other: CancelToken) -> Iterator[None]:
        """Ask ``other`` to stop as well, while the block lasts; also if this was asked before."""
        self._others.append(other)
        if self.requested:
            other.request(self.signal_number)
        try:
            yield
        finally:
            self._others.remove(other)


_left_alone: ContextVar[bool] = ContextVar("ackgpu_signals_left_alone", default=False)


@contextmanager
def signals_left_alone() -> Iterator[None]:
    """Handle no signal while the block lasts: they belong to the program around."""
    token = _left_alone.set(True)
    try:
        yield
    finally:
        _left_alone.reset(token)


def are_signals_ours() -> bool:
    """Whether signals are handled here, and not by the program around."""
    return not _left_alone.get()


@contextmanager
def stop_on_signals(token: CancelToken, insist: Callable[[int], None]) -> Iterator[None]:
    """Ask ``token`` to stop on the first signal; on a second call ``insist`` and exit.

    ``insist`` gets the exit code and prints what is left and how to go on. It runs inside the
    handler, so that it works while a call hangs. SIGHUP never insists: a terminal that is closed
    sends it twice, through its shell and by itself.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if not token.requested:
            token.request(number)
            return
        if number == signal.SIGHUP:
            return
        insist(128 + number)
        os._exit(128 + number)  # a worker may hang in a call: nothing may wait for it

    with _handled(_stopping(), handle):
        yield


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP as well, with the number of the signal."""

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        raise KeyboardInterrupt(number)

    with _handled(_stopping(), handle):
        yield


def _stopping() -> list[int]:
    """The signals that ask to stop; under nohup, which ignores it, SIGHUP is none of them."""
    if not are_signals_ours():
        return []
    hung_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hung_up]


@contextmanager
def _handled(
    numbers: list[int], handler: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone hear signals; it asks the others' token to stop
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
