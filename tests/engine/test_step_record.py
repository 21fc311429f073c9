"""The states of a step: which may follow which, and that no other does."""

from __future__ import annotations

import pytest
from support.toy import ToyCloud, ToyStep

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import StepProgress
from ackgpu.engine.destroy import StepRemoval
from ackgpu.engine.step_record import TO_GONE, TO_READY, State, StepRecord, Transitions


def vpc() -> ToyStep:
    return ToyStep(ToyCloud(ManualClock()), "vpc")


TABLES = pytest.mark.parametrize("table", [TO_READY, TO_GONE], ids=["ready", "gone"])
ENDS = {State.DONE, State.GONE, State.KEPT, State.BROKEN, State.FAILED}


def reached(table: Transitions, start: State = State.WAITING) -> set[State]:
    """The states that a step may come to."""
    found, ahead = {start}, [start]
    while ahead:
        new = table.get(ahead.pop(), frozenset()) - found
        found |= new
        ahead += new
    return found


@TABLES
def test_every_state_of_a_life_can_be_reached(table: Transitions) -> None:
    followed = {state for states in table.values() for state in states}
    assert reached(table) == {*table, *followed}


@TABLES
def test_nothing_follows_an_end_and_something_follows_every_other_state(table: Transitions) -> None:
    assert reached(table) - set(table) == reached(table) & ENDS


@TABLES
def test_an_end_can_be_reached_from_everywhere(table: Transitions) -> None:
    assert all(reached(table, state) & ENDS for state in table)


@pytest.mark.parametrize("kind", [StepProgress, StepRemoval])
def test_a_step_that_has_failed_is_requested_no_more(kind: type[StepRecord]) -> None:
    record = kind(vpc())
    failed = record.to(State.OBSERVED).to(State.FAILED)
    with pytest.raises(AssertionError, match="vpc is failed, and never requesting next"):
        failed.to(State.REQUESTING)


def test_what_was_requested_is_not_forgotten_by_a_look() -> None:
    record = StepProgress(vpc(), State.REQUESTING, requested_at=7.0)
    assert record.looked_for().state is State.REQUESTED


def test_a_record_is_never_changed_by_what_follows_it() -> None:
    record = StepProgress(vpc())
    record.to(State.OBSERVED)
    assert record.state is State.WAITING
