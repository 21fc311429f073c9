"""Destroy: the graph walked backwards until everything of ours is gone."""

from __future__ import annotations

import pytest
from support.toy import BUSY, SlowAnswer, ToyCloud, ToyStep, diamond, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.events import Event, Tick
from ackgpu.engine.plan import survey
from ackgpu.engine.run import Outcome
from ackgpu.engine.step import Absent, Broken, Context, Finding, Ready
from ackgpu.errors import AccessDenied, CloudError, Interrupted, LostReply, Unavailable


@pytest.fixture
def cloud(clock: ManualClock) -> ToyCloud:
    cloud = ToyCloud(clock)
    Apply(diamond(cloud), run_of(cloud, [])).run()
    cloud.calls.clear()
    return cloud


def destroy(cloud: ToyCloud, steps: tuple[ToyStep, ...], **options: object) -> Outcome:
    run = run_of(cloud, [])
    return Destroy(survey(steps, run), run, **options).run()  # type: ignore[arg-type]


def deletes(cloud: ToyCloud) -> list[str]:
    return [call.removeprefix("delete ") for call in cloud.calls if call.startswith("delete")]


def test_everything_goes_in_the_reverse_order(cloud: ToyCloud) -> None:
    outcome = destroy(cloud, diamond(cloud))
    assert outcome.error is None
    assert cloud.left == []
    order = deletes(cloud)
    assert order[0] == "pool"
    assert order[-1] == "network"


def test_independent_branches_go_at_the_same_time(cloud: ToyCloud) -> None:
    assert destroy(cloud, diamond(cloud)).seconds < 1.05 * (180 + 360 + 5)


def test_a_given_resource_stays(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[0].ownership = "given"
    outcome = destroy(cloud, steps)
    assert outcome.error is None
    assert cloud.left == ["network"]
    assert outcome.reports[-1].status == "kept"


def test_a_part_goes_with_its_whole(cloud: ToyCloud) -> None:
    network, gateway, control, pool = diamond(cloud)
    pool.part_of = control

    def take_along(call: str) -> None:
        if call == "delete control":
            cloud.things["pool"][0].gone_at = cloud.clock.now() + 100

    cloud.on_call = take_along
    outcome = destroy(cloud, (network, gateway, control, pool))
    assert outcome.error is None
    assert cloud.left == []
    assert "pool" not in deletes(cloud)


def test_a_machine_that_stood_still_looks_once_more(cloud: ToyCloud) -> None:
    step = SlowAnswer(cloud, "pool", seconds=10)
    outcome = destroy(cloud, (step,))
    assert outcome.error is None
    assert outcome.seconds > step.timeout
    assert "pool" not in cloud.left


def test_what_is_still_in_use_is_asked_to_go_again(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[0].refuse_delete = [BUSY, BUSY, BUSY]
    outcome = destroy(cloud, steps)
    assert outcome.error is None
    assert deletes(cloud).count("network") == 4


def test_a_lost_reply_and_a_refused_connection_are_no_end(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[1].refuse_delete = [LostReply("reset")]
    steps[2].refuse_delete = [Unavailable("refused")]
    assert destroy(cloud, steps).error is None
    assert cloud.left == []


def test_where_every_reply_is_lost_a_removal_ends_all_the_same(cloud: ToyCloud) -> None:
    step = ToyStep(cloud, "pool", seconds=10)
    step.refuse_delete = [LostReply("reset")] * 5000
    outcome = destroy(cloud, (step,))
    assert isinstance(outcome.error, CloudError)
    assert step.timeout < outcome.seconds < 1.1 * step.timeout
    assert len(deletes(cloud)) < 0.2 * step.timeout


def test_what_cannot_be_removed_stops_only_what_it_stands_on(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[1].refuse_delete = [AccessDenied("vpc:DeleteNatGateway")]
    outcome = destroy(cloud, steps)
    assert isinstance(outcome.error, AccessDenied)
    assert sorted(cloud.left) == ["gateway", "network"]
    assert {r.step.name: r.status for r in outcome.reports} == {
        "pool": "gone", "control": "gone", "gateway": "failed", "network": "left",
    }  # fmt: skip


def test_a_removal_that_failed_is_asked_for_again_and_then_given_up(cloud: ToyCloud) -> None:
    class Stubborn(ToyStep):
        def find(self, ctx) -> Finding[str]:
            finding = super().find(ctx)
            if "delete gateway" in self.cloud.calls and not isinstance(finding, Ready):
                return Broken(CloudError("delete_failed: an entry is foreign"), id="id-gateway")
            return finding

    network = ToyStep(cloud, "network")
    gateway = Stubborn(cloud, "gateway", (network,), seconds=10_000)
    outcome = destroy(cloud, (network, gateway))
    assert "delete_failed" in str(outcome.error)
    assert deletes(cloud).count("gateway") == 3


def test_what_is_not_there_is_gone(clock: ManualClock) -> None:
    empty = ToyCloud(clock)
    outcome = destroy(empty, diamond(empty))
    assert outcome.error is None
    assert outcome.seconds == 30  # the second look


class Flickering(ToyStep):
    """Some looks find nothing, though it is there: those of the given numbers, from 1 on."""

    unseen: frozenset[int] = frozenset()
    looks = 0

    def find(self, ctx: Context) -> Finding[str]:
        self.looks += 1
        finding = super().find(ctx)
        return Absent() if self.looks in self.unseen else finding


@pytest.mark.parametrize("look", [1, 2])
def test_one_look_that_finds_nothing_is_not_believed(cloud: ToyCloud, look: int) -> None:
    network = Flickering(cloud, "network", seconds=5)
    network.unseen = frozenset({look})
    gateway = Flickering(cloud, "gateway", (network,), seconds=90)
    gateway.unseen = frozenset({look})
    outcome = destroy(cloud, (network, gateway))
    assert outcome.error is None
    assert {"network", "gateway"} & set(cloud.left) == set()
    assert set(deletes(cloud)) >= {"network", "gateway"}


def test_two_looks_that_find_nothing_are_believed_where_they_are_far_apart(cloud: ToyCloud) -> None:
    pool = Flickering(cloud, "pool")
    pool.unseen = frozenset({1, 2, 3})
    outcome = destroy(cloud, (pool,))
    assert outcome.reports[0].status == "gone"
    assert pool.looks == 3
    assert outcome.seconds == 30


def test_what_ends_unseen_is_gone_at_the_second_look(cloud: ToyCloud) -> None:
    pool = Flickering(cloud, "pool", seconds=100)
    pool.ends_unseen = True
    pool.unseen = frozenset({3})  # right after it was asked for
    outcome = destroy(cloud, (pool,))
    assert outcome.error is None
    assert "pool" not in cloud.left
    assert outcome.seconds >= 100


def test_what_waits_for_the_second_look_holds_nothing_up(cloud: ToyCloud) -> None:
    network, gateway, control, pool = diamond(cloud)
    pool.part_of = control

    def take_along(call: str) -> None:
        if call == "delete control":
            cloud.things["pool"][0].gone_at = cloud.clock.now() + 100

    cloud.on_call = take_along
    outcome = destroy(cloud, (network, gateway, control, pool))
    seconds = {report.step.name: report.seconds for report in outcome.reports}
    assert outcome.seconds < 1.02 * (360 + 90 + 5)
    assert seconds["pool"] < 100


def test_what_is_half_made_goes_too(clock: ManualClock) -> None:
    cloud = ToyCloud(clock)
    run = run_of(cloud, [])
    run.deadline = run.started + 50
    Apply(diamond(cloud), run).run()
    assert cloud.left
    assert destroy(cloud, diamond(cloud)).error is None
    assert cloud.left == []


def test_a_stop_at_any_event_can_be_taken_up() -> None:
    def one(stop_at: int | None) -> tuple[ToyCloud, list[Event], Outcome]:
        cloud = ToyCloud(ManualClock())
        Apply(diamond(cloud), run_of(cloud, [])).run()
        events: list[Event] = []
        run = run_of(cloud, events)

        def listen(event: Event) -> None:
            if not isinstance(event, Tick):
                events.append(event)
            if len(events) == stop_at:
                run.cancel.request()

        run.listen = listen
        return cloud, events, Destroy(survey(diamond(cloud), run), run).run()

    _, events, _ = one(None)
    for stop_at in range(1, len(events)):
        cloud, _, outcome = one(stop_at)
        if outcome.error is not None:
            assert isinstance(outcome.error, Interrupted)
            assert destroy(cloud, diamond(cloud)).error is None
        assert cloud.left == [], f"stopped at event {stop_at}"


def test_a_step_that_is_left_is_asked_and_not_waited_for(cloud: ToyCloud) -> None:
    outcome = destroy(cloud, diamond(cloud), no_wait=frozenset({"pool"}))
    assert outcome.error is None
    assert outcome.seconds < 10
    assert deletes(cloud) == ["pool"]
