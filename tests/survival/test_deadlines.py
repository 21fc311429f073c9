"""A deadline ends what goes on, never what has come to its end."""

from __future__ import annotations

from support.toy import ToyCloud, ToyStep, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.plan import survey
from ackgpu.errors import ResourceNotFound


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
