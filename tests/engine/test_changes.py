"""Steps that change what exists: shown as changes, asked for once, never undone."""

from __future__ import annotations

from support.toy import ToyCloud, ToyStep, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.apply import Apply
from ackgpu.engine.destroy import Destroy
from ackgpu.engine.events import Event, StepAsked, StepDone
from ackgpu.engine.plan import survey


class Resizing(ToyStep):
    """A change of what another step made."""

    changes = True


def graph(cloud: ToyCloud) -> tuple[ToyStep, ToyStep]:
    pool = ToyStep(cloud, "pool")
    return pool, Resizing(cloud, "size", [pool])


def test_a_change_is_planned_told_and_done_as_one(clock: ManualClock) -> None:
    cloud = ToyCloud(clock)
    events: list[Event] = []
    steps = graph(cloud)
    plan = survey(steps, run_of(cloud, []))
    assert {p.step.name: p.action for p in plan.steps} == {"pool": "CREATE", "size": "CHANGE"}
    assert Apply(steps, run_of(cloud, events)).run().error is None
    asked = {e.step: e.doing for e in events if isinstance(e, StepAsked)}
    done = {e.step: e.outcome for e in events if isinstance(e, StepDone)}
    assert asked == {"pool": "creating", "size": "changing"}
    assert done == {"pool": "created", "size": "changed"}
    again = survey(steps, run_of(cloud, []))
    assert not again.changes


def test_a_change_is_not_undone(clock: ManualClock) -> None:
    cloud = ToyCloud(clock)
    steps = graph(cloud)
    Apply(steps, run_of(cloud, [])).run()
    cloud.calls.clear()
    run = run_of(cloud, [])
    outcome = Destroy(survey(steps, run), run).run()
    assert outcome.error is None
    assert [call for call in cloud.calls if call.startswith("delete")] == ["delete pool"]
