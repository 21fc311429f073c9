"""A sample of the kills, stops and faults; all of them with ACKGPU_SURVIVAL=full.

`python benchmarks/bench_survival.py` prints the figures of all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

import pytest
from survival.faults import Laboratory, laboratory
from survival.kills import Range, firing_range

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
EVERY = {"kills": 67, "stops": 89, "faults": 127}
"""One case in so many. Primes, so that each sample meets every moment and recovery."""

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(4 * 3600 if FULL else 240)]


def every(suite: str) -> int:
    return 1 if FULL else EVERY[suite]


@pytest.fixture(scope="module")
def firing() -> Iterator[Range]:
    with firing_range() as firing:
        yield firing


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


@pytest.mark.long
def test_a_kill_at_any_change_loses_nothing_and_makes_nothing_twice(firing: Range) -> None:
    verdicts = [firing.judge(case) for case in islice(firing.cases(), 0, None, every("kills"))]
    assert [verdict for verdict in verdicts if verdict.trouble] == []


@pytest.mark.long
def test_a_signal_at_any_change_stops_safely_and_names_the_next_command(firing: Range) -> None:
    verdicts = [firing.judge(case) for case in islice(firing.stops(), 0, None, every("stops"))]
    assert [verdict for verdict in verdicts if verdict.trouble] == []


@pytest.mark.long
def test_a_fault_at_any_call_ends_well_or_is_finished_by_the_same_command(lab: Laboratory) -> None:
    cells = islice(lab.cells(slow=FULL), 0, None, every("faults"))
    outcomes = [lab.try_out(fault, action) for fault, action in cells]
    assert [outcome for outcome in outcomes if outcome.trouble] == []
