"""Destroy: the same graph walked backwards, until every step of ours is read back as gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ackgpu.engine.events import (
    StepAsked,
    StepDone,
    StepFailed,
    StepNotStarted,
)
from ackgpu.engine.graph import dependents
from ackgpu.engine.plan import Plan, PlannedStep
from ackgpu.engine.run import Outcome, Run, StepReport, one_line
from ackgpu.engine.step import Absent, Broken, Finding, Pending, Ready, Resource, Step
from ackgpu.engine.walk import UNREACHABLE_SECONDS, InFlight, Walk, passes
from ackgpu.errors import CloudError, LostReply, NotYet

SHORTEST, MAX_EARLY = 3.0, 90.0
"""Seconds between two looks at what goes: at least, and at most while it cannot be gone yet."""
LATEST_FIRST = 6.0
"""Seconds after which what was asked to go is looked at for the first time, at most."""
REFUSED_SECONDS = 6.0
"""How soon what the cloud refused to remove yet is asked for again: what lived in it may count for
some seconds after it is gone, and nobody waits for what goes to be used."""
ASK_AGAIN_LIMIT = 3
"""How often a step is asked to go whose removal is reported as failed."""


@dataclass
class StepRemoval:
    """How far the removal of a step is. Times are on the clock's scale.

    ``looked`` is when the last look began, ``told`` whether it was announced that it is deleted.
    *absent*: it was seen to be gone, and one more look has to agree (``unseen_since``: when the
    first of these looks began).
    """

    step: Step[Any]
    finding: Finding[Any] | None
    status: Literal["waiting", "running", "absent", "gone", "kept", "failed"] = "waiting"
    began: float = 0.0
    looked: float = 0.0
    unseen_since: float | None = None
    detail: str = ""
    id: str = ""
    seconds: float = 0.0
    asked: float | None = None
    told: bool = False
    accepted: bool = False
    times_asked: int = 0
    error: Exception | None = None
    resources: tuple[Resource, ...] = ()


class Destroy(Walk):
    """One destroy over what a :class:`~ackgpu.engine.plan.Plan` found.

    A step is asked to go once everything that needs it is gone. What is *given* is kept. A step
    that cannot be removed stops what it depends on, and nothing else: independent branches go on.
    ``leave`` names steps that are not waited for once they are on their way out.

    One look that finds nothing proves nothing: a list may have been answered short. What was
    deleted by a request of ours that the cloud accepted is gone with the first such look, anything
    else with a second one a visibility window later. What waits for it goes on meanwhile.
    """

    def __init__(self, plan: Plan, run: Run, *, leave: frozenset[str] = frozenset()) -> None:
        super().__init__(run)
        self._leave = leave
        self._values = plan.values
        backwards = tuple(reversed(plan.steps))
        self._all = {p.step.name: _removal(p, run.clock.now()) for p in backwards}
        self._needed_by = dependents([p.step for p in plan.steps])

    def run(self) -> Outcome:
        """Run to the end; the outcome holds the first failure instead of raising it."""
        self._admit()
        self._walk()
        for removal in self._all.values():
            if removal.status == "waiting":
                self._run.emit(StepNotStarted, step=removal.step.name, reason="not removed")
        reports = tuple(self._report(removal) for removal in self._all.values())
        complete = all(report.status in {"gone", "kept"} for report in reports)
        error = self._outcome_error(complete=complete)
        return Outcome(self._values, reports, self._run.elapsed, error)

    def _admit(self) -> None:
        progressed = True
        while progressed and not self._closed:
            progressed = False
            for removal in self._all.values():
                if removal.status == "waiting" and self._may_go(removal):
                    self._begin(removal)
                    progressed = True

    def _may_go(self, removal: StepRemoval) -> bool:
        whole = removal.step.part_of
        if whole is not None and whole.name in self._all:
            return self._settled(self._all[whole.name])
        others = (self._all[s.name] for s in self._needed_by[removal.step.name])
        return all(self._settled(o) for o in others if not _is_part(o.step, removal.step))

    @staticmethod
    def _settled(removal: StepRemoval) -> bool:
        return removal.status in {"absent", "gone", "kept"}

    def _begin(self, removal: StepRemoval) -> None:
        removal.began = self._run.clock.now()
        if removal.step.checks or removal.step.changes:
            removal.status = "gone"
        elif self._is_given(removal, removal.finding):
            self._keep(removal)
        else:
            removal.status = "running"
            self._look(removal, 0)

    @staticmethod
    def _is_given(removal: StepRemoval, finding: Finding[Any] | None) -> bool:
        """Whether it is to stay, in whatever state it is."""
        if isinstance(finding, Ready):
            return finding.ownership == "given"
        return removal.step.given and isinstance(finding, Pending | Broken)

    def _look(self, removal: StepRemoval, seconds: float) -> None:
        def look() -> Finding[Any]:
            removal.looked = self._run.clock.now()
            return removal.step.find(self._values)

        when = self._run.clock.now() + seconds
        self._loop.call_at(when, look, lambda found, error: self._found(removal, found, error))

    def _found(
        self, removal: StepRemoval, finding: Finding[Any] | None, error: Exception | None
    ) -> None:
        if passes(error):
            self._wait(removal, f"cannot be read: {error.message}", again_in=UNREACHABLE_SECONDS)
        elif error is not None:
            self._fail(removal, error)
        elif isinstance(finding, Absent):
            self._absent(removal)
        else:
            removal.status, removal.unseen_since = "running", None
            self._still_there(removal, finding)

    def _still_there(self, removal: StepRemoval, finding: Finding[Any] | None) -> None:
        if self._is_given(removal, finding):
            self._keep(removal)
        elif isinstance(finding, Pending) and finding.removing:
            removal.asked = removal.asked or removal.began
            removal.accepted = True
            self._adopt(removal, finding)
            self._wait(removal, finding.detail, again_in=finding.again_in)
        elif self._asked_lately(removal):
            self._wait(removal, "asked to go", again_in=None)
        elif isinstance(finding, Broken) and removal.times_asked >= ASK_AGAIN_LIMIT:
            self._fail(removal, finding.error)
        else:
            self._adopt(removal, finding)
            self._ask(removal)

    def _asked_lately(self, removal: StepRemoval) -> bool:
        now = self._run.clock.now()
        return removal.asked is not None and now - removal.asked < self._run.visibility

    def _adopt(self, removal: StepRemoval, finding: Finding[Any] | None) -> None:
        removal.id = getattr(finding, "id", "") or removal.id
        removal.resources = getattr(finding, "resources", ()) or removal.resources
        if isinstance(finding, Ready):
            self._values.ready[removal.step.name] = finding.value

    def _absent(self, removal: StepRemoval) -> None:
        if removal.unseen_since is None:
            removal.unseen_since = removal.looked
        unseen_for = removal.looked - removal.unseen_since
        if unseen_for >= self._run.visibility or self._proven(removal):
            self._gone(removal)
            return
        first = removal.status != "absent"
        removal.status, removal.detail = "absent", "read back as gone once"
        if not self._closed:
            # No less than a millisecond: a sum of floats may fall short of the window for ever.
            self._look(removal, max(0.001, self._run.visibility - unseen_for))
        if first:
            self._admit()

    @staticmethod
    def _proven(removal: StepRemoval) -> bool:
        """Whether an accepted request says the same as the look that found nothing."""
        return removal.accepted and not removal.step.ends_unseen

    def _gone(self, removal: StepRemoval) -> None:
        removal.status = "gone"
        removal.seconds = (removal.unseen_since or removal.looked) - removal.began
        self._run.journal.deleted(removal.step.name)
        self._values.ready.pop(removal.step.name, None)
        self._emit_done(removal, "deleted" if removal.asked is not None or removal.id else "absent")
        self._admit()

    def _ask(self, removal: StepRemoval) -> None:
        if self._closed:
            return
        step = removal.step
        if not removal.told:
            removal.told = True
            self._run.emit(StepAsked, step=step.name, doing="deleting")
        call = lambda: step.delete(self._values, removal.id)  # noqa: E731 -- a call, made later
        self._loop.call_at(
            self._run.clock.now(), call, lambda _, error: self._asked(removal, error)
        )

    def _asked(self, removal: StepRemoval, error: Exception | None) -> None:
        if error is None:
            removal.asked = self._run.clock.now()
            removal.accepted = True
            removal.times_asked += 1
            if not self._closed:
                self._look(removal, min(max(SHORTEST, removal.step.typical), LATEST_FIRST))
        elif isinstance(error, LostReply):
            removal.times_asked += 1
            again_in = min(UNREACHABLE_SECONDS, removal.times_asked)
            self._wait(removal, error.message, again_in=again_in)
        elif isinstance(error, NotYet):
            self._wait(removal, error.message, again_in=REFUSED_SECONDS)
        elif passes(error):
            self._wait(removal, error.message, again_in=UNREACHABLE_SECONDS)
        else:
            self._fail(removal, error)

    def _wait(self, removal: StepRemoval, detail: str, *, again_in: float | None) -> None:
        if detail != removal.detail:
            removal.detail = detail
            self._say_waiting(removal.step.name, detail, removal.id)
        leaving = removal.asked is not None and removal.step.name in self._leave
        if self._closed or leaving:
            return
        elapsed = self._run.clock.now() - removal.began
        if self._overdue(removal.step, removal.looked - removal.began):
            message = f"{removal.step.name} is not gone after {elapsed:.0f} s: {detail}"
            self._fail(removal, CloudError(f"{message.rstrip('.')}."))
            return
        self._look(removal, self._next_look(removal, elapsed) if again_in is None else again_in)

    def _next_look(self, removal: StepRemoval, elapsed: float) -> float:
        """What goes is looked at less often than what comes: nobody waits for it to be used."""
        wait = self._run.waits.of(removal.step, removal=True)
        early = min(wait.earliest - elapsed, MAX_EARLY)
        return max(SHORTEST, early if early > 0 else wait.next_look(elapsed))

    def _keep(self, removal: StepRemoval) -> None:
        removal.status = "kept"
        self._emit_done(removal, "kept")
        self._admit()

    def _fail(self, removal: StepRemoval, error: Exception) -> None:
        removal.status, removal.error = "failed", error
        self._error = self._error or error
        self._run.emit(StepFailed, step=removal.step.name, message=one_line(error), id=removal.id)

    def _emit_done(self, removal: StepRemoval, outcome: str) -> None:
        self._run.emit(
            StepDone,
            step=removal.step.name,
            outcome=outcome,
            seconds=removal.seconds or self._run.clock.now() - removal.began,
            id=removal.id,
        )

    def _in_flight(self) -> InFlight:
        now = self._run.clock.now()
        running = [r for r in self._all.values() if r.status in {"running", "absent"}]
        return tuple((r.step.name, r.detail, now - r.began) for r in running)

    def _report(self, removal: StepRemoval) -> StepReport:
        gone = removal.status == "gone"
        return StepReport(
            removal.step,
            removal.status if removal.status in {"gone", "kept", "failed"} else "left",
            "deleted" if gone and removal.id else "",
            removal.id,
            removal.detail,
            removal.seconds,
            removal.resources,
            removal.error,
        )


def _removal(planned: PlannedStep, now: float) -> StepRemoval:
    """``now``: when the plan's look counts as made, which was no later."""
    removal = StepRemoval(planned.step, planned.finding, id=planned.id, resources=planned.resources)
    if isinstance(planned.finding, Absent):
        removal.unseen_since = now
    return removal


def _is_part(step: Step[Any], whole: Step[Any]) -> bool:
    return step.part_of is whole
