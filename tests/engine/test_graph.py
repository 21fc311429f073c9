"""The order of steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.toy import ToyCloud, ToyStep

from ackgpu.clock import ManualClock
from ackgpu.engine.graph import dependents, in_order


def step(name: str, *needs: ToyStep) -> ToyStep:
    return ToyStep(ToyCloud(ManualClock()), name, needs)


@pytest.mark.long
@given(st.data())
def test_every_step_stands_behind_its_needs(data: st.DataObject) -> None:
    steps: list[ToyStep] = []
    for number in range(data.draw(st.integers(1, 8))):
        needs = data.draw(st.lists(st.sampled_from(steps), unique=True)) if steps else []
        steps.append(step(f"s{number}", *needs))
    shuffled = data.draw(st.permutations(steps))
    ordered = in_order(shuffled)
    assert set(ordered) == set(steps)
    for position, each in enumerate(ordered):
        assert all(ordered.index(need) < position for need in each.needs)


def test_without_needs_the_order_is_as_given() -> None:
    steps = [step("b"), step("a"), step("c")]
    assert list(in_order(steps)) == steps


def test_a_cycle_two_of_a_name_and_a_missing_need_are_refused() -> None:
    one, two = step("one"), step("two")
    one.needs = (two,)
    two.needs = (one,)
    with pytest.raises(ValueError, match="need each other"):
        in_order([one, two])
    with pytest.raises(ValueError, match="share a name"):
        in_order([step("one"), step("one")])
    with pytest.raises(ValueError, match="not among the steps"):
        in_order([step("three", step("absent"))])


def test_dependents_are_the_edges_backwards() -> None:
    one = step("one")
    two = step("two", one)
    assert dependents([one, two]) == {"one": (two,), "two": ()}
