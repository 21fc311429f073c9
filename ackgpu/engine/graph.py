"""The order of steps: a list in which every step stands behind what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.engine.step import Step

AnyStep = Step[Any]


def in_order(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """The steps behind their needs, otherwise as given.

    Raises :class:`ValueError` on a cycle, on two steps of one name, and on a need that is missing.
    """
    names = [step.name for step in steps]
    if len(set(names)) != len(names):
        raise ValueError(f"two steps share a name: {sorted(names)}")
    for step in steps:
        # Without this a need that was left out of the graph
        # would never be ready, and the run never end.
        for need in step.needs:
            if need not in steps:
                raise ValueError(f"{step.name} needs {need.name}, which is not among the steps")
    ordered: list[AnyStep] = []
    left = list(steps)
    while left:
        free = next((s for s in left if all(need in ordered for need in s.needs)), None)
        if free is None:
            raise ValueError(f"steps need each other: {', '.join(s.name for s in left)}")
        ordered.append(free)
        left.remove(free)
    return tuple(ordered)


def dependents(steps: Sequence[AnyStep]) -> dict[str, tuple[AnyStep, ...]]:
    """For each step, the steps that need it: the edges walked backwards."""
    return {step.name: tuple(other for other in steps if step in other.needs) for step in steps}
