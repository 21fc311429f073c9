"""What apply and destroy share: how they are stopped, and how they say what they wait for."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeGuard, TypeVar

from ackgpu.engine.events import StepFailed, StepNotStarted, StepWaiting, StopRequested, Tick
from ackgpu.engine.loop import Loop
from ackgpu.engine.run import Outcome, Run, StepReport, one_line
from ackgpu.engine.step import Step, Values
from ackgpu.engine.step_record import State, StepRecord
from ackgpu.errors import Interrupted, NotYet, TimedOut, Transient, Unreachable

BUSY_SECONDS = 3.0
"""How soon a request is repeated that the cloud refused because a neighbour is busy."""
UNREACHABLE_SECONDS = 10.0
"""How soon a call is repeated whose own retries are used up."""

R = TypeVar("R", bound=StepRecord)


class Walk(ABC, Generic[R]):
    """A walk over the graph. It is *closed* by the first failure, a cancel or the deadline.

    Once closed, nothing new starts; calls under way are finished and recorded. A step has one call
    at a time, so that its record is never replaced by two threads at once.
    """

    not_begun: ClassVar[str]
    """What is said of a step whose turn did not come."""
    ends_well: ClassVar[frozenset[str]]
    """What a report says of a step that is as it should be."""

    def __init__(self, run: Run, values: Values, records: Iterable[R]) -> None:
        self._run = run
        self._values = values
        self._records = {record.name: record for record in records}
        self._loop = Loop(run.clock, run.cancel, run.workers)
        self._closed = False
        self._error: Exception | None = None

    def run(self) -> Outcome:
        """Run to the end; the outcome holds the first failure instead of raising it.

        What was under way at the deadline and came to its end all the same is no failure.
        """
        self._admit()
        self._loop.run(on_tick=self._tick, on_cancel=self._stop)
        for record in self._records.values():
            if record.state is State.WAITING:
                self._run.emit(StepNotStarted, step=record.name, reason=self.not_begun)
        reports = tuple(self._report(record) for record in self._records.values())
        complete = all(report.status in self.ends_well for report in reports)
        # Calls under way are finished after the deadline, and may have finished the work.
        error = None if complete and isinstance(self._error, TimedOut) else self._error
        return Outcome(self._values, reports, self._run.elapsed, error)

    @abstractmethod
    def _admit(self) -> None:
        """Begin with the steps whose turn it is."""

    @abstractmethod
    def _report(self, record: R) -> StepReport:
        """How a step stands in the end."""

    def _of(self, step: Step[Any]) -> R:
        """How a step stands now."""
        return self._records[step.name]

    def _put(self, record: R) -> R:
        """Keep how a step stands from now on."""
        self._records[record.name] = record
        return record

    def _failed(self, record: R, error: Exception) -> None:
        """Tell of a step that has ended with an error, which is the walk's if it is the first."""
        self._put(record)
        # The first failure decides the exit code (ADR 0006); later ones often follow from it.
        self._error = self._error or error
        self._run.emit(StepFailed, step=record.name, message=one_line(error), id=record.id)

    def _say_waiting(self, record: R, detail: str) -> None:
        self._run.emit(StepWaiting, step=record.name, detail=detail, id=record.id)

    def _waiting(self, record: R, detail: str) -> R:
        """The record of a step that waits; what for is said unless it was said last."""
        # Said once: where lines are written, each look would be one.
        if detail == record.detail:
            return record
        self._say_waiting(record, detail)
        return self._put(replace(record, detail=detail))

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
        # Here, in the loop's thread: adapters warn from worker threads, and listeners need no lock.
        self._run.hand_on()
        now = self._run.clock.now()
        under_way = [r for r in self._records.values() if r.under_way]
        waiting = tuple((r.name, r.detail, now - r.began) for r in under_way)
        self._run.emit(Tick, waiting=waiting)
        if self._run.overdue() and not self._closed:
            pending = ", ".join(f"{name} ({detail or 'begun'})" for name, detail, _ in waiting)
            message = f"Timed out after {self._run.elapsed:.0f} s; still pending: {pending}."
            self._error = self._error or TimedOut(message)
            self._close()

    @staticmethod
    def _overdue(step: Step[Any], observed: float) -> bool:
        """Whether a step is given up after a look that began ``observed`` seconds after the step.

        What was ready in time may have been seen late: by a machine that stood still, or because
        of an answer that took minutes. So only a look that began after the timeout ends a step.
        """
        return observed > step.timeout


def passes(error: Exception | None) -> TypeGuard[Transient]:
    """Whether a call is worth another attempt, later.

    What the adapter could not reach it has insisted on for as long as the run allows: so that ends
    the run.
    """
    return isinstance(error, Transient) and not isinstance(error, Unreachable)


def pause_after(error: Exception) -> float:
    """Seconds until a refused or failed request is made again."""
    return BUSY_SECONDS if isinstance(error, NotYet) else UNREACHABLE_SECONDS
