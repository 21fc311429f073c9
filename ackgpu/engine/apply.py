"""Apply: bring every step to ready, as much at once as the graph allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ackgpu.engine.cadence import slack_of
from ackgpu.engine.drift import drift_error
from ackgpu.engine.events import Outcome as OutcomeWord
from ackgpu.engine.events import StepAsked, StepDone, Warned
from ackgpu.engine.graph import in_order
from ackgpu.engine.plan import Plan
from ackgpu.engine.run import JournalledValues, Run, StepReport
from ackgpu.engine.step import Absent, Broken, Finding, Pending, Ready, Step
from ackgpu.engine.step_record import TO_READY, State, StepRecord, Transitions
from ackgpu.engine.walk import UNREACHABLE_SECONDS, Walk, passes, pause_after
from ackgpu.errors import (
    AlreadyExists,
    LocalError,
    LostReply,
    NotYet,
    ResourceNotFound,
    is_unclassified,
)

MAX_REQUESTS = 3
"""How often a step is requested whose request seems never to have arrived."""
_STATUS = {
    State.WAITING: "untouched",
    State.DONE: "done",
    State.BROKEN: "failed",
    State.FAILED: "failed",
}
"""What a report says of a state; the others are *left*."""


@dataclass(frozen=True)
class StepProgress(StepRecord):
    """How a step comes to be ready.

    ``observed_at`` leaves out what is not counted. ``existing_error``: the refusal that says that
    it exists. ``unpaced``: cloud seconds that are not counted, as they passed in calls that take
    real time. ``warned``: the last warning that was said of it.
    """

    transitions: ClassVar[Transitions] = TO_READY

    outcome: OutcomeWord | Literal[""] = ""
    warned: str = ""
    existing_error: Exception | None = None
    unpaced: float = 0.0


class Apply(Walk[StepProgress]):
    """One apply. What was begun when it is closed is left as it stands.

    ``known`` is a survey made just before: what it found counts as the first look. ``no_wait``
    names steps that are not waited for once the cloud has begun with them.
    """

    not_begun = "not started"
    ends_well = frozenset({"done"})

    def __init__(
        self,
        steps: Sequence[Step[Any]],
        run: Run,
        *,
        known: Plan | None = None,
        no_wait: frozenset[str] = frozenset(),
    ) -> None:
        records = [StepProgress(step) for step in in_order(steps)]
        super().__init__(run, JournalledValues(run.journal), records)
        self._known = known.reliable() if known else {}
        self._no_wait = no_wait
        self._reached = False

    def _admit(self) -> None:
        # A copy: with inline workers the first look ends in here, and admits what stands behind it.
        for record in tuple(self._records.values()):
            needs = (self._of(need).state is State.DONE for need in record.step.needs)
            if record.state is State.WAITING and not self._closed and all(needs):
                self._put(replace(record.to(State.OBSERVED), began=self._run.clock.now()))
                self._first_look(record.step)

    def _first_look(self, step: Step[Any]) -> None:
        finding = self._known.pop(step.name, None)
        if finding is None:
            self._look(step, 0)
        else:
            self._observe(step, self._run.clock.now(), lambda: finding)

    def _look(self, step: Step[Any], seconds: float) -> None:
        when = self._run.clock.now() + seconds

        def look() -> Finding[Any]:
            self._pace(step, since=when)  # a loaded machine may be late
            record = self._of(step)
            self._put(replace(record, observed_at=self._run.clock.now() - record.unpaced))
            with self._paced(step):
                return step.find(self._values)

        self._observe(step, when, look)

    def _observe(self, step: Step[Any], when: float, look: Callable[[], Finding[Any]]) -> None:
        self._loop.call_at(when, look, lambda found, error: self._found(step, found, error))

    @contextmanager
    def _paced(self, step: Step[Any]) -> Iterator[None]:
        """A call of the step; what passes in it counts in real seconds if the step says so."""
        began = self._run.clock.now()
        try:
            yield
        finally:
            self._pace(step, since=began)

    def _pace(self, step: Step[Any], *, since: float) -> None:
        """Count what passed ``since`` in real seconds, for the step and for the command.

        Only of a step that works in real time: what it does takes as long at any speed.
        """
        if not step.in_real_time:
            return
        passed = max(0.0, self._run.clock.now() - since)
        seconds = passed - passed / self._run.clock.speed
        record = self._of(step)
        self._put(replace(record, unpaced=record.unpaced + seconds))
        if self._run.deadline is not None:
            self._run.deadline += seconds

    def _found(
        self, step: Step[Any], finding: Finding[Any] | None, error: Exception | None
    ) -> None:
        record = self._of(step)
        # Before the run's first answer nothing was made,
        # and waiting would only hide a wrong endpoint.
        if passes(error) and self._reached:
            self._wait(record, f"cannot be read: {error.message}", again_in=UNREACHABLE_SECONDS)
            return
        # Reads lag: a call in a VPC made moments ago may answer that there is no such VPC.
        if isinstance(error, ResourceNotFound) and self._needs_are_fresh(step):
            self._wait(record, f"not visible yet: {error.message}", again_in=2)
            return
        if error is not None:
            self._fail(record, error)
            return
        self._reached = True
        match finding:
            case Ready():
                self._ready(record, finding)
            case Pending():
                self._pending(record, finding)
            case Broken(error=reason):
                # What is broken stands all the same: its id goes
                # into the report, or a rollback would miss it.
                found = replace(record, id=finding.id, resources=finding.resources)
                self._fail(found, reason, State.BROKEN)
            case Absent():
                self._absent(record)

    def _ready(self, record: StepProgress, finding: Ready[Any]) -> None:
        record = replace(record, id=finding.id, resources=finding.resources)
        if finding.drift:
            self._fail(record, drift_error(f"{record.name} {finding.id}", finding.drift))
            return
        self._values.ready[record.name] = finding.value
        outcome = _outcome(record, finding)
        seconds = self._run.clock.now() - record.began
        done = record.to(State.DONE)
        self._put(replace(done, detail=finding.detail, seconds=seconds, outcome=outcome))
        self._run.emit(
            StepDone,
            step=record.name,
            outcome=outcome,
            seconds=seconds,
            id=finding.id,
            detail=finding.detail,
        )
        self._admit()

    def _pending(self, record: StepProgress, finding: Pending) -> None:
        # A look that is short of an answer must not lose what an earlier one saw.
        found_id, resources = finding.id or record.id, finding.resources or record.resources
        if finding.warning and finding.warning != record.warned:
            record = replace(record, warned=finding.warning)
            self._run.emit(Warned, message=f"{record.name}: {finding.warning}")
        record = self._put(replace(record, id=found_id, resources=resources))
        begun = not (finding.removing or finding.before)
        if begun and record.name in self._no_wait:
            self._say_waiting(record, finding.detail)
            return
        self._wait(record, finding.detail, again_in=finding.again_in)

    def _absent(self, record: StepProgress) -> None:
        if self._closed:
            return
        unseen_for = self._unseen_for(record)
        # Not requested again yet: without a client token
        # (node pools) a repeat would make a second one.
        if unseen_for is not None and unseen_for < self._run.visibility:
            self._wait(record, "requested, not visible yet", again_in=2)
        elif record.existing_error is not None:
            # It exists, says the cloud, and no look within
            # the window found it: it is not for us to take.
            self._fail(record, record.existing_error)
        elif record.requests >= MAX_REQUESTS:
            never = f"{record.name} was requested and never appeared."
            self._fail(record, ResourceNotFound(never))
        else:
            self._request(record)

    def _needs_are_fresh(self, step: Step[Any]) -> bool:
        """Whether what the step stands on was made so lately that reads may not show it yet."""
        now = self._run.clock.now()
        return any(
            need.requested_at is not None and now - need.began - need.seconds < self._run.visibility
            for need in map(self._of, step.needs)
        )

    def _unseen_for(self, record: StepProgress) -> float | None:
        requested_at = record.requested_at
        # Another process may have requested it and been killed before it had the answer.
        if requested_at is None:
            requested_at = self._run.journal.requested_at(record.name)
        return None if requested_at is None else self._run.clock.now() - requested_at

    def _request(self, record: StepProgress) -> None:
        step = record.step
        token = self._run.token_of(_wording(record))
        try:
            # The intent is on disk before the request is out. A crash in between costs a look;
            # the other way round it would leave something billed that only a tag can find.
            self._run.journal.intent(step.name, token)
        except LocalError as error:
            self._fail(record, error)
            return
        if not record.announced:
            doing = "changing" if step.changes else "creating"
            self._run.emit(StepAsked, step=step.name, doing=doing)
        self._put(replace(record.to(State.REQUESTING), announced=True))

        def call() -> None:
            with self._paced(step):
                step.create(self._values, token)

        now = self._run.clock.now()
        self._loop.call_at(now, call, lambda _, error: self._requested(step, error))

    def _requested(self, step: Step[Any], error: Exception | None) -> None:
        record, now = self._of(step), self._run.clock.now()
        if error is None or isinstance(error, LostReply):
            record = replace(record, requested_at=now, requests=record.requests + 1)
        else:
            # Refused is not carried out: the next run need not wait for it to show.
            self._run.journal.refused(step.name)
        if error is None:
            self._run.journal.created(step.name)
            self._put(record.to(State.REQUESTED))
            if not self._closed:
                self._look(step, self._run.waits.of(step).first_look(self._slack(step)))
        elif isinstance(error, NotYet | LostReply) or passes(error):
            self._wait(record.looked_for(), error.message, again_in=pause_after(error))
        elif isinstance(error, ResourceNotFound) and self._needs_are_fresh(step):
            self._wait(record.looked_for(), f"not visible yet: {error.message}", again_in=2)
        else:
            self._refused(record, error)

    def _refused(self, record: StepProgress, error: Exception) -> None:
        """Look whether it is there: what another run made meanwhile is in the way, and serves."""
        now = self._run.clock.now()
        if isinstance(error, AlreadyExists) and record.requested_at is None:
            existing = record.to(State.EXISTING)  # since now, though reads may not show it yet
            self._put(replace(existing, existing_error=error, requested_at=now))
            self._look(record.step, 0)
            return
        if self._closed or not is_unclassified(error):
            self._fail(record, error)
            return
        # A code that nobody knows may follow a request that was carried out: one look decides.
        step = self._put(record.to(State.DOUBTED)).step

        def settle(finding: Finding[Any] | None, failure: Exception | None) -> None:
            if failure is not None or isinstance(finding, Absent):
                self._fail(self._of(step), error)
            else:
                self._put(self._of(step).looked_for())
                self._found(step, finding, None)

        self._loop.call_at(now, lambda: step.find(self._values), settle)

    def _wait(self, record: StepProgress, detail: str, *, again_in: float | None) -> None:
        record = self._waiting(self._put(record), detail)
        if self._closed:
            return
        elapsed = self._run.clock.now() - record.began - record.unpaced
        if self._overdue(record.step, record.observed_at - record.began):
            self._fail(record, record.step.overdue(detail, elapsed))
            return
        if again_in is None:
            wait = self._run.waits.of(record.step)
            again_in = wait.next_look(elapsed, self._slack(record.step))
        self._look(record.step, again_in)

    def _slack(self, waited_for: Step[Any]) -> float:
        """For how long nobody would use the step yet.

        What a check waits for goes on in the cloud, whether the step before it is seen to be ready
        or not.
        """
        now, waits, records = self._run.clock.now(), self._run.waits, self._records.values()
        left = {r.name: 0.0 if r.state is State.DONE else waits.of(r.step).left(
                    now - r.began if r.under_way else None)
                for r in records}  # fmt: skip
        steps = [(r.name, [need.name for need in r.step.needs], left[r.name]) for r in records]
        following = [r.step for r in records if waited_for in r.step.needs]
        watched = [waits.of(step).expected for step in following if step.checks]
        goes_on = min(watched) if len(watched) == len(following) and watched else 0.0
        return slack_of(waited_for.name, steps) + goes_on

    def _fail(self, record: StepProgress, error: Exception, end: State = State.FAILED) -> None:
        self._failed(replace(record.to(end), error=error), error)
        # What were made from here on would be billed for a cluster that does not come about.
        self._close()

    def _report(self, record: StepProgress) -> StepReport:
        return StepReport(
            record.step,
            _STATUS.get(record.state, "left"),
            record.outcome,
            record.id,
            record.detail,
            record.seconds,
            record.resources,
            record.error,
            requested=record.requested_at is not None,
            broken=record.state is State.BROKEN,
        )


def _wording(record: StepProgress) -> str:
    """What the client token is made of.

    The cloud gives the same answer to the same token for a day, also when what it stood for was
    removed meanwhile. So the last attempt at what never appeared has a token of its own, but for
    orders, where what does not show may have been paid all the same.
    """
    last = record.requests >= MAX_REQUESTS - 1 and not record.step.paid
    return f"{record.name}, once more" if last else record.name


def _outcome(record: StepProgress, finding: Ready[Any]) -> OutcomeWord:
    if record.step.checks:
        return "checked"
    if finding.ownership == "given":
        return "reused"
    if record.requested_at is None:
        return "adopted"
    return "changed" if record.step.changes else "created"
