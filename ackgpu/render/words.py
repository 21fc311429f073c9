"""How figures read: durations, money, ids, numbers of things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a page of help has no prices
    from ackgpu.cloud.api import Price

MINUTE, HOUR, DAY = 60, 3600, 86_400
CURRENCY_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€"}
SHORT_ID = 12
SHORT_TAIL = 5
SHORT_HEX = 6


def duration(seconds: float) -> str:
    """Exact to the smaller of two units: ``3 s``, ``1 m 02 s``, ``2 h 3 m``, ``3 d 4 h``."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} m {whole % MINUTE:02} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} m"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def about(seconds: float) -> str:
    """Rounded to one unit, for what is not known better: ``40 s``, ``6 m``, ``2 h``."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"


def in_words(key: str) -> str:
    """``stateDirectory`` and ``delete_failed`` as people read them: ``state directory``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", key).lower()


def money(price: Price | None) -> str:
    """``¥ 9.84``; what is not known is ``unknown``, and never 0."""
    if price is None or price.amount is None:
        return "unknown"
    sign = CURRENCY_SIGNS.get(price.currency, price.currency)
    digits = 4 if 0 < price.amount < 0.01 else 2  # noqa: PLR2004 -- what two digits would show as 0
    return f"{sign} {price.amount:,.{digits}f}"


def hourly(price: Price | None) -> str:
    """``¥ 9.84 an hour``, or ``price unknown``."""
    if price is None or price.amount is None:
        return "price unknown"
    return f"{money(price)} an hour"


def amount(price: Price | None) -> str:
    """The bare figure, for a column that names the currency: ``4.10``, ``unknown``."""
    if price is None or price.amount is None:
        return "unknown"
    return money(price).split(" ", 1)[1]


def short_id(identifier: str) -> str:
    """``vpc-bp1k8…``, ``c8f3a9…``: enough to tell resources apart on one screen."""
    if len(identifier) <= SHORT_ID:
        return identifier
    kind, dash, rest = identifier.partition("-")
    if dash and len(kind) < SHORT_HEX:
        return f"{kind}-{rest[:SHORT_TAIL]}…"
    return f"{identifier[:SHORT_HEX]}…"


def short_account(account: str) -> str:
    """``1234…6789``: recognisable to its owner, of little use to others."""
    return account if len(account) <= SHORT_ID else f"{account[:4]}…{account[-4:]}"


def count(number: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def number(value: float) -> str:
    """A figure without a needless fraction: ``4``, ``0.5``."""
    return f"{value:g}"
