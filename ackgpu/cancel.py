"""Stopping: a token that is asked, and what asks it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        # The first one decides the exit code.
        self._signal = self._signal or signal_number
        self._wakeup.notify()
        # A copy: another thread may leave its block
        # meanwhile, and locks are not for signal handlers.
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


class StopSignals:
    """How a command hears from outside that it is to stop. This one hears nothing.

    Handlers are a process's own: only the command line passes one that installs some
    (:class:`ackgpu.cli.signals.ProcessSignals`). In another program that program has them.
    """

    @contextmanager
    def requesting(self, token: CancelToken, insist: Callable[[int], None]) -> Iterator[None]:
        """Ask ``token`` to stop on the first signal; on a second call ``insist`` and exit.

        SIGQUIT does so at once. ``insist`` gets the exit code and prints what is left and how to
        go on.
        """
        del token, insist
        yield

    @contextmanager
    def interrupting(self, stopped: Callable[[int], BaseException]) -> Iterator[None]:
        """Raise at once what ``stopped`` makes of a signal's number."""
        del stopped
        yield
