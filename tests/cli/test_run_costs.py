"""What a run costs: calls, and how late it sees what is over, under spread durations."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest
from support.costs import Account, account, account_in_real_time

from ackgpu.emulator.shared.catalog import regions
from ackgpu.engine.cadence import LEARNED_FROM

SEEDS = (2, 3, 6, 13)
AT_REAL_SPEED = 13
BUSY = 5
"""Calls that a busy machine adds: what it would read in one moment, it reads in two."""
CREATE_CALLS, DELETE_CALLS = 150, 85
OVERSHOOT, OVERSHOOT_LEARNED = 0.02, 0.01


def life(cloud: Account) -> tuple[int, float]:
    """Make a cluster and delete it; the calls of the one, and how late it saw its end."""
    made = cloud.run("create", "demo")
    assert made.code == 0, made.err
    overshoot = made.seconds / cloud.critical_path() - 1
    gone = cloud.run("delete", "demo", "-y")
    assert gone.code == 0, gone.err
    assert gone.calls.total() <= DELETE_CALLS, gone.calls
    return made.calls_beside(len(regions())), overshoot


@pytest.mark.long
def test_lives_keep_within_their_bars(tmp_path: Path) -> None:
    lives = []
    for seed in SEEDS:
        with account(tmp_path / str(seed), spread=1.0, seed=seed) as cloud:
            lives.append(life(cloud))
    calls, overshoots = zip(*lives, strict=True)
    assert max(calls) <= CREATE_CALLS
    assert min(overshoots) > 0
    assert mean(overshoots) <= OVERSHOOT


@pytest.mark.long
def test_so_do_those_of_a_machine_that_has_measured_before(tmp_path: Path) -> None:
    with account(tmp_path, spread=1.0, seed=4) as cloud:
        lives = [life(cloud) for _ in range(LEARNED_FROM + 3)][LEARNED_FROM:]
    calls, overshoots = zip(*lives, strict=True)
    assert max(calls) <= CREATE_CALLS
    assert mean(overshoots) <= OVERSHOOT_LEARNED


@pytest.mark.long
def test_one_that_lasts_longer_than_all_before_makes_no_more_calls(tmp_path: Path) -> None:
    for seed in (*range(1300, 1305), 13):
        with account(tmp_path, spread=1.0, seed=seed) as cloud:
            calls, _ = life(cloud)
    assert calls <= CREATE_CALLS


@pytest.mark.real_time
@pytest.mark.timeout(3600)
def test_so_does_one_at_real_speed(tmp_path: Path) -> None:
    """Eighteen minutes. Its waits are judged by when the cloud was asked, not by the processor."""
    with account_in_real_time(tmp_path, spread=1.0, seed=AT_REAL_SPEED) as cloud:
        made = cloud.run("create", "demo")
        needed = cloud.critical_path()
        gone = cloud.run("delete", "demo", "-y")
    assert (made.code, gone.code) == (0, 0), made.err + gone.err
    assert made.calls_beside(len(regions())) <= CREATE_CALLS + BUSY, made.calls
    assert gone.calls.total() <= DELETE_CALLS + BUSY, gone.calls
    assert 0 < made.between / needed - 1 <= OVERSHOOT
