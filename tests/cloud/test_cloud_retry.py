from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.retry import Retrier
from ackgpu.errors import (
    CloudError,
    LostReply,
    NoAnswer,
    NotYet,
    Throttled,
    Unavailable,
    Unreachable,
)


def retrier(clock: ManualClock, cancel: CancelToken | None = None, *, seed: int = 1) -> Retrier:
    return Retrier(clock, cancel or CancelToken(), random.Random(seed))  # noqa: S311


class Failing:
    """A call that raises each error in turn and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self._failures: Iterator[Exception] = iter(failures)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        for failure in self._failures:
            raise failure
        return "done"


def test_a_read_is_repeated_until_it_succeeds(clock: ManualClock) -> None:
    call = Failing(Unavailable("x"), LostReply("x"), Throttled("x"))
    assert retrier(clock).run(call, idempotent=True) == "done"
    assert call.calls == 4
    assert clock.now() > 0


def test_the_fifth_failure_is_raised_as_it_is(clock: ManualClock) -> None:
    failures = [Unavailable(str(number)) for number in range(9)]
    call = Failing(*failures)
    with pytest.raises(Unavailable) as caught:
        retrier(clock).run(call, idempotent=True)
    assert call.calls == 5
    assert caught.value is failures[4]


@pytest.mark.parametrize("error", [CloudError("x"), NotYet("x"), ValueError("x")])
def test_what_does_not_pass_is_not_repeated(clock: ManualClock, error: Exception) -> None:
    call = Failing(error)
    with pytest.raises(type(error)):
        retrier(clock).run(call, idempotent=True)
    assert call.calls == 1


@pytest.mark.parametrize("error", [LostReply("x"), Unavailable("x"), NoAnswer("x")])
def test_a_write_without_a_token_is_never_repeated_after_a_lost_reply(
    clock: ManualClock, error: LostReply
) -> None:
    call = Failing(error)
    with pytest.raises(type(error)):
        retrier(clock).run(call, idempotent=False)
    assert call.calls == 1


def test_a_write_that_was_not_carried_out_is_repeated(clock: ManualClock) -> None:
    call = Failing(Throttled("x"), Unreachable("x"))
    assert retrier(clock).run(call, idempotent=False) == "done"


def test_the_wait_that_the_cloud_asks_for_is_kept(clock: ManualClock) -> None:
    throttled = Throttled("x")
    throttled.retry_after = 7.0
    retrier(clock).run(Failing(throttled), idempotent=True)
    assert 7.0 <= clock.now() <= 7.6


def test_throttling_is_waited_out_for_as_long_as_the_run_insists(clock: ManualClock) -> None:
    """Ten clusters that change at once meet a flow control of ten calls a second for minutes."""
    call = Failing(*(Throttled("x") for _ in range(20)))
    assert retrier(clock).run(call, idempotent=False) == "done"
    assert call.calls == 21


def test_throttling_is_waited_out_also_by_a_run_that_insists_on_no_silence(
    clock: ManualClock,
) -> None:
    hasty = Retrier(clock, CancelToken(), random.Random(1), insist=0.0)  # noqa: S311
    assert hasty.run(Failing(Throttled("x"), Throttled("x")), idempotent=True) == "done"


def test_throttling_that_does_not_end_is_given_up(clock: ManualClock) -> None:
    with pytest.raises(Throttled):
        retrier(clock).run(Failing(*(Throttled("x") for _ in range(999))), idempotent=True)
    assert 100 < clock.now() <= 120


def test_a_wait_beyond_the_budget_is_not_begun(clock: ManualClock) -> None:
    throttled = Throttled("x")
    throttled.retry_after = 121.0
    with pytest.raises(Throttled):
        retrier(clock).run(Failing(throttled), idempotent=True)
    assert clock.now() == 0


def test_waits_are_real_seconds_on_a_fast_clock(clock: ManualClock) -> None:
    clock.speed = 60.0
    throttled = Throttled("x")
    throttled.retry_after = 2.0
    retrier(clock).run(Failing(throttled), idempotent=True)
    assert 2.0 <= clock.now() / 60.0 <= 2.6


def test_jitter_comes_from_the_source_passed_in() -> None:
    waits = []
    for seed in (1, 1, 2):
        clock = ManualClock()
        retrier(clock, seed=seed).run(Failing(Unavailable("x")), idempotent=True)
        waits.append(clock.now())
    assert waits[0] == waits[1] != waits[2]


def test_a_stop_that_is_asked_for_ends_the_wait_and_the_attempts() -> None:
    cancel = CancelToken()
    failure = Unavailable("x")

    class Stopping(ManualClock):
        def sleep(self, seconds: float) -> None:
            cancel.request()
            super().sleep(seconds)

    call = Failing(failure, Unavailable("y"))
    with pytest.raises(Unavailable) as caught:
        retrier(Stopping(), cancel).run(call, idempotent=True)
    assert caught.value is failure
    assert call.calls == 1


def test_a_call_is_made_once_though_a_stop_was_asked_for(clock: ManualClock) -> None:
    cancel = CancelToken()
    cancel.request()
    assert retrier(clock, cancel).run(Failing(), idempotent=True) == "done"


def silent(*_: object) -> str:
    raise Unreachable("vpc.example cannot be reached: refused.")


def test_a_cloud_that_never_answered_is_given_up_within_five_seconds(clock: ManualClock) -> None:
    with pytest.raises(Unreachable):
        retrier(clock).run(silent, idempotent=True)
    assert 1.0 < clock.now() <= 5.0


def test_a_cloud_that_answered_before_is_tried_again_for_two_minutes(clock: ManualClock) -> None:
    told: list[str] = []
    insisting = Retrier(clock, CancelToken(), random.Random(1), tell=told.append)  # noqa: S311
    insisting.run(Failing(), idempotent=True, product="VPC")
    with pytest.raises(Unreachable):
        insisting.run(silent, idempotent=True, product="VPC")
    assert 100.0 < clock.now() <= 120.0
    assert told == ["vpc.example cannot be reached: refused. Trying again for 120 s."]


def test_a_refusal_is_an_answer_too(clock: ManualClock) -> None:
    insisting = retrier(clock)
    with pytest.raises(CloudError):
        insisting.run(Failing(CloudError("no")), idempotent=True)
    with pytest.raises(Unreachable):
        insisting.run(silent, idempotent=True)
    assert clock.now() > 100.0


def test_calls_share_one_silence(clock: ManualClock) -> None:
    insisting = retrier(clock)
    insisting.run(Failing(), idempotent=True, product="VPC")
    with pytest.raises(Unreachable):
        insisting.run(silent, idempotent=True, product="VPC")
    before = clock.now()
    with pytest.raises(Unreachable):
        insisting.run(silent, idempotent=True, product="VPC")
    assert clock.now() - before <= 120.0 - before
    with pytest.raises(NoAnswer):
        insisting.run(Failing(NoAnswer("x")), idempotent=False, product="ECS")


def test_an_answer_ends_a_silence(clock: ManualClock) -> None:
    insisting = retrier(clock)
    insisting.run(Failing(), idempotent=True)
    for _ in range(2):
        with pytest.raises(Unreachable):
            insisting.run(silent, idempotent=True)
        insisting.run(Failing(), idempotent=True)
    assert 200.0 < clock.now() <= 240.0


def test_how_long_to_insist_is_the_callers_to_say(clock: ManualClock) -> None:
    patient = Retrier(clock, CancelToken(), random.Random(1), insist=20.0)  # noqa: S311
    patient.run(Failing(), idempotent=True)
    with pytest.raises(NoAnswer):
        patient.run(Failing(*(NoAnswer("x") for _ in range(99))), idempotent=True)
    assert 10.0 < clock.now() <= 20.0
