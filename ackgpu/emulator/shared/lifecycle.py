"""States as a pure function of time: reading never changes anything.

When a request sets something in motion, the whole course is written down at once as *phases*
``[[seconds, state], …]``: a NAT gateway made at 100 is ``[[100, "Creating"], [190, "Available"]]``.
Each :class:`Lifecycle` declares the transitions that its resource may take, so that a course which
the real service never shows is an error here, not a surprise in a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Phases = list[list[Any]]


@dataclass(frozen=True)
class Lifecycle:
    """The states of a kind of resource, and which may follow which."""

    kind: str
    allowed: frozenset[tuple[str, str]]

    def course(self, start: float, *steps: tuple[float, str]) -> Phases:
        """Phases from ``start``: each step is (seconds after the one before, state)."""
        phases: Phases = []
        at = start
        for delay, state in steps:
            if phases and (phases[-1][1], state) not in self.allowed:
                raise AssertionError(f"{self.kind} never goes from {phases[-1][1]} to {state}")
            at += delay
            phases.append([at, state])
        return phases

    def then(self, phases: Phases, now: float, *steps: tuple[float, str]) -> Phases:
        """Drop what was planned after ``now`` and go on with ``steps`` from there."""
        past = [phase for phase in phases if phase[0] <= now] or phases[:1]
        course = self.course(now, *steps)
        if course and (past[-1][1], course[0][1]) not in self.allowed:
            raise AssertionError(f"{self.kind} never goes from {past[-1][1]} to {course[0][1]}")
        return past + course


def state_at(phases: Phases, now: float) -> str:
    """The state that holds at ``now``."""
    state = str(phases[0][1])
    for at, name in phases:
        if at > now:
            break
        state = str(name)
    return state


def reached(phases: Phases, state: str) -> float | None:
    """When ``state`` is entered for the first time, or None where it never is."""
    return next((float(at) for at, name in phases if name == state), None)
