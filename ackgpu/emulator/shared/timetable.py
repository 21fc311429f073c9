"""When something is due by a schedule of five fields, as cron has them, or by one word.

Source: Kubernetes documentation, "CronJob", schedule syntax: lists, ranges, steps, names of months
and days, ``?`` as ``*``; where both the day of the month and the day of the week are given, either.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

WORDS = {"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
         "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
         "@hourly": "0 * * * *"}  # fmt: skip
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


def moments(schedule: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Each minute that a schedule names, later than ``after`` and not later than ``until``.

    ValueError: the schedule cannot be read. Both moments are in the schedule's time zone.
    """
    parts = WORDS.get(schedule, schedule).split()
    rows = [_numbers(part, bounds) for part, bounds in zip(parts, BOUNDS, strict=True)]
    minutes, hours, month_days, months, week_days = rows
    starred = parts[2][0] in "*?" or parts[4][0] in "*?"
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        in_month, in_week = day.day in month_days, day.isoweekday() % 7 in week_days
        if day.month in months and (in_month and in_week if starred else in_month or in_week):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    moment = day.replace(hour=hour, minute=minute)
                    if after < moment <= until:
                        yield moment
        day += timedelta(days=1)


def _numbers(text: str, bounds: tuple[int, int]) -> set[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in {"*", "?"}:
            low, high = bounds
        else:
            low = _number(first, bounds)
            high = _number(last, bounds) if last else bounds[1] if step else low
        if not bounds[0] <= low <= high <= bounds[1] or int(step or 1) < 1:
            raise ValueError(text)
        found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, bounds: tuple[int, int]) -> int:
    names = {(1, 12): MONTHS, (0, 6): DAYS}.get(bounds, [])
    return names.index(text) + bounds[0] if text in names else int(text)
