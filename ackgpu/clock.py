"""Time, in one place.

Only this module may import :mod:`time` or call ``datetime.now``. Two notions live here and must not
be mixed:

* an *instant* is a real UTC :class:`~datetime.datetime`, the one that a wall clock shows and that
  cloud resources carry as their creation time;
* a *duration* is in **cloud seconds**. Against the real cloud a cloud second is a second. Against
  an emulator that runs at ``speed`` 60, sixty of them pass in a real one.

:meth:`Clock.after` and :meth:`Clock.since` are the only conversions between the two.
"""

from __future__ import annotations

import os
import select
import time
import weakref
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

SPEEDS = (0.001, 1_000_000.0)
"""The slowest and the fastest that a clock may run; beyond, instants leave the calendar."""


def possible_speed(speed: float) -> bool:
    """Whether a clock can run that fast; not, where it is no number at all."""
    slowest, fastest = SPEEDS
    return slowest <= speed <= fastest


class Clock(Protocol):
    """What the program asks of time. Durations are in cloud seconds."""

    @property
    def speed(self) -> float:
        """How many cloud seconds pass in a real second; 1 against the real cloud."""

    def now(self) -> float:
        """Cloud seconds on a monotonic scale without a meaningful zero."""

    def wall(self) -> datetime:
        """The instant it is, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass, or fewer when the clock is woken."""

    def after(self, seconds: float) -> datetime:
        """The instant at which ``seconds`` from now will have passed."""

    def since(self, instant: datetime) -> float:
        """Cloud seconds passed since ``instant``; negative when it lies ahead."""


class Wakeup:
    """A pipe that ends a sleep early. Safe to notify from a signal handler or another thread.

    A :class:`threading.Event` is not: a handler that runs while the main thread holds the event's
    lock would wait for itself.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        for descriptor in (self._reader, self._writer):
            # Not at exit: a worker that ends then would notify a closed pipe.
            weakref.finalize(self, os.close, descriptor).atexit = False

    def notify(self) -> None:
        """End the current or next wait."""
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:  # the pipe is full of notifications already
            return

    def wait(self, seconds: float) -> None:
        """Return after ``seconds`` real seconds, or as soon as notified."""
        ready, _, _ = select.select([self._reader], [], [], max(0.0, seconds))
        if ready:
            with suppress(BlockingIOError):  # another sleeper took the notification
                os.read(self._reader, 4096)


class SystemClock:
    """The machine's clock, run ``speed`` times as fast for durations."""

    def __init__(self, speed: float = 1.0, wakeup: Wakeup | None = None) -> None:
        self._speed = speed
        self._wakeup = wakeup or Wakeup()

    @property
    def speed(self) -> float:
        """How many cloud seconds pass in a real second."""
        return self._speed

    def now(self) -> float:
        """Cloud seconds on a monotonic scale."""
        return time.monotonic() * self._speed

    def wall(self) -> datetime:
        """The instant it is, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` cloud seconds, or until woken."""
        self._wakeup.wait(seconds / self._speed)

    def after(self, seconds: float) -> datetime:
        """The instant at which ``seconds`` from now will have passed."""
        return self.wall() + timedelta(seconds=seconds / self._speed)

    def since(self, instant: datetime) -> float:
        """Cloud seconds passed since ``instant``."""
        return (self.wall() - instant).total_seconds() * self._speed


class ManualClock:
    """A clock that moves only when told to, for tests: sleeping is advancing."""

    speed: float = 1.0

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 11, 24, tzinfo=UTC)
        self._passed = 0.0

    def now(self) -> float:
        """Seconds advanced so far."""
        return self._passed

    def wall(self) -> datetime:
        """The start instant plus what was advanced."""
        return self._start + timedelta(seconds=self._passed)

    def sleep(self, seconds: float) -> None:
        """Advance by ``seconds``."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock ``seconds`` ahead; never back."""
        self._passed += max(0.0, seconds)

    def after(self, seconds: float) -> datetime:
        """The instant ``seconds`` ahead."""
        return self.wall() + timedelta(seconds=seconds)

    def since(self, instant: datetime) -> float:
        """Seconds passed since ``instant``."""
        return (self.wall() - instant).total_seconds()
