"""Apply: what is made, what is waited for, and what happens when it does not go well."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from support.toy import BUSY, SlowAnswer, ToyCheck, ToyCloud, ToyStep, diamond, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.events import (
    Event,
    StepAsked,
    StepDone,
    StepFailed,
    StepNotStarted,
    Tick,
    Warned,
)
from ackgpu.engine.journal import Journal
from ackgpu.engine.plan import survey
from ackgpu.engine.run import Outcome
from ackgpu.engine.step import Drift, Finding, Pending
from ackgpu.errors import (
    CloudError,
    ConflictError,
    Interrupted,
    ResourceNotFound,
    TimedOut,
    Unavailable,
)


@pytest.fixture
def cloud(clock: ManualClock) -> ToyCloud:
    return ToyCloud(clock)


def outcomes(outcome: Outcome) -> dict[str, str]:
    return {report.step.name: report.outcome or report.status for report in outcome.reports}


def test_waits_overlap_so_that_it_takes_as_long_as_the_longest_chain(cloud: ToyCloud) -> None:
    outcome = Apply(diamond(cloud), run_of(cloud, [])).run()
    assert outcome.error is None
    longest_chain = 5 + 360 + 180
    assert longest_chain <= outcome.seconds <= 1.03 * longest_chain


def test_the_order_of_events_is_the_same_each_time() -> None:
    def told() -> list[str]:
        cloud = ToyCloud(ManualClock())
        events: list[Event] = []
        Apply(diamond(cloud), run_of(cloud, events)).run()
        return [repr(event) for event in events]

    assert told() == told()


def test_a_second_apply_adopts_and_asks_for_nothing(cloud: ToyCloud) -> None:
    Apply(diamond(cloud), run_of(cloud, [])).run()
    cloud.calls.clear()
    outcome = Apply(diamond(cloud), run_of(cloud, [])).run()
    assert set(outcomes(outcome).values()) == {"adopted"}
    assert not [call for call in cloud.calls if not call.startswith("find")]


def test_what_a_survey_just_found_is_not_looked_for_again(cloud: ToyCloud) -> None:
    Apply(diamond(cloud), run_of(cloud, [])).run()
    run = run_of(cloud, [])
    plan = survey(diamond(cloud), run)
    cloud.calls.clear()
    outcome = Apply(diamond(cloud), run, known=plan).run()
    assert outcome.error is None
    assert cloud.calls == []


def test_a_given_resource_is_used_and_not_created(cloud: ToyCloud) -> None:
    cloud.make("network", "theirs", 0)
    steps = diamond(cloud)
    steps[0].ownership = "given"
    outcome = Apply(steps, run_of(cloud, [])).run()
    assert outcomes(outcome)["network"] == "reused"
    assert "create network" not in cloud.calls


def test_a_resource_that_differs_from_the_spec_is_refused_and_not_changed(cloud: ToyCloud) -> None:
    cloud.make("network", "before", 0)
    steps = diamond(cloud)
    steps[0].drift = (Drift("network.cidr", "10.0.0.0/8", "192.168.0.0/16"),)
    outcome = Apply(steps, run_of(cloud, [])).run()
    assert isinstance(outcome.error, ConflictError)
    assert "10.0.0.0/8" in outcome.error.details[0]
    assert not [call for call in cloud.calls if call.startswith("create")]


def test_a_failure_starts_nothing_new_and_leaves_what_was_begun(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[1].refuse_create = [CloudError("no such zone")]
    events: list[Event] = []
    outcome = Apply(steps, run_of(cloud, events)).run()
    assert outcomes(outcome) == {
        "network": "created", "gateway": "failed", "control": "left", "pool": "untouched",
    }  # fmt: skip
    assert [e.message for e in events if isinstance(e, StepFailed)] == ["no such zone"]
    assert [e.step for e in events if isinstance(e, StepNotStarted)] == ["pool"]


def test_a_busy_neighbour_is_asked_again_with_the_same_token(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    steps[1].refuse_create = [BUSY, BUSY]
    events: list[Event] = []
    outcome = Apply(steps, run_of(cloud, events)).run()
    assert outcome.error is None
    assert cloud.calls.count("create gateway") == 3
    assert [e.step for e in events if isinstance(e, StepAsked)].count("gateway") == 1
    assert len(cloud.things["gateway"]) == 1


def test_a_lost_reply_makes_nothing_twice(cloud: ToyCloud) -> None:
    steps = diamond(cloud)
    for step in steps:
        step.lose_reply = True
    outcome = Apply(steps, run_of(cloud, [])).run()
    assert outcome.error is None
    assert all(len(things) == 1 for things in cloud.things.values())


def test_a_request_that_never_arrived_is_made_again(cloud: ToyCloud) -> None:
    class Deaf(ToyStep):
        unheard = 1

        def create(self, ctx, token: str) -> None:
            if self.unheard:
                self.unheard -= 1
                self._call("create")
                return
            super().create(ctx, token)

    outcome = Apply((Deaf(cloud, "network"),), run_of(cloud, [])).run()
    assert outcome.error is None
    assert cloud.calls.count("create network") == 2
    assert outcome.seconds > 30  # not before the reads can be believed


def test_what_never_appears_ends_with_an_error(cloud: ToyCloud) -> None:
    class Void(ToyStep):
        def create(self, ctx, token: str) -> None:
            self._call("create")

    outcome = Apply((Void(cloud, "network"),), run_of(cloud, [])).run()
    assert isinstance(outcome.error, ResourceNotFound)
    assert cloud.calls.count("create network") == 3


def test_reads_that_lag_behind_make_nothing_twice(cloud: ToyCloud) -> None:
    cloud.lag = 20
    outcome = Apply(diamond(cloud), run_of(cloud, [])).run()
    assert outcome.error is None
    assert all(len(things) == 1 for things in cloud.things.values())


def test_a_crash_right_after_a_request_makes_nothing_twice(cloud: ToyCloud, tmp_path: Path) -> None:
    cloud.lag = 20
    path = tmp_path / "journal.jsonl"

    def crash(call: str) -> None:
        if call == "find gateway" and cloud.calls.count("find gateway") == 2:
            raise KeyboardInterrupt

    cloud.on_call = crash
    with closing(Journal(path, cloud.clock)) as journal, pytest.raises(KeyboardInterrupt):
        Apply(diamond(cloud), run_of(cloud, [], journal)).run()
    cloud.on_call = lambda _: None
    with closing(Journal(path, cloud.clock)) as journal:
        outcome = Apply(diamond(cloud), run_of(cloud, [], journal)).run()
    assert outcome.error is None
    assert all(len(things) == 1 for things in cloud.things.values())


def test_a_read_that_fails_in_the_middle_is_a_wait_and_no_end(cloud: ToyCloud) -> None:
    class Flaky(ToyStep):
        failures = 3

        def find(self, ctx) -> Finding[str]:
            if self.cloud.visible(self.name) and self.failures:
                self.failures -= 1
                raise Unavailable("503")
            return super().find(ctx)

    outcome = Apply((Flaky(cloud, "network"),), run_of(cloud, [])).run()
    assert outcome.error is None


def test_a_cloud_that_never_answers_fails_at_once(cloud: ToyCloud) -> None:
    class Unreachable(ToyStep):
        def find(self, ctx) -> Finding[str]:
            raise Unavailable("connection refused")

    outcome = Apply((Unreachable(cloud, "network"),), run_of(cloud, [])).run()
    assert isinstance(outcome.error, Unavailable)
    assert outcome.seconds == 0


def test_the_deadline_says_what_was_still_pending(cloud: ToyCloud) -> None:
    run = run_of(cloud, [])
    run.deadline = run.started + 60
    outcome = Apply(diamond(cloud), run).run()
    assert isinstance(outcome.error, TimedOut)
    assert outcome.error.exits_with == 7
    assert "gateway (Creating)" in str(outcome.error)
    assert "control (Creating)" in str(outcome.error)


def test_a_step_has_its_own_longest_time(cloud: ToyCloud) -> None:
    step = ToyStep(cloud, "network", seconds=10_000)
    outcome = Apply((step,), run_of(cloud, [])).run()
    assert isinstance(outcome.error, TimedOut)
    assert outcome.seconds == pytest.approx(step.timeout, rel=0.05)


@pytest.mark.parametrize(("paid", "orders"), [(False, 2), (True, 1)])
def test_what_never_shows_is_asked_for_with_one_token_where_it_is_paid(
    cloud: ToyCloud, *, paid: bool, orders: int
) -> None:
    cloud.lag = 100_000
    step = ToyStep(cloud, "order")
    step.paid = paid
    outcome = Apply((step,), run_of(cloud, [])).run()
    assert isinstance(outcome.error, ResourceNotFound)
    assert len({thing.token for thing in cloud.things["order"]}) == orders


def test_a_machine_that_stood_still_looks_once_more(cloud: ToyCloud) -> None:
    step = SlowAnswer(cloud, "network", seconds=10)
    outcome = Apply((step,), run_of(cloud, [])).run()
    assert outcome.error is None
    assert outcome.seconds > step.timeout


def test_a_state_that_nobody_knows_is_waited_for_with_one_warning(cloud: ToyCloud) -> None:
    class Odd(ToyStep):
        looks = 0

        def find(self, ctx) -> Finding[str]:
            self.looks += 1
            if self.looks < 5:
                return Pending("reticulating", warning="an unknown state")
            cloud.make(self.name, "t", 0)
            return super().find(ctx)

    events: list[Event] = []
    outcome = Apply((Odd(cloud, "network"),), run_of(cloud, events)).run()
    assert outcome.error is None
    assert len([e for e in events if isinstance(e, Warned)]) == 1


def test_a_check_is_waited_for_and_creates_nothing(cloud: ToyCloud) -> None:
    network = ToyStep(cloud, "network")
    events: list[Event] = []
    outcome = Apply(
        (network, ToyCheck(cloud, (network,), seconds=100)), run_of(cloud, events)
    ).run()
    assert outcomes(outcome)["check"] == "checked"
    assert outcome.seconds >= 100


def test_a_step_that_is_left_is_not_waited_for(cloud: ToyCloud) -> None:
    outcome = Apply(diamond(cloud), run_of(cloud, []), no_wait=frozenset({"control"})).run()
    assert outcome.error is None
    assert outcome.seconds < 120
    assert outcomes(outcome) == {
        "network": "created", "gateway": "created", "control": "left", "pool": "untouched",
    }  # fmt: skip


def test_time_goes_by_in_ticks_that_name_what_is_waited_for(cloud: ToyCloud) -> None:
    events: list[Event] = []
    Apply(diamond(cloud), run_of(cloud, events)).run()
    waited = {name for e in events if isinstance(e, Tick) for name, _, _ in e.waiting}
    assert waited == {"network", "gateway", "control", "pool"}


def test_a_stop_at_any_event_loses_nothing_and_goes_on_later() -> None:
    def events_of(stop_at: int | None) -> tuple[ToyCloud, list[Event], Outcome]:
        cloud = ToyCloud(ManualClock(), lag=7)
        events: list[Event] = []
        run = run_of(cloud, events)

        def listen(event: Event) -> None:
            if not isinstance(event, Tick):
                events.append(event)
            if len(events) == stop_at:
                run.cancel.request()

        run.listen = listen
        return cloud, events, Apply(diamond(cloud), run).run()

    _, events, _ = events_of(None)
    for stop_at in range(1, len(events)):
        cloud, _, outcome = events_of(stop_at)
        if outcome.error is None:
            continue
        assert isinstance(outcome.error, Interrupted)
        asked = {report.step.name for report in outcome.reports if report.requested}
        assert set(cloud.things) == asked, f"stopped at event {stop_at}"
        cloud.clock.advance(31)
        again = Apply(diamond(cloud), run_of(cloud, [])).run()
        assert again.error is None
        assert all(len(things) == 1 for things in cloud.things.values())


def test_the_time_that_a_step_took_is_told(cloud: ToyCloud) -> None:
    events: list[Event] = []
    Apply(diamond(cloud), run_of(cloud, events)).run()
    took = {event.step: event.seconds for event in events if isinstance(event, StepDone)}
    assert took["gateway"] == pytest.approx(90, rel=0.05)
