"""Apply: bring every step to ready, as much at once as the graph allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu.engine.cadence import slack_of
from ackgpu.engine.drift import drift_error
from ackgpu.engine.events import (
    Outcome as OutcomeWord,
)
from ackgpu.engine.events import (
    StepAsked,
    StepDone,
    StepFailed,
    StepNotStarted,
    Warned,
)
from ackgpu.engine.graph import in_order
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import JournalledValues, Outcome, Run, StepReport, one_line
from ackgpu.engine.step import Absent, Broken, Finding, Pending, Ready, Resource, Step
from ackgpu.engine.walk import UNREACHABLE_SECONDS, InFlight, Walk, passes, pause_after
from ackgpu.errors import (
    AlreadyExists,
    LocalError,
    LostReply,
    NotYet,
    ResourceNotFound,
    is_unclassified,
)

ASK_AGAIN_LIMIT = 3
"""How often a step is asked for whose request seems never to have arrived."""


@dataclass
class StepProgress:
    """How a step stands while the run goes on. Times are on the clock's scale.

    ``looked`` is when the last look began, less what is not counted; ``told`` whether it was said
    that it is asked for.
    ``refusal``: the cloud says that it exists, so that it is looked for and not asked for again.
    ``broken``: it was found to be so. ``unpaced``: cloud seconds that are not counted, as they
    passed in calls that take real time.
    """

    step: Step[Any]
    status: Literal["waiting", "running", "done", "failed"] = "waiting"
    began: float = 0.0
    looked: float = 0.0
    asked: float | None = None
    told: bool = False
    times_asked: int = 0
    detail: str = ""
    id: str = ""
    warned: str = ""
    outcome: OutcomeWord | Literal[""] = ""
    seconds: float = 0.0
    resources: tuple[Resource, ...] = ()
    error: Exception | None = None
    refusal: Exception | None = None
    broken: bool = False
    unpaced: float = 0.0


class Apply(Walk):
    """One apply. What was begun when it is closed is left as it stands.

    ``known`` is a survey made just before: what it found counts as the first look. ``leave`` names
    steps that are not waited for once the cloud has begun with them.
    """

    def __init__(
        self,
        steps: Sequence[Step[Any]],
        run: Run,
        *,
        known: Plan | None = None,
        leave: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(run)
        self._values = JournalledValues(run.journal)
        self._all = {step.name: StepProgress(step) for step in in_order(steps)}
        self._known = known.reliable() if known else {}
        self._leave = leave
        self._reached = False

    def run(self) -> Outcome:
        """Run to the end; the outcome holds the first failure instead of raising it."""
        self._admit()
        self._walk()
        for progress in self._all.values():
            if progress.status == "waiting":
                self._run.emit(StepNotStarted, step=progress.step.name, reason="not started")
        reports = tuple(self._report(progress) for progress in self._all.values())
        complete = all(report.status == "done" for report in reports)
        error = self._outcome_error(complete=complete)
        return Outcome(self._values, reports, self._run.elapsed, error)

    def _admit(self) -> None:
        for progress in self._all.values():
            needs = (self._all[need.name].status == "done" for need in progress.step.needs)
            if progress.status == "waiting" and not self._closed and all(needs):
                progress.status = "running"
                progress.began = self._run.clock.now()
                self._first_look(progress)

    def _first_look(self, progress: StepProgress) -> None:
        finding = self._known.pop(progress.step.name, None)
        if finding is None:
            self._look(progress, 0)
            return
        self._loop.call_at(
            self._run.clock.now(),
            lambda: finding,
            lambda found, error: self._found(progress, found, error),
        )

    def _look(self, progress: StepProgress, seconds: float) -> None:
        when = self._run.clock.now() + seconds

        def look() -> Finding[Any]:
            self._pace(progress, since=when)  # a loaded machine may be late
            progress.looked = self._run.clock.now() - progress.unpaced
            with self._paced(progress):
                return progress.step.find(self._values)

        self._loop.call_at(when, look, lambda found, error: self._found(progress, found, error))

    @contextmanager
    def _paced(self, progress: StepProgress) -> Iterator[None]:
        """A call of the step; what passes in it counts in real seconds if the step says so."""
        began = self._run.clock.now()
        try:
            yield
        finally:
            self._pace(progress, since=began)

    def _pace(self, progress: StepProgress, *, since: float) -> None:
        """Count what passed ``since`` in real seconds, for the step and for the command.

        Only of a step that works in real time: what it does takes as long at any speed.
        """
        if not progress.step.in_real_time:
            return
        passed = max(0.0, self._run.clock.now() - since)
        seconds = passed - passed / self._run.clock.speed
        progress.unpaced += seconds
        if self._run.deadline is not None:
            self._run.deadline += seconds

    def _found(
        self, progress: StepProgress, finding: Finding[Any] | None, error: Exception | None
    ) -> None:
        if passes(error) and self._reached:
            self._wait(progress, f"cannot be read: {error.message}", again_in=UNREACHABLE_SECONDS)
            return
        if isinstance(error, ResourceNotFound) and self._needs_are_fresh(progress):
            self._wait(progress, f"not visible yet: {error.message}", again_in=2)
            return
        if error is not None:
            self._fail(progress, error)
            return
        self._reached = True
        match finding:
            case Ready():
                self._ready(progress, finding)
            case Pending():
                self._pending(progress, finding)
            case Broken(error=reason):
                progress.id, progress.resources = finding.id, finding.resources
                progress.broken = True
                self._fail(progress, reason)
            case Absent():
                self._absent(progress)

    def _ready(self, progress: StepProgress, finding: Ready[Any]) -> None:
        progress.id, progress.resources = finding.id, finding.resources
        if finding.drift:
            self._fail(progress, drift_error(f"{progress.step.name} {finding.id}", finding.drift))
            return
        self._values.ready[progress.step.name] = finding.value
        progress.status, progress.detail = "done", finding.detail
        progress.seconds = self._run.clock.now() - progress.began
        progress.outcome = _outcome(progress, finding)
        self._run.emit(
            StepDone,
            step=progress.step.name,
            outcome=progress.outcome,
            seconds=progress.seconds,
            id=finding.id,
            detail=finding.detail,
        )
        self._admit()

    def _pending(self, progress: StepProgress, finding: Pending) -> None:
        progress.id = finding.id or progress.id
        progress.resources = finding.resources or progress.resources
        if finding.warning and finding.warning != progress.warned:
            progress.warned = finding.warning
            self._run.emit(Warned, message=f"{progress.step.name}: {finding.warning}")
        begun = not (finding.removing or finding.before)
        if begun and progress.step.name in self._leave:
            self._say_waiting(progress.step.name, finding.detail, progress.id)
            return
        self._wait(progress, finding.detail, again_in=finding.again_in)

    def _absent(self, progress: StepProgress) -> None:
        if self._closed:
            return
        unseen_for = self._unseen_for(progress)
        if unseen_for is not None and unseen_for < self._run.visibility:
            self._wait(progress, "requested, not visible yet", again_in=2)
        elif progress.refusal is not None:
            self._fail(progress, progress.refusal)
        elif progress.times_asked >= ASK_AGAIN_LIMIT:
            name = progress.step.name
            self._fail(progress, ResourceNotFound(f"{name} was requested and never appeared."))
        else:
            self._ask(progress)

    def _needs_are_fresh(self, progress: StepProgress) -> bool:
        """Whether what the step stands on was made so lately that reads may not show it yet."""
        now = self._run.clock.now()
        needs = (self._all[need.name] for need in progress.step.needs)
        return any(
            need.asked is not None and now - need.began - need.seconds < self._run.visibility
            for need in needs
        )

    def _unseen_for(self, progress: StepProgress) -> float | None:
        asked = progress.asked
        if asked is None:
            asked = self._run.journal.asked_at(progress.step.name)
        return None if asked is None else self._run.clock.now() - asked

    def _ask(self, progress: StepProgress) -> None:
        step = progress.step
        token = self._run.token_of(_wording(progress))
        try:
            self._run.journal.intent(step.name, token)
        except LocalError as error:
            self._fail(progress, error)
            return
        if not progress.told:
            progress.told = True
            doing = "changing" if step.changes else "creating"
            self._run.emit(StepAsked, step=step.name, doing=doing)

        def call() -> None:
            with self._paced(progress):
                step.create(self._values, token)

        self._loop.call_at(
            self._run.clock.now(), call, lambda _, error: self._asked(progress, error)
        )

    def _asked(self, progress: StepProgress, error: Exception | None) -> None:
        now = self._run.clock.now()
        if error is None or isinstance(error, LostReply):
            progress.asked = now
            progress.times_asked += 1
        else:
            self._run.journal.refused(progress.step.name)
        if error is None:
            self._run.journal.created(progress.step.name)
        elif isinstance(error, NotYet | LostReply) or passes(error):
            self._wait(progress, error.message, again_in=pause_after(error))
            return
        elif isinstance(error, ResourceNotFound) and self._needs_are_fresh(progress):
            self._wait(progress, f"not visible yet: {error.message}", again_in=2)
            return
        else:
            self._refused(progress, error)
            return
        if not self._closed:
            self._look(progress, min(1.0, progress.step.typical / 2))

    def _refused(self, progress: StepProgress, error: Exception) -> None:
        """Look whether it is there: what another run made meanwhile is in the way, and serves."""
        if isinstance(error, AlreadyExists) and progress.asked is None:
            progress.refusal = error
            progress.asked = self._run.clock.now()  # it is there, though reads may not show it yet
            self._look(progress, 0)
            return
        if self._closed or not is_unclassified(error):
            self._fail(progress, error)
            return

        def settle(finding: Finding[Any] | None, failure: Exception | None) -> None:
            if failure is not None or isinstance(finding, Absent):
                self._fail(progress, error)
            else:
                self._found(progress, finding, None)

        call = lambda: progress.step.find(self._values)  # noqa: E731 -- a call, made later
        self._loop.call_at(self._run.clock.now(), call, settle)

    def _wait(self, progress: StepProgress, detail: str, *, again_in: float | None) -> None:
        if detail != progress.detail:
            progress.detail = detail
            self._say_waiting(progress.step.name, detail, progress.id)
        if self._closed:
            return
        elapsed = self._run.clock.now() - progress.began - progress.unpaced
        if self._overdue(progress.step, progress.looked - progress.began):
            self._fail(progress, progress.step.overdue(detail, elapsed))
            return
        if again_in is None:
            wait = self._run.waits.of(progress.step)
            again_in = wait.next_look(elapsed, self._slack(progress))
        self._look(progress, again_in)

    def _slack(self, progress: StepProgress) -> float:
        """For how long nobody would use the step yet.

        What a check waits for goes on in the cloud, whether the step before it is seen to be ready
        or not.
        """
        now, waits = self._run.clock.now(), self._run.waits
        left = {p.step.name: 0.0 if p.status == "done" else waits.of(p.step).left(
                    now - p.began if p.status == "running" else None)
                for p in self._all.values()}  # fmt: skip
        steps = [(p.step.name, [need.name for need in p.step.needs], left[p.step.name])
                 for p in self._all.values()]  # fmt: skip
        following = [p.step for p in self._all.values() if progress.step in p.step.needs]
        watched = [waits.of(step).earliest for step in following if step.checks]
        goes_on = min(watched) if len(watched) == len(following) and watched else 0.0
        return slack_of(progress.step.name, steps) + goes_on

    def _fail(self, progress: StepProgress, error: Exception) -> None:
        progress.status, progress.error = "failed", error
        self._error = self._error or error
        self._run.emit(StepFailed, step=progress.step.name, message=one_line(error), id=progress.id)
        self._close()

    def _in_flight(self) -> InFlight:
        now = self._run.clock.now()
        running = [p for p in self._all.values() if p.status == "running"]
        return tuple((p.step.name, p.detail, now - p.began) for p in running)

    def _report(self, progress: StepProgress) -> StepReport:
        status = {"waiting": "untouched", "running": "left"}.get(progress.status, progress.status)
        return StepReport(
            progress.step,
            status,
            progress.outcome,
            progress.id,
            progress.detail,
            progress.seconds,
            progress.resources,
            progress.error,
            asked=progress.asked is not None,
            broken=progress.broken,
        )


def _wording(progress: StepProgress) -> str:
    """What the client token is made of.

    The cloud gives the same answer to the same token for a day, also when what it stood for was
    removed meanwhile. So the last attempt at what never appeared has a token of its own, but for
    orders, where what does not show may have been paid all the same.
    """
    last = progress.times_asked >= ASK_AGAIN_LIMIT - 1 and not progress.step.paid
    return f"{progress.step.name}, once more" if last else progress.step.name


def _outcome(progress: StepProgress, finding: Ready[Any]) -> OutcomeWord:
    if progress.step.checks:
        return "checked"
    if finding.ownership == "given":
        return "reused"
    if progress.asked is None:
        return "adopted"
    return "changed" if progress.step.changes else "created"
