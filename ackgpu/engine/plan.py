"""The plan: what every step finds, and what apply would do about it. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ackgpu.engine.graph import in_order
from ackgpu.engine.loop import Loop
from ackgpu.engine.run import JournalledValues, Run
from ackgpu.engine.step import Absent, Broken, Finding, Pending, Ready, Resource, Step, Values
from ackgpu.errors import Transient

Action = Literal["CREATE", "CHANGE", "ADOPT", "REUSE", "WAIT", "CHECK", "DELETE", "BROKEN"]


@dataclass(frozen=True)
class PlannedStep:
    """A step and what would happen to it. ``finding`` None: it could not be looked at yet."""

    step: Step[Any]
    action: Action
    finding: Finding[Any] | None

    @property
    def id(self) -> str:
        """The id of what was found, where something was."""
        return "" if self.finding is None else getattr(self.finding, "id", "")

    @property
    def detail(self) -> str:
        """A few words on what was found, or on what it will be."""
        return getattr(self.finding, "detail", "") or self.step.title

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The cloud resources that were found."""
        return () if self.finding is None else getattr(self.finding, "resources", ())


@dataclass(frozen=True)
class Plan:
    """Every step in the graph's order, with what was found."""

    steps: tuple[PlannedStep, ...]
    values: Values

    def count(self, action: Action) -> int:
        """How many steps have this action."""
        return sum(1 for planned in self.steps if planned.action == action)

    def reliable(self) -> dict[str, Finding[Any]]:
        """What was found by steps whose needs were all there; others could not look properly."""
        return {
            planned.step.name: planned.finding
            for planned in self.steps
            if planned.finding is not None
            and all(need.name in self.values.ready for need in planned.step.needs)
        }

    @property
    def changes(self) -> bool:
        """Whether apply would create or wait for anything."""
        return any(p.action in {"CREATE", "CHANGE", "WAIT", "BROKEN"} for p in self.steps)

    @property
    def exists(self) -> bool:
        """Whether anything of ours is there."""
        return any(p.action in {"ADOPT", "WAIT", "BROKEN"} for p in self.steps)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every cloud resource found."""
        return tuple(resource for planned in self.steps for resource in planned.resources)


def survey(steps: Sequence[Step[Any]], run: Run, *, patient: bool = False) -> Plan:
    """Look for everything, independent steps at once, and say what apply would do.

    Raises what the first failing look raises, and TimedOut at the run's deadline. It leaves early
    when a stop is asked for: the plan is then short. ``patient``: a look that failed in a way that
    may pass is left open, for who looks again anyway.
    """
    return _Survey(in_order(steps), run, patient=patient).look()


class _Survey:
    def __init__(self, steps: tuple[Step[Any], ...], run: Run, *, patient: bool) -> None:
        self._patient = patient
        self._steps = steps
        self._run = run
        self._loop = Loop(run.clock, run.cancel, run.workers)
        self._values = JournalledValues(run.journal)
        self._found: dict[str, PlannedStep] = {}
        self._begun: set[str] = set()
        self._error: Exception | None = None

    def look(self) -> Plan:
        self._admit()
        self._loop.run(on_tick=self._run.watch(self._loop), on_cancel=self._loop.drop_scheduled)
        if self._error is not None:
            raise self._error
        planned = tuple(self._found[s.name] for s in self._steps if s.name in self._found)
        return Plan(planned, self._values)

    def _admit(self) -> None:
        for step in self._steps:
            ready = all(need.name in self._found for need in step.needs)
            # Found, not Ready: what is absent or pending lets the steps behind it look, too.
            if step.name in self._begun or not ready or self._error is not None:
                continue
            self._begun.add(step.name)
            # There is nothing to check yet, and a check must not take "no cluster" for a failure.
            if step.checks and any(need.name not in self._values.ready for need in step.needs):
                self._found[step.name] = PlannedStep(step, "CHECK", None)
                self._admit()
                return
            self._ask(step)

    def _ask(self, step: Step[Any]) -> None:
        def settle(finding: Any, error: Exception | None) -> None:
            # Counts as found so that the steps behind it
            # are looked at, and as nothing that is known.
            if isinstance(error, Transient) and self._patient:
                self._found[step.name] = PlannedStep(step, "WAIT", None)
                self._admit()
                return
            if error is not None:
                # Calls that are out are awaited all the same, or
                # their threads would go on into what follows.
                self._error = self._error or error
                return
            if isinstance(finding, Ready):
                self._values.ready[step.name] = finding.value
            self._found[step.name] = PlannedStep(step, _action(step, finding), finding)
            self._admit()

        self._loop.call_at(self._run.clock.now(), lambda: step.find(self._values), settle)


def _action(step: Step[Any], finding: Finding[Any]) -> Action:
    if step.checks:
        return "CHECK"
    match finding:
        case Absent():
            return "CHANGE" if step.changes else "CREATE"
        case Pending():
            return "WAIT"
        case Broken():
            return "BROKEN"
        case Ready(ownership="given"):
            return "REUSE"
        case _:
            return "ADOPT"
