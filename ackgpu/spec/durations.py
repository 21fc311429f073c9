"""Durations as people write them: ``45m``, ``3h``, ``1h30m``, ``2d``."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHAPE = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
PATTERN = r"^(?=\d)(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?$"
EXAMPLES = "45m, 3h, 1h30m or 2d"
MAX_LIFETIME = 366 * 86_400
"""Seconds: no lifetime, age or timeout that anybody means is longer."""


def parse(text: str) -> int:
    """The seconds in ``text``: each unit at most once, the larger first.

    Raises :class:`ValueError`, with what was expected, for anything else.
    """
    match = _SHAPE.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as {EXAMPLES}")
    counts = (int(count or 0) for count in match.groups())
    return sum(count * unit for count, unit in zip(counts, _UNITS.values(), strict=True))


def parse_bounded(text: str) -> int:
    """The same, for what is an age or a lifetime; ValueError also above :data:`MAX_LIFETIME`."""
    seconds = parse(text)
    if seconds > MAX_LIFETIME:
        raise ValueError(f"it is longer than {format_seconds(MAX_LIFETIME)}")
    return seconds


def format_seconds(seconds: int) -> str:
    """``seconds`` in the form that :func:`parse` reads, with the fewest units: ``1h30m``."""
    parts = []
    for letter, unit in _UNITS.items():
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"
