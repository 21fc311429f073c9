"""What apply, destroy and survey share: the clock, the events, the values, the journal."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from ackgpu import flag
from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.engine.events import Event, Listener, Warned
from ackgpu.engine.journal import Journal
from ackgpu.engine.loop import Loop
from ackgpu.engine.step import Resource, Step, Values
from ackgpu.engine.waits import Waits
from ackgpu.engine.workers import Workers
from ackgpu.errors import AckGpuError, TimedOut

VISIBILITY_SECONDS = 30.0
"""How long after our own request an absence is not believed: the cloud's reads lag behind."""
NOW = math.nan
"""When a run begins that does not say since when it goes on: at the moment when it is made."""


class JournalledValues(Values):
    """Values whose memory is the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def recall(self, step: Step[Any], key: str) -> str | None:
        """A word kept in this run or an earlier one."""
        return self._journal.recall(step.name, key)

    def remember(self, step: Step[Any], key: str, value: str) -> None:
        """Keep a word, fsynced."""
        self._journal.note(step.name, key, value)


@dataclass
class Run:
    """One run of the engine over a cluster's steps.

    ``token_of`` gives the client token of a step: the same one each time within a run, also after
    a crash. ``deadline`` is on the clock's scale; None waits as long as the steps allow. ``news``:
    what the adapters have to say meanwhile, from their own threads. ``waits``: how long things took
    in earlier runs. ``started``: when it began, on the same scale; what is derived from a run goes
    on since then, unless that is :data:`NOW`.
    """

    clock: Clock
    cancel: CancelToken
    workers: Workers
    journal: Journal
    listen: Listener
    token_of: Callable[[str], str]
    deadline: float | None = None
    news: SimpleQueue[str] | None = None
    waits: Waits = field(default_factory=Waits)
    visibility: float = VISIBILITY_SECONDS
    started: float = NOW

    def __post_init__(self) -> None:
        if math.isnan(self.started):
            self.started = self.clock.now()

    def within(self, seconds: float) -> Run:
        """The same run, with its deadline so many seconds after it began."""
        return replace(self, deadline=self.started + seconds)

    def emit(self, kind: type[Event], **what: Any) -> None:
        """Tell the listener that something happened now."""
        self.listen(kind(at=self.elapsed, wall=self.clock.wall(), **what))

    def hand_on(self) -> None:
        """Tell the listener what the adapters had to say since the last time."""
        while self.news is not None:
            try:
                self.emit(Warned, message=self.news.get_nowait())
            except Empty:
                return

    @property
    def elapsed(self) -> float:
        """Cloud seconds since the run began."""
        return self.clock.now() - self.started

    @property
    def believable(self) -> float:
        """From when on an absence can be believed that a look finds now and another one then."""
        return self.clock.now() + self.visibility

    def overdue(self) -> bool:
        """Whether the command's deadline has passed."""
        return self.deadline is not None and self.clock.now() > self.deadline

    def watch(self, loop: Loop) -> Callable[[], None]:
        """A tick for a loop that only reads: raises TimedOut where the deadline finds it busy."""

        def tick() -> None:
            if self.overdue() and loop.busy:
                raise TimedOut(
                    f"Timed out after {self.elapsed:.0f} s, before everything was read.",
                    resolution=f"Run it again, with a longer {flag.TIMEOUT} where that is what it"
                    " takes.",
                )

        return tick


@dataclass(frozen=True)
class StepReport:
    """How a step stands at the end of a run.

    ``status``: done, failed, left (begun, and not waited for any more), untouched; after a destroy
    gone, kept, failed, left. ``outcome`` is the event's word where it is done. ``requested``: the
    cloud was asked for it in this run. ``broken``: it is there, and will never be usable.
    """

    step: Step[Any]
    status: str
    outcome: str = ""
    id: str = ""
    detail: str = ""
    seconds: float = 0.0
    resources: tuple[Resource, ...] = ()
    error: Exception | None = None
    requested: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``error`` is the first failure; None when everything is done."""

    values: Values
    reports: tuple[StepReport, ...]
    seconds: float
    error: Exception | None = None

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every cloud resource seen, in the order of the steps."""
        return tuple(resource for report in self.reports for resource in report.resources)

    def raise_error(self) -> None:
        """Raise the first failure, where there is one."""
        if self.error is not None:
            raise self.error


def one_line(error: Exception) -> str:
    """An error as the reason under a step."""
    return error.message if isinstance(error, AckGpuError) else f"{type(error).__name__}: {error}"
