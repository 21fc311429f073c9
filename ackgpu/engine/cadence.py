"""When to look again.

A wait is looked at seldom while it cannot be over yet, and then each time a small share of it has
passed. So what a wait overshoots is a share of itself, however long the cloud takes today, and a
long wait costs few looks more than a short one. What earlier runs on this machine measured
(:mod:`ackgpu.engine.waits`) says when it can be over at the earliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

EARLY_SHARE = 0.5
"""Up to this share of the typical duration a resource is hardly ever ready."""
LEARNED_FROM = 5
"""So many measured durations tell more than the table."""
_SHARE, _LEARNED_SHARE = 0.025, 0.01
_NARROW = 0.8
_SURELY_EARLY, _HARDLY_EVER = 0.98, 0.9
_EARLY_LOOKS = 6
_MAX_EARLY = 45.0
_SHORTEST, _LONGEST = 1.0, 15.0
_SLACK_SHARE, _MAX_SLACK = 1 / 2, 30.0


@dataclass(frozen=True)
class Wait:
    """What is known of how long something takes, in cloud seconds.

    It is hardly ever over before ``earliest``; from then on it is looked at each time ``share`` of
    it has passed, and a second: the smaller, the less the measured durations differ.
    """

    typical: float
    earliest: float
    share: float

    @classmethod
    def of(cls, typical: float, measured: Sequence[float] = ()) -> Wait:
        """What ``measured`` durations tell, or else the typical one."""
        if len(measured) < LEARNED_FROM:
            return cls(typical, EARLY_SHARE * typical, _SHARE)
        least = min(measured)
        if least < _NARROW * max(measured):
            return cls(median(measured), _HARDLY_EVER * least, _SHARE)
        return cls(median(measured), _SURELY_EARLY * least, _LEARNED_SHARE)

    def left(self, elapsed: float | None) -> float:
        """The least seconds that are left of it; as many as usual before it has begun (None)."""
        return self.typical if elapsed is None else max(0.0, self.earliest - elapsed)

    def next_look(self, elapsed: float, slack: float = 0.0) -> float:
        """Seconds until the next look.

        ``slack``: for how long nobody would use it yet, because what needs it waits for something
        else as well.
        """
        if elapsed < self.earliest:
            early = _within(self.typical / _EARLY_LOOKS, _SHORTEST, _MAX_EARLY)
            pause = min(early, max(_SHORTEST, self.earliest - elapsed))
        else:
            pause = min(_SHORTEST + self.share * elapsed, _LONGEST)
        return max(pause, min(_SLACK_SHARE * slack, _MAX_SLACK))


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


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
