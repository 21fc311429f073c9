"""Scaling activities through the adapter, of a group that tries again and again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import connect
from ackgpu.cloud.api import ScalingActivity
from ackgpu.emulator import Emulator
from ackgpu.emulator.ess.activities import KIND
from ackgpu.emulator.store import Doc
from ackgpu.errors import OutOfStock, QuotaExceeded

GROUP = "asg-bp1busy"
STOCK = ["OperationDenied.NoStock", "sold out"]
QUOTA = ["QuotaExceed.ElasticQuota", "used up"]
Tell = Callable[..., list[ScalingActivity]]


@pytest.fixture
def told(clock: ManualClock, tmp_path: Path) -> Iterator[Tell]:
    """What is told of a group that tried so many times under such doubts, and how it was asked."""
    with ExitStack() as stack:

        def tell(times: int, **doubts: str) -> list[ScalingActivity]:
            emulator = stack.enter_context(
                Emulator(clock=clock, seed=7, scenario={"doubts": doubts})
            )
            tried(emulator, clock, times)
            cloud = connect(
                emulator.region,
                env=emulator.env,
                home=tmp_path,
                clock=clock,
                cancel=CancelToken(),
                rng=random.Random(5),  # noqa: S311
            )
            stack.callback(cloud.close)
            found = cloud.scaling.activities(GROUP)
            assert len(emulator.requests) <= 3
            return found

        yield tell


def tried(emulator: Emulator, clock: ManualClock, times: int) -> None:
    """Let the group try once a minute; the last time it is a quota that refuses."""
    clock.advance(60 * times)
    with emulator.backend.transaction() as session:
        now = emulator.backend.timeline_now(session)
        for number in range(times):
            at = now - 60 * (times - number)
            body = {"wanted": 1, "created": [], "destroyed": [], "phases": [[at, "Failed"]]}
            body["error"] = QUOTA if number == times - 1 else STOCK
            session.put(Doc(KIND, f"asa-{number}", emulator.region, GROUP, "", at, body=body))


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("times", [1, 50, 51, 100, 101, 232])
def test_the_newest_lead_at_whichever_end_of_the_list_they_stand(
    told: Tell, order: str, times: int
) -> None:
    found = told(times, activity_order=order)
    latest = [f"asa-{times - 1 - number}" for number in range(min(times, 50))]
    assert [activity.id for activity in found] == latest


@pytest.mark.parametrize("reason", ["told", "quoted"])
def test_a_failure_is_of_the_class_that_says_what_to_do(told: Tell, reason: str) -> None:
    newest, before = told(2, activity_reason=reason)
    assert isinstance(newest.failure, QuotaExceeded)
    assert isinstance(before.failure, OutOfStock)
    assert newest.state == "Failed"
    assert newest.started is not None


def test_of_a_group_that_there_is_not_there_are_none(told: Tell) -> None:
    assert told(0) == []
