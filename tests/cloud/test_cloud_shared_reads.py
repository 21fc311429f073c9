"""Reads that several make at the same moment are made once, and never across a write or a look."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, SharedReads


@dataclass(frozen=True)
class Row:
    """A row of a list."""

    id: str


class List:
    """A list of the cloud, and how often it was asked for."""

    def __init__(self, *ids: str) -> None:
        self.rows = [Row(each) for each in ids]
        self.asked = 0

    def __call__(self) -> list[Row]:
        self.asked += 1
        return list(self.rows)


@pytest.fixture
def reads(clock: ManualClock) -> SharedReads:
    return SharedReads(clock)


def test_the_same_question_at_the_same_moment_is_asked_once(reads: SharedReads) -> None:
    vpcs = List("a")
    for _ in range(3):
        assert reads.read("vpcs", {"tags": {"k": "v"}}, A_LOOK, vpcs) == [Row("a")]
    assert vpcs.asked == 1


def test_another_question_is_another_call(reads: SharedReads) -> None:
    vpcs = List("a")
    reads.read("vpcs cn-hangzhou", {}, A_LOOK, vpcs)
    reads.read("vpcs cn-beijing", {}, A_LOOK, vpcs)
    reads.read("vpcs cn-hangzhou", {"tags": {"k": "v"}}, A_LOOK, vpcs)
    assert vpcs.asked == 3


def test_the_next_look_is_a_new_one(reads: SharedReads, clock: ManualClock) -> None:
    vpcs = List("a")
    reads.read("vpcs", {}, A_LOOK, vpcs)
    clock.advance(1.0)
    reads.read("vpcs", {}, A_LOOK, vpcs)
    assert vpcs.asked == 2


def test_a_slow_answer_is_as_old_as_its_question(reads: SharedReads, clock: ManualClock) -> None:
    vpcs = List("a")

    def slow() -> list[Row]:
        clock.advance(5.0)
        return vpcs()

    reads.read("vpcs", {}, A_LOOK, slow)
    reads.read("vpcs", {}, A_LOOK, vpcs)
    assert vpcs.asked == 2


def test_a_write_ends_what_was_known(reads: SharedReads) -> None:
    vpcs = List("a")
    reads.read("vpcs", {}, A_LOOK, vpcs)
    reads.forget()
    reads.read("vpcs", {}, A_LOOK, vpcs)
    assert vpcs.asked == 2


def test_an_answer_that_a_write_overtook_is_not_kept(reads: SharedReads) -> None:
    vpcs = List("a")

    def overtaken() -> list[Row]:
        reads.forget()
        return vpcs()

    reads.read("vpcs", {}, A_LOOK, overtaken)
    reads.read("vpcs", {}, A_LOOK, vpcs)
    assert vpcs.asked == 2


def test_rows_of_a_list_answer_for_their_ids(reads: SharedReads) -> None:
    vpcs = List("a", "b")
    reads.read("vpcs", {"tags": {"k": "v"}}, A_LOOK, vpcs)
    assert reads.read("vpcs", {"ids": ["b", "a"]}, A_LOOK, vpcs) == [Row("b"), Row("a")]
    assert vpcs.asked == 1


def test_an_id_that_was_in_no_list_is_asked_for(reads: SharedReads) -> None:
    vpcs = List("a")
    reads.read("vpcs", {"tags": {"k": "v"}}, A_LOOK, vpcs)
    reads.read("vpcs", {"ids": ["a", "z"]}, A_LOOK, vpcs)
    reads.read("vpcs", {"ids": ["z"], "tags": {"k": "v"}}, A_LOOK, vpcs)
    assert vpcs.asked == 3


def test_a_failure_is_not_remembered(reads: SharedReads) -> None:
    def fails() -> list[Row]:
        raise OSError("reset")

    with pytest.raises(OSError, match="reset"):
        reads.read("vpcs", {}, A_LOOK, fails)
    vpcs = List("a")
    assert reads.read("vpcs", {}, A_LOOK, vpcs) == [Row("a")]
