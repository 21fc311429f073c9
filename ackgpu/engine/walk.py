"""What apply and destroy share: how they are stopped, and how they say what they wait for."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from typing import Any, TypeGuard

from ackgpu.engine.events import StepWaiting, StopRequested, Tick
from ackgpu.engine.loop import Loop
from ackgpu.engine.run import Run
from ackgpu.engine.step import Step
from ackgpu.errors import Interrupted, NotYet, TimedOut, Transient, Unreachable

BUSY_SECONDS = 3.0
"""How soon a request is repeated that the cloud refused because a neighbour is busy."""
UNREACHABLE_SECONDS = 10.0
"""How soon a call is repeated whose own retries are used up."""

InFlight = tuple[tuple[str, str, float], ...]


class Walk(ABC):
    """A walk over the graph. It is *closed* by the first failure, a cancel or the deadline.

    Once closed, nothing new starts; calls under way are finished and recorded.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._loop = Loop(run.clock, run.cancel, run.workers)
        self._closed = False
        self._error: Exception | None = None

    @abstractmethod
    def _in_flight(self) -> InFlight:
        """The steps under way: (name, detail, seconds so far)."""

    def _walk(self) -> None:
        self._loop.run(on_tick=self._tick, on_cancel=self._stop)

    def _close(self) -> None:
        self._closed = True
        self._loop.drop_scheduled()

    def _stop(self) -> None:
        number = self._run.cancel.signal_number
        self._run.emit(StopRequested, signal=signal.Signals(number).name)
        stopped = Interrupted("Stopped at a safe point.", signal_number=number)
        self._error = self._error or stopped
        self._close()

    def _tick(self) -> None:
        self._run.hand_on()
        waiting = self._in_flight()
        self._run.emit(Tick, waiting=waiting)
        if self._run.overdue() and not self._closed:
            pending = ", ".join(f"{name} ({detail or 'begun'})" for name, detail, _ in waiting)
            message = f"Timed out after {self._run.elapsed:.0f} s; still pending: {pending}."
            self._error = self._error or TimedOut(message)
            self._close()

    def _outcome_error(self, *, complete: bool) -> Exception | None:
        """The first failure; none where what was under way at the deadline came to its end."""
        return None if complete and isinstance(self._error, TimedOut) else self._error

    @staticmethod
    def _overdue(step: Step[Any], looked: float) -> bool:
        """Whether a step is given up after a look that began ``looked`` seconds after the step.

        What was ready in time may have been seen late: by a machine that stood still, or because
        of an answer that took minutes. So only a look that began after the timeout ends a step.
        """
        return looked > step.timeout

    def _say_waiting(self, step: str, detail: str, found_id: str) -> None:
        self._run.emit(StepWaiting, step=step, detail=detail, id=found_id)


def passes(error: Exception | None) -> TypeGuard[Transient]:
    """Whether a call is worth another attempt, later.

    What the adapter could not reach it has insisted on for as long as the run allows: so that ends
    the run.
    """
    return isinstance(error, Transient) and not isinstance(error, Unreachable)


def pause_after(error: Exception) -> float:
    """Seconds until a refused or failed request is made again."""
    return BUSY_SECONDS if isinstance(error, NotYet) else UNREACHABLE_SECONDS
