"""When a wait is looked at, what earlier runs teach it, and what nobody needs at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.toy import ToyCloud, ToyStep

from ackgpu.clock import ManualClock
from ackgpu.engine.cadence import LEARNED_FROM, Wait, slack_of
from ackgpu.engine.waits import Waits

MEASURED = [220.0, 260.0, 300.0, 380.0, 470.0]
ALIKE = [290.0, 295.0, 300.0, 310.0, 320.0]


def looks_until(wait: Wait, lasts: float) -> tuple[int, float]:
    """How many looks a wait of ``lasts`` seconds takes, and by how much the last is late."""
    at, looks = 0.0, 0
    while at < lasts:
        at += wait.next_look(at)
        looks += 1
    return looks, at - lasts


@pytest.mark.parametrize("lasts", [220.0, 300.0, 360.0, 500.0, 900.0])
def test_a_wait_overshoots_by_a_small_share_of_itself(lasts: float) -> None:
    looks, late = looks_until(Wait.of(360.0), lasts)
    assert late <= 1 + 0.025 * lasts
    assert looks <= 70


@pytest.mark.parametrize("lasts", [290.0, 300.0, 320.0, 340.0])
def test_a_wait_that_always_takes_as_long_overshoots_by_less(lasts: float) -> None:
    looks, late = looks_until(Wait.of(360.0, ALIKE), lasts)
    assert late <= 1 + 0.01 * lasts
    assert looks <= 25


@pytest.mark.parametrize(("lasts", "share"), [(180.0, 0.025), (230.0, 0.019), (470.0, 0.019)])
def test_a_wait_that_is_different_each_time_is_looked_at_before_the_least_of_them(
    lasts: float, share: float
) -> None:
    looks, late = looks_until(Wait.of(360.0, MEASURED), lasts)
    assert late <= 1 + share * lasts
    assert looks <= 55


@pytest.mark.parametrize("lasts", [480.0, 500.0, 700.0])
def test_one_that_lasts_longer_than_all_before_takes_few_looks_more(lasts: float) -> None:
    looks, late = looks_until(Wait.of(360.0, MEASURED), lasts)
    assert late <= 1 + 0.02 * lasts
    assert looks <= 53 + (lasts - max(MEASURED)) / 10


def test_the_first_look_comes_at_once_unless_nobody_waits_for_it() -> None:
    assert Wait.of(360.0).first_look() == 1.0
    assert Wait.of(1.0).first_look() == 0.5
    assert Wait.of(90.0).first_look(slack=30.0) == pytest.approx(20.0)


def test_a_look_that_takes_nothing_from_the_account_is_made_more_often() -> None:
    for measured in ((), MEASURED, ALIKE):
        seldom, often = (Wait.of(360.0, measured, unmetered=free) for free in (False, True))
        assert looks_until(often, 300.0)[0] > looks_until(seldom, 300.0)[0]
        assert looks_until(often, 100.0)[1] <= 5.0 < looks_until(seldom, 100.0)[1]


def test_what_cannot_be_over_yet_is_hardly_looked_at() -> None:
    assert looks_until(Wait.of(360.0), 179.0)[0] <= 5
    assert looks_until(Wait.of(360.0, MEASURED), 165.0)[0] <= 6


def test_what_is_short_is_looked_at_each_second() -> None:
    wait = Wait.of(3.0)
    assert all(1.0 <= wait.next_look(at) < 1.1 for at in (0.0, 1.0, 2.0, 3.0))


DIAMOND = [
    ("network", (), 0.0),
    ("gateway", ("network",), 90.0),
    ("cluster", ("network",), 300.0),
    ("pool", ("gateway", "cluster"), 180.0),
]


def test_what_nobody_waits_for_alone_has_slack() -> None:
    assert slack_of("gateway", DIAMOND) == 210.0
    assert slack_of("cluster", DIAMOND) == 0.0
    assert slack_of("pool", DIAMOND) == 0.0


def test_slack_makes_looks_seldom_and_never_longer_than_half_a_minute() -> None:
    wait = Wait.of(90.0)
    assert wait.next_look(60.0) < 3.0
    assert wait.next_look(60.0, slack=30.0) == pytest.approx(20.0)
    assert wait.next_look(60.0, slack=3000.0) == 30.0


@pytest.fixture
def cloud(clock: ManualClock) -> ToyCloud:
    return ToyCloud(clock)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cn-hangzhou" / "waits.json"


def step(cloud: ToyCloud) -> ToyStep:
    return ToyStep(cloud, "cluster", seconds=360)


def test_what_a_run_measured_is_known_to_the_next(path: Path, cloud: ToyCloud) -> None:
    cluster = step(cloud)
    for seconds in MEASURED:
        Waits(path).learn([(cluster, seconds)])
    assert len(MEASURED) == LEARNED_FROM
    assert Waits(path).of(cluster).typical == 300.0
    assert Waits(path).of(cluster, removal=True).typical == 360
    assert path.stat().st_mode & 0o077 == 0


def test_only_the_latest_are_kept(path: Path, cloud: ToyCloud) -> None:
    for number in range(50):
        Waits(path).learn([(step(cloud), 100.0 + number)])
    (kept,) = json.loads(path.read_text()).values()
    assert kept[-1] == 149.0
    assert len(kept) == 20


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 9000, '{"make toy": 3}', '{"make toy": ["x", -1, 1e999]}']
)
def test_a_memory_that_is_spoilt_teaches_nothing(path: Path, cloud: ToyCloud, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert Waits(path).of(step(cloud)) == Wait.of(360)
    Waits(path).learn([(step(cloud), 300.0)])
    assert json.loads(path.read_text())


def test_a_memory_that_cannot_be_written_is_done_without(tmp_path: Path, cloud: ToyCloud) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    waits = Waits(taken / "waits.json")
    waits.learn([(step(cloud), 300.0)])
    assert waits.of(step(cloud)) == Wait.of(360)
