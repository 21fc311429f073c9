"""How far emulated durations are spread about the usual ones.

A constant duration is learned exactly after one look, so that a client's waiting proves nothing.
With a spread of 1 what takes minutes takes anything within what was published of the real cloud,
with 0 the usual time. The chance comes from the ids, which come from the account's seed: the same
seed gives the same times.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SPREAD = 1.0
"""What ``emulator serve`` and ``--emulator`` take unless they are told otherwise."""


@dataclass(frozen=True)
class DurationRange:
    """A duration in emulated seconds: the usual one, the shortest and the longest."""

    usual: float
    shortest: float
    longest: float

    def of(self, settings: Mapping[str, Any], key: str) -> float:
        """How long it takes for the thing that ``key`` names."""
        spread = float(settings.get("spread", 0.0))
        if not spread:
            return self.usual
        drawn = random.Random(key).uniform(self.shortest, self.longest)  # noqa: S311 -- no secret
        return self.usual + spread * (drawn - self.usual)
