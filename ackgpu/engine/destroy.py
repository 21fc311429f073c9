"""Destroy: the same graph walked backwards, until every step of ours is read back as gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ackgpu.engine.events import StepAsked, StepDone
from ackgpu.engine.graph import dependents
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.run import Run, StepReport
from ackgpu.engine.step import Absent, Broken, Finding, Pending, Ready, Step
from ackgpu.engine.step_record import TO_GONE, State, StepRecord, Transitions
from ackgpu.engine.walk import UNREACHABLE_SECONDS, Walk, passes
from ackgpu.errors import CloudError, LostReply, NotYet

SHORTEST, MAX_EARLY = 3.0, 90.0
"""Seconds between two looks at what goes: at least, and at most while it cannot be gone yet."""
LATEST_FIRST = 6.0
"""Seconds after which what goes at once, or is not waited for, is looked at for the first time."""
REFUSED_SECONDS = 6.0
"""How soon what the cloud refused to remove yet is asked for again: what lived in it may count for
some seconds after it is gone, and nobody waits for what goes to be used."""
MAX_REQUESTS = 3
"""How often a step is deleted whose removal is reported as failed."""
_STATUS = {State.GONE: "gone", State.KEPT: "kept", State.FAILED: "failed"}
"""What a report says of a state; the others are *left*."""


@dataclass(frozen=True)
class StepRemoval(StepRecord):
    """How far the removal of a step is. ``finding``: what the plan saw.

    ``unseen_since``: when the first of the looks began that found nothing.
    """

    transitions: ClassVar[Transitions] = TO_GONE

    finding: Finding[Any] | None = None
    unseen_since: float | None = None


class Destroy(Walk[StepRemoval]):
    """One destroy over what a :class:`~ackgpu.engine.plan.Plan` found.

    A step is deleted once everything that needs it is gone. What is *given* is kept. A step
    that cannot be removed stops what it depends on, and nothing else: independent branches go on.
    ``no_wait`` names steps that are not waited for once they are on their way out.

    One look that finds nothing proves nothing: a list may have been answered short. What was
    deleted by a request of ours that the cloud accepted is gone with the first such look, anything
    else with a second one a visibility window later. What waits for it goes on meanwhile.
    """

    not_begun = "not removed"
    ends_well = frozenset({"gone", "kept"})

    def __init__(self, plan: Plan, run: Run, *, no_wait: frozenset[str] = frozenset()) -> None:
        now = run.clock.now()
        records = [_removal(planned, now) for planned in reversed(plan.steps)]
        super().__init__(run, plan.values, records)
        self._no_wait = no_wait
        self._needed_by = dependents([p.step for p in plan.steps])

    def _admit(self) -> None:
        progressed = True
        # Until nothing moves: what is kept or only checked
        # settles at once, and frees what it needs.
        while progressed and not self._closed:
            progressed = False
            for step in [record.step for record in self._records.values()]:
                if self._of(step).state is State.WAITING and self._may_go(step):
                    self._begin(self._of(step))
                    progressed = True

    def _may_go(self, step: Step[Any]) -> bool:
        whole = step.part_of
        # What is part of another thing (a pool of its cluster) goes with it, and is looked at after
        # it.
        if whole is not None and whole.name in self._records:
            return self._settled(whole)
        others = self._needed_by[step.name]
        return all(self._settled(other) for other in others if other.part_of is not step)

    def _settled(self, step: Step[Any]) -> bool:
        return self._of(step).state in {State.ABSENT, State.GONE, State.KEPT}

    def _begin(self, record: StepRemoval) -> None:
        record = replace(record, began=self._run.clock.now())
        # Neither has anything in the cloud of its own.
        if record.step.checks or record.step.changes:
            self._put(record.to(State.GONE))
        elif _is_given(record, record.finding):
            self._keep(record)
        else:
            self._put(record.to(State.OBSERVED))
            self._look(record.step, 0)

    def _look(self, step: Step[Any], seconds: float) -> None:
        def look() -> Finding[Any]:
            self._put(replace(self._of(step), observed_at=self._run.clock.now()))
            return step.find(self._values)

        when = self._run.clock.now() + seconds
        self._loop.call_at(when, look, lambda found, error: self._found(step, found, error))

    def _found(
        self, step: Step[Any], finding: Finding[Any] | None, error: Exception | None
    ) -> None:
        record = self._of(step)
        # Unlike in apply, also before the first answer: the plan has already read this account.
        if passes(error):
            self._wait(record, f"cannot be read: {error.message}", again_in=UNREACHABLE_SECONDS)
        elif error is not None:
            self._fail(record, error)
        elif isinstance(finding, Absent):
            self._absent(record)
        else:
            # One list was short: what looked gone is back, and the two looks begin anew.
            seen = record.looked_for() if record.state is State.ABSENT else record
            self._still_there(self._put(replace(seen, unseen_since=None)), finding)

    def _still_there(self, record: StepRemoval, finding: Finding[Any] | None) -> None:
        if _is_given(record, finding):
            self._keep(record)
        elif isinstance(finding, Pending) and finding.removing:
            # Somebody else's request, or an earlier run's,
            # is at work on it: one of ours adds nothing.
            record = self._adopt(record, finding)
            if record.requested_at is None:
                requested = record.to(State.REQUESTED)
                record = self._put(replace(requested, requested_at=record.began))
            self._wait(record, finding.detail, again_in=finding.again_in)
        elif self._requested_lately(record):
            # Reads lag behind our own accepted request.
            self._wait(record, "asked to go", again_in=None)
        elif isinstance(finding, Broken) and record.requests >= MAX_REQUESTS:
            # Each request ended in a failure that the cloud
            # reports; what is in the way needs a person.
            self._fail(record, finding.error)
        else:
            self._request(self._adopt(record, finding))

    def _requested_lately(self, record: StepRemoval) -> bool:
        now = self._run.clock.now()
        return record.requested_at is not None and now - record.requested_at < self._run.visibility

    def _adopt(self, record: StepRemoval, finding: Finding[Any] | None) -> StepRemoval:
        if isinstance(finding, Ready):
            self._values.ready[record.name] = finding.value
        # A Pending without an id must not lose the one to delete by.
        found_id = getattr(finding, "id", "") or record.id
        resources = getattr(finding, "resources", ()) or record.resources
        return self._put(replace(record, id=found_id, resources=resources))

    def _absent(self, record: StepRemoval) -> None:
        since = record.observed_at if record.unseen_since is None else record.unseen_since
        record = self._put(replace(record, unseen_since=since))
        unseen_for = record.observed_at - since
        if unseen_for >= self._run.visibility or _is_proven(record):
            self._gone(record)
            return
        # What needs this one out of its way goes on after
        # the first look; only the end waits for two.
        first = record.state is not State.ABSENT
        record = record.to(State.ABSENT) if first else record
        self._put(replace(record, detail="read back as gone once"))
        if not self._closed:
            # No less than a millisecond: a sum of floats may fall short of the window for ever.
            self._look(record.step, max(0.001, self._run.visibility - unseen_for))
        if first:
            self._admit()

    def _gone(self, record: StepRemoval) -> None:
        # Gone since the first look that missed it, or the
        # measured durations would learn the window too.
        seconds = (record.unseen_since or record.observed_at) - record.began
        record = self._put(replace(record.to(State.GONE), seconds=seconds))
        self._run.journal.deleted(record.name)
        self._values.ready.pop(record.name, None)
        ours = record.requested_at is not None or record.id
        self._emit_done(record, "deleted" if ours else "absent")
        self._admit()

    def _request(self, record: StepRemoval) -> None:
        if self._closed:
            return
        step = record.step
        if not record.announced:
            self._run.emit(StepAsked, step=step.name, doing="deleting")
        self._put(replace(record.to(State.REQUESTING), announced=True))
        now = self._run.clock.now()
        self._loop.call_at(
            now,
            lambda: step.delete(self._values, record.id),
            lambda _, error: self._requested(step, error),
        )

    def _requested(self, step: Step[Any], error: Exception | None) -> None:
        record, now = self._of(step), self._run.clock.now()
        if error is None:
            requested = record.to(State.REQUESTED)
            self._put(replace(requested, requested_at=now, requests=record.requests + 1))
            if not self._closed:
                self._look(step, self._first_look(self._of(step)))
        elif isinstance(error, LostReply):
            record = replace(record.looked_for(), requests=record.requests + 1)
            self._wait(record, error.message, again_in=min(UNREACHABLE_SECONDS, record.requests))
        elif isinstance(error, NotYet):
            self._wait(record.looked_for(), error.message, again_in=REFUSED_SECONDS)
        elif passes(error):
            self._wait(record.looked_for(), error.message, again_in=UNREACHABLE_SECONDS)
        else:
            self._fail(record, error)

    def _wait(self, record: StepRemoval, detail: str, *, again_in: float | None) -> None:
        record = self._waiting(self._put(record), detail)
        # Only once the cloud has the request: one that was refused for now is insisted on.
        leaving = record.requested_at is not None and record.name in self._no_wait
        if self._closed or leaving:
            return
        elapsed = self._run.clock.now() - record.began
        if self._overdue(record.step, record.observed_at - record.began):
            message = f"{record.name} is not gone after {elapsed:.0f} s: {detail}"
            self._fail(record, CloudError(f"{message.rstrip('.')}."))
            return
        self._look(record.step, self._next_look(record, elapsed) if again_in is None else again_in)

    def _first_look(self, record: StepRemoval) -> float:
        """Seconds after an accepted request; what takes long is not gone any sooner for a look."""
        soon = max(SHORTEST, record.step.typical)
        if soon <= LATEST_FIRST or record.name in self._no_wait:
            return min(soon, LATEST_FIRST)
        return self._next_look(record, self._run.clock.now() - record.began)

    def _next_look(self, record: StepRemoval, elapsed: float) -> float:
        """What goes is looked at less often than what comes: nobody waits for it to be used."""
        wait = self._run.waits.of(record.step, removal=True)
        early = min(wait.expected - elapsed, MAX_EARLY)
        return max(SHORTEST, early if early > 0 else wait.next_look(elapsed))

    def _keep(self, record: StepRemoval) -> None:
        self._emit_done(self._put(record.to(State.KEPT)), "kept")
        self._admit()

    def _fail(self, record: StepRemoval, error: Exception) -> None:
        self._failed(replace(record.to(State.FAILED), error=error), error)

    def _emit_done(self, record: StepRemoval, outcome: str) -> None:
        self._run.emit(
            StepDone,
            step=record.name,
            outcome=outcome,
            seconds=record.seconds or self._run.clock.now() - record.began,
            id=record.id,
        )

    def _report(self, record: StepRemoval) -> StepReport:
        return StepReport(
            record.step,
            _STATUS.get(record.state, "left"),
            "deleted" if record.state is State.GONE and record.id else "",
            record.id,
            record.detail,
            record.seconds,
            record.resources,
            record.error,
        )


def _is_given(record: StepRemoval, finding: Finding[Any] | None) -> bool:
    """Whether it is to stay, in whatever state it is."""
    if isinstance(finding, Ready):
        return finding.ownership == "given"
    return record.step.given and isinstance(finding, Pending | Broken)


def _is_proven(record: StepRemoval) -> bool:
    """Whether an accepted request says the same as the look that found nothing."""
    return record.requested_at is not None and not record.step.ends_unseen


def _removal(planned: PlannedStep, now: float) -> StepRemoval:
    """``now``: when the plan's look counts as made, which was no later."""
    return StepRemoval(
        planned.step,
        finding=planned.finding,
        id=planned.id,
        resources=planned.resources,
        unseen_since=now if isinstance(planned.finding, Absent) else None,
    )
