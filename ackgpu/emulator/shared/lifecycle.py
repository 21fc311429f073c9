"""States as a pure function of time: reading never changes anything.

When a request sets something in motion, the whole course is written down at once as *phases*
``[[seconds, state], …]``: a NAT gateway made at 100 is ``[[100, "Creating"], [190, "Available"]]``.
Each :class:`Lifecycle` declares the transitions that its resource may take, so that a course which
the real service never shows is an error here, not a surprise in a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ackgpu.emulator.store import Doc

Phases = list[list[Any]]


@dataclass(frozen=True)
class Lifecycle:
    """The states of a kind of resource. ``following``: by a state, those that may follow it."""

    kind: str
    following: Mapping[str, str]

    @cached_property
    def allowed(self) -> frozenset[tuple[str, str]]:
        """Each state with each that may follow it."""
        rows = self.following.items()
        return frozenset((state, after) for state, names in rows for after in names.split())

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

    def enter(self, doc: Doc, now: float, *steps: tuple[float, str]) -> None:
        """Drop what was planned for ``doc`` after ``now`` and go on with ``steps`` from there."""
        phases = doc.body["phases"]
        past = [phase for phase in phases if phase[0] <= now] or phases[:1]
        course = self.course(now, *steps)
        if course and (past[-1][1], course[0][1]) not in self.allowed:
            raise AssertionError(f"{self.kind} never goes from {past[-1][1]} to {course[0][1]}")
        doc.body["phases"] = past + course


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
