"""A run is derived from another one, and never changed by hand."""

from __future__ import annotations

from dataclasses import replace

from support.toy import ToyCloud, run_of

from ackgpu.clock import ManualClock
from ackgpu.engine.run import NOW


def test_what_is_derived_from_a_run_goes_on_since_that_began() -> None:
    cloud = ToyCloud(ManualClock())
    run = run_of(cloud, []).within(60)
    cloud.clock.advance(10)
    derived = replace(run, token_of=lambda step: step)
    assert (derived.elapsed, derived.deadline) == (10, run.started + 60)
    assert replace(run, deadline=None, started=NOW).elapsed == 0
    assert not run.overdue()
    cloud.clock.advance(51)
    assert derived.overdue()
