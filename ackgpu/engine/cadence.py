"""When to look again.

A wait is looked at seldom while it cannot be over yet, and then each time a small share of it has
passed. So what a wait overshoots is a share of itself, however long the cloud takes today, and a
long wait costs few looks more than a short one. What earlier runs on this machine measured
(:mod:`ackgpu.engine.waits`) says when it can be over at the earliest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

EARLY_SHARE = 0.5
"""Up to this share of the typical duration a resource is hardly ever ready."""
LEARNED_FROM = 5
"""So many measured durations tell more than the table."""
# Measured with benchmarks/bench_create.py: the end is to be seen within 1 % of the cloud's own
# critical path, on average, with at most 150 calls a create (tests/cli/test_run_costs.py).
_SHARE, _WIDE_SHARE, _NARROW_SHARE = 0.025, 0.019, 0.01
_TOO_LATE_SHARE = 0.02
"""Beyond the longest that was measured: one new duration in six is longer than the longest of five,
and how much longer nobody knows."""
_UNMETERED_SHARE, _MAX_UNMETERED = 0.006, 5.0
_NARROW = 0.8
_SURELY_EARLY = 0.98
_HARDLY_EVER, _SELDOM = 0.75, 0.9
"""Of the least that was measured: one new duration in six is less than the least of five."""
_EARLY_LOOKS = 4
_MAX_EARLY = 60.0
_SHORTEST, _LONGEST = 1.0, 15.0
_SLACK_SHARE, _MAX_SLACK = 2 / 3, 30.0


@dataclass(frozen=True)
class Wait:
    """What is known of how long something takes, in cloud seconds.

    It is hardly ever over before ``earliest``, seldom before ``expected`` and after ``latest``.
    Between the last two it is looked at each time ``share`` of it has passed, and a second; about
    them more seldom, so that one unlike all before takes no more looks than another. ``unmetered``:
    a look takes nothing from what other commands may ask of the account, so that there may be more
    of them.
    """

    typical: float
    earliest: float
    expected: float
    share: float
    unmetered: bool = False
    latest: float = math.inf

    @classmethod
    def of(cls, typical: float, measured: Sequence[float] = (), *, unmetered: bool = False) -> Wait:
        """What ``measured`` durations tell, or else the typical one."""
        finest = _UNMETERED_SHARE if unmetered else 1.0
        if len(measured) < LEARNED_FROM:
            early = EARLY_SHARE * typical
            return cls(typical, early, early, min(_SHARE, finest), unmetered)
        least, usual, most = min(measured), median(measured), max(measured)
        # Durations that scatter say little of the next: looks begin well before the least of them.
        if least < _NARROW * most:
            early, expected = _HARDLY_EVER * least, _SELDOM * least
            return cls(usual, early, expected, min(_WIDE_SHARE, finest), unmetered, most)
        early = _SURELY_EARLY * least
        return cls(usual, early, early, min(_NARROW_SHARE, finest), unmetered, most)

    def left(self, elapsed: float | None) -> float:
        """The least seconds that are left of it; as many as usual before it has begun (None)."""
        return self.typical if elapsed is None else max(0.0, self.expected - elapsed)

    def next_look(self, elapsed: float, slack: float = 0.0) -> float:
        """Seconds until the next look.

        ``slack``: for how long nobody would use it yet, because what needs it waits for something
        else as well.
        """
        if elapsed < self.earliest:
            rare = _MAX_UNMETERED if self.unmetered else _MAX_EARLY
            early = _within(self.typical / _EARLY_LOOKS, _SHORTEST, rare)
            pause = min(early, max(_SHORTEST, self.earliest - elapsed))
        else:
            pause = min(_SHORTEST + self._share_at(elapsed) * elapsed, _LONGEST)
        # Slack only ever puts a look off: a step that nobody waits for may be seen late.
        return max(pause, _unused(slack))

    def first_look(self, slack: float = 0.0) -> float:
        """Seconds from its request until the first look, which tells what became of that."""
        return max(min(_SHORTEST, self.typical / 2), _unused(slack))

    def _share_at(self, elapsed: float) -> float:
        if self.unmetered or self.expected <= elapsed <= self.latest:
            return self.share
        return _SHARE if elapsed < self.expected else max(self.share, _TOO_LATE_SHARE)


def slack_of(name: str, steps: Sequence[tuple[str, Sequence[str], float]]) -> float:
    """For how long the end of ``name`` may be put off without putting off the end of everything.

    ``steps``: each with the names that it needs, which stand before it, and the seconds that are
    left of it (the critical path method).
    """
    ends: dict[str, float] = {}
    for each, needs, left in steps:
        ends[each] = left + max((ends[need] for need in needs), default=0.0)
    last = max(ends.values(), default=0.0)
    latest = dict.fromkeys(ends, last)
    for each, needs, left in reversed(steps):
        for need in needs:
            latest[need] = min(latest[need], latest[each] - left)
    return max(0.0, latest[name] - ends[name])


def _unused(slack: float) -> float:
    return min(_SLACK_SHARE * slack, _MAX_SLACK)


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
