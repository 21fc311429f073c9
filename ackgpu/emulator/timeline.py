"""The emulated cloud's time: seconds since the account began, continuous over restarts.

States are functions of this scale, so it must never run backwards, also when a later process runs
at another speed. It is therefore kept in the state file as segments ``(instant, seconds, speed)``;
a change of speed begins a new one. The segments also say at which *instant* something on the scale
happened, and that is what resources show: a client's ``kubectl`` computes ages from real instants.
"""

from __future__ import annotations

import bisect
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from ackgpu.emulator.store import Transaction


class WallClock(Protocol):
    """The one thing that the emulator asks of a clock."""

    def wall(self) -> datetime:
        """The instant it is, in UTC."""


@dataclass(frozen=True)
class Timeline:
    """A piecewise linear map between instants (POSIX seconds) and emulated seconds."""

    segments: tuple[tuple[float, float, float], ...]

    @property
    def sound(self) -> bool:
        """Whether it can go on: a speed that was no number leaves it without one for good."""
        return all(math.isfinite(number) for segment in self.segments for number in segment)

    @property
    def speed(self) -> float:
        """How fast it runs now."""
        return self.segments[-1][2]

    def at(self, instant: datetime) -> float:
        """Emulated seconds at ``instant``."""
        posix = instant.timestamp()
        index = max(0, bisect.bisect_right([s[0] for s in self.segments], posix) - 1)
        start, seconds, speed = self.segments[index]
        # A wall clock that is set back makes time stand still, and not run backwards.
        return seconds + max(0.0, posix - start) * speed

    def instant(self, seconds: float) -> datetime:
        """The instant at which the scale showed, or will show, ``seconds``."""
        index = max(0, bisect.bisect_right([s[1] for s in self.segments], seconds) - 1)
        start, begin, speed = self.segments[index]
        return datetime.fromtimestamp(start + (seconds - begin) / speed, UTC)


@lru_cache(maxsize=8)
def _segments(text: str) -> tuple[tuple[float, float, float], ...]:
    """Kept, since every request reads the same text."""
    return tuple((start, seconds, speed) for start, seconds, speed in json.loads(text))


def load_timeline(session: Transaction, now: datetime, speed: float | None = None) -> Timeline:
    """The account's timeline, begun now where it has none, going on at ``speed`` where given.

    Writes only where it begins or changes speed: call it in a writing transaction then.
    """
    text = session.meta("timeline")
    segments = _segments(text) if text else ()
    if segments and speed in (None, segments[-1][2]):
        return Timeline(segments)
    seconds = Timeline(segments).at(now) if segments else 0.0
    segments = (*segments, (now.timestamp(), seconds, speed or 1.0))
    session.set_meta("timeline", json.dumps(segments))
    return Timeline(segments)
