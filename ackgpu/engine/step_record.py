"""The life of one step in a walk over the graph: the states that it may be in, and its record.

A record is never changed: what comes to a step gives the next one. A transition that its table does
not have is refused, so that a step cannot be requested after it has failed, or end twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar, Self

from ackgpu.engine.step import Resource, Step


class State(Enum):
    """Where a step stands.

    ``WAITING``: for the steps that come before it. ``OBSERVED``: looked at, and nothing that was
    requested is on its way. ``REQUESTING``: a request is out. ``REQUESTED``: one arrived, or may
    have; what it does shows sooner or later. ``EXISTING``: refused because it is there already, and
    looked for until it shows. ``DOUBTED``: refused for a reason that is not known; one look tells
    if it is there all the same. ``ABSENT``: seen to be gone, and one more look has to agree.

    The others are ends. ``BROKEN``: it is there, and will never be usable.
    """

    WAITING = "waiting"
    OBSERVED = "observed"
    REQUESTING = "requesting"
    REQUESTED = "requested"
    EXISTING = "existing"
    DOUBTED = "doubted"
    ABSENT = "absent"
    DONE = "done"
    GONE = "gone"
    KEPT = "kept"
    BROKEN = "broken"
    FAILED = "failed"


Transitions = Mapping[State, frozenset[State]]
"""For each state the ones that may follow it; none for an end."""

_ENDS = frozenset({State.DONE, State.GONE, State.KEPT, State.BROKEN, State.FAILED})
_READY = frozenset({State.DONE, State.BROKEN, State.FAILED})
_REMOVED = frozenset({State.ABSENT, State.GONE, State.KEPT, State.FAILED})

TO_READY: Transitions = {
    State.WAITING: frozenset({State.OBSERVED}),
    State.OBSERVED: frozenset({State.REQUESTING, *_READY}),
    State.REQUESTING: frozenset(
        {State.OBSERVED, State.REQUESTED, State.EXISTING, State.DOUBTED, State.FAILED}
    ),
    # Requested again only after an absence that is believed: the first one may never have arrived.
    State.REQUESTED: frozenset({State.REQUESTING, *_READY}),
    # Never requested from here: the cloud has just refused for there being one.
    State.EXISTING: _READY,
    State.DOUBTED: frozenset({State.OBSERVED, State.REQUESTED, State.FAILED}),
}
"""The life of a step that is brought to ready."""
TO_GONE: Transitions = {
    State.WAITING: frozenset({State.OBSERVED, State.GONE, State.KEPT}),
    State.OBSERVED: frozenset({State.REQUESTING, State.REQUESTED, *_REMOVED}),
    State.REQUESTING: frozenset({State.OBSERVED, State.REQUESTED, State.FAILED}),
    State.REQUESTED: frozenset({State.REQUESTING, *_REMOVED}),
    State.ABSENT: frozenset({State.OBSERVED, State.REQUESTED, State.GONE, State.FAILED}),
}
"""The life of a step that is removed."""


@dataclass(frozen=True)
class StepRecord:
    """What is known of a step while a walk goes on. Times are on the clock's scale.

    ``began``: when it was its turn. ``observed_at``: when the last look began. ``requested_at``:
    when the last request arrived, or may have; ``requests`` is how many did. ``announced``: whether
    it was said that it is requested.
    """

    transitions: ClassVar[Transitions]

    step: Step[Any]
    state: State = State.WAITING
    began: float = 0.0
    observed_at: float = 0.0
    requested_at: float | None = None
    requests: int = 0
    announced: bool = False
    detail: str = ""
    id: str = ""
    seconds: float = 0.0
    resources: tuple[Resource, ...] = ()
    error: Exception | None = None

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    @property
    def under_way(self) -> bool:
        """Whether it was its turn, and it has not ended."""
        return self.state is not State.WAITING and self.state not in _ENDS

    def to(self, state: State) -> Self:
        """The record in the next state; AssertionError for one that may not follow."""
        if state not in self.transitions.get(self.state, ()):
            raise AssertionError(f"{self.name} is {self.state.value}, and never {state.value} next")
        return replace(self, state=state)

    def looked_for(self) -> Self:
        """The record of a step that is looked for again: what was requested is not forgotten."""
        return self.to(State.OBSERVED if self.requested_at is None else State.REQUESTED)
