"""Taking SDK models apart: every field of theirs may be None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any


def listed(wrapper: Any, field: str) -> list[Any]:
    """The list inside a wrapper such as ``Vpcs.Vpc``; empty where either is absent."""
    return list(getattr(wrapper, field, None) or []) if wrapper is not None else []


def rows_at(body: Any, place: str) -> list[Any] | None:
    """The rows at a place such as ``vpcs.vpc``; None where nothing is: that is no answer."""
    wrapper, _, field = place.partition(".")
    found = getattr(body, wrapper, None)
    return found if found is None or not field else listed(found, field)


def texts(values: Iterable[Any] | None) -> tuple[str, ...]:
    """The texts of a list, which may be absent or hold a null."""
    return tuple(value for value in values or () if value)


def tags_of(rows: Any) -> dict[str, str]:
    """Tags, spelt ``key``/``value`` or ``tag_key``/``tag_value`` by the product."""
    tags: dict[str, str] = {}
    for row in rows or []:
        key = getattr(row, "tag_key", None) or getattr(row, "key", None)
        value = getattr(row, "tag_value", None) or getattr(row, "value", None)
        if key:
            tags[key] = value or ""
    return tags


def number(value: Any) -> int:
    """An integer, also where it is sent as text; 0 where it is absent or none."""
    return int(amount(value) or 0)


def amount(value: Any) -> float | None:
    """A number, also where it is sent as text; None where it is absent, none or not finite."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def instant(text: str | None) -> datetime | None:
    """An instant of any of the cloud's formats, in UTC; None where it is absent or unreadable.

    Fractions have up to nine digits, zones are ``Z``, ``+08:00`` or absent (CS API reference).
    """
    if not text:
        return None
    head, dot, tail = text.strip().partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    plain = f"{head}{dot}{tail[:digits][:6]}{tail[digits:]}" if dot else head
    try:
        parsed = datetime.fromisoformat(plain)
    except ValueError:
        return None
    # Without a zone the cloud means UTC.
    return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
