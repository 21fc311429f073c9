"""A deadline ends what goes on, never what has come to its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.toy import ToyCloud, ToyStep, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.gather import all_of
from ackgpu.engine.plan import survey
from ackgpu.engine.workers import InlineWorkers
from ackgpu.errors import ResourceNotFound, TimedOut


class SlowToAnswer(ToyStep):
    """A step whose reads take longer than the deadline leaves."""

    def find(self, ctx):
        self.cloud.clock.advance(100)
        return super().find(ctx)


def test_what_is_ready_when_its_last_read_returns_late_is_done() -> None:
    cloud = ToyCloud(ManualClock())
    cloud.make("network", "before", 0)
    run = run_of(cloud, [])
    run.deadline = run.started + 60
    outcome = Apply((SlowToAnswer(cloud, "network"),), run).run()
    assert outcome.error is None
    assert [report.status for report in outcome.reports] == ["done"]


def test_what_is_gone_when_its_last_read_returns_late_is_gone() -> None:
    cloud = ToyCloud(ManualClock())
    cloud.make("network", "before", 0)
    steps = (SlowToAnswer(cloud, "network", seconds=0),)
    plan = survey(steps, run_of(cloud, []))
    run = run_of(cloud, [])
    run.deadline = run.started + 150
    outcome = Destroy(plan, run).run()
    assert cloud.left == []
    assert outcome.error is None


class NeverAnswered(InlineWorkers):
    """Calls that are made and never come back."""

    def submit(self, number, call):
        """Lose it."""


def test_looking_ends_at_the_deadline_though_the_cloud_never_answers() -> None:
    cloud = ToyCloud(ManualClock())
    run = replace(run_of(cloud, []), workers=NeverAnswered())
    run.deadline = run.started + 60
    with pytest.raises(TimedOut, match="Timed out after 61 s, before everything was read"):
        survey((ToyStep(cloud, "network"),), run)
    run.deadline = cloud.clock.now() + 60
    with pytest.raises(TimedOut):
        all_of(run, {"regions": list})


def test_an_answer_that_comes_after_its_loop_was_left_is_not_taken_for_another() -> None:
    cloud = ToyCloud(ManualClock())
    held = Held()
    run = replace(run_of(cloud, []), workers=held)
    run.deadline = run.started + 60
    with pytest.raises(TimedOut):
        all_of(run, {"left alone": lambda: "an old answer"})
    held.release()
    assert all_of(replace(run, deadline=None), {"new": lambda: "new"}) == {"new": "new"}


class Held(InlineWorkers):
    """Answers that come when they are released."""

    def __init__(self) -> None:
        super().__init__()
        self._held = True

    def release(self) -> None:
        """Give every answer from now on, those that were held first."""
        self._held = False

    def collect(self):
        """Nothing, or all."""
        return [] if self._held else super().collect()


def test_what_is_found_when_its_last_read_returns_late_is_found() -> None:
    cloud = ToyCloud(ManualClock())
    cloud.make("network", "before", 0)
    run = run_of(cloud, [])
    run.deadline = run.started + 60
    assert survey((SlowToAnswer(cloud, "network"),), run).steps[0].action == "ADOPT"


class Unseen(ToyStep):
    """A step whose look asks for its need by id, which a read that lags behind does not know."""

    def find(self, ctx):
        if self.cloud.clock.now() < 40:
            raise ResourceNotFound("the network does not exist")
        return super().find(ctx)


def test_what_was_made_moments_ago_and_is_not_found_is_waited_for() -> None:
    cloud = ToyCloud(ManualClock())
    network = ToyStep(cloud, "network", seconds=20)
    outcome = Apply((network, Unseen(cloud, "rule", (network,))), run_of(cloud, [])).run()
    assert outcome.error is None


def test_what_was_there_before_and_is_not_found_is_an_error() -> None:
    cloud = ToyCloud(ManualClock())
    cloud.make("network", "before", 0)
    network = ToyStep(cloud, "network")
    outcome = Apply((network, Unseen(cloud, "rule", (network,))), run_of(cloud, [])).run()
    assert isinstance(outcome.error, ResourceNotFound)
