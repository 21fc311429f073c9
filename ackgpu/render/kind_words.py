"""How many of which kinds of resources, and what they cost an hour, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ackgpu.cloud.api import Price
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.step import Resource
from ackgpu.inventory.resources import KINDS, SNAT_ENTRY
from ackgpu.render.words import duration, in_words, money

FREE = "free of charge"


def kinds_of(resources: Sequence[Resource]) -> str:
    """``1 cluster · 2 EIPs · 1 VPC``: how many of each kind, the dearer kinds first."""
    counts = Counter((resource.product, resource.type) for resource in resources)
    billed = {(r.product, r.type) for r in resources if r.billable}
    dearer_first = sorted(counts, key=lambda key: key not in billed)
    return _counted((_nouns(*each), counts[each]) for each in dearer_first)


def _counted(kinds: Iterable[tuple[tuple[str, str], int]]) -> str:
    words = (f"{number:,} {one if number == 1 else many}" for (one, many), number in kinds)
    return " · ".join(words)


def noun_of(resource: Resource) -> str:
    """``NAT gateway``: what a resource is."""
    return _nouns(resource.product, resource.type)[0]


def nouns_of(nouns: Iterable[str]) -> str:
    """``1 cluster · 2 EIPs``: the same of kinds that are told by their nouns."""
    known = {kind.noun.lower(): (kind.noun, kind.plural) for kind in KINDS}
    counts = Counter(nouns)
    return _counted((known.get(noun, (noun, f"{noun}s")), counts[noun]) for noun in counts)


def is_free(hourly: KnownSum) -> bool:
    """Whether there is nothing among it that is paid for."""
    return hourly.amount == 0 and not hourly.currency and hourly.complete


def hourly_sum(hourly: KnownSum) -> str:
    """``at least ¥ 1.31 an hour``; what nobody tells the price of makes it the least."""
    if hourly.amount is None:
        return "price unknown"
    if is_free(hourly):
        return FREE
    price = Price(hourly.amount, hourly.currency, "")
    least = "" if hourly.complete else "at least "
    return f"{least}{money(price)} an hour"


def receipt(lived: float | None, cost: KnownSum | None) -> str:
    """``lived 1 h 12 m, about ¥ 11.81``; what is not known is said. Empty if nothing is known."""
    if lived is None:
        return ""
    return f"lived {duration(lived)}" if cost is None else f"lived {duration(lived)}, {_cost(cost)}"


def _cost(cost: KnownSum) -> str:
    plurals = {kind.type: kind.plural for kind in reversed(KINDS)}
    kinds = ", ".join(plurals.get(type_, _plain(type_)[1]) for type_ in cost.unpriced)
    why = f": {'; '.join(cost.why)}" if cost.why else ""
    if cost.amount is None:
        return f"the price is not known{why}"
    if is_free(cost):
        return FREE
    price = money(Price(cost.amount, cost.currency, ""))
    if cost.complete:
        return f"about {price}"
    return f"at least {price}, without {kinds}, whose price is not known{why}"


def _nouns(product: str, type_: str) -> tuple[str, str]:
    """What one and what several of a type are called."""
    for kind in (*KINDS, SNAT_ENTRY):
        if (kind.product, kind.type) == (product, type_):
            return kind.noun, kind.plural
    return _plain(type_)


def _plain(type_: str) -> tuple[str, str]:
    """A type's name as words: ``node pool``, ``node pools``."""
    words = in_words(type_)
    return words, f"{words}s"
