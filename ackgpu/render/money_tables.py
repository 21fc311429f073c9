"""The tables that are read before anything is made: the plan, and the offers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ackgpu.cloud.api import Price
from ackgpu.render.pen import DONE, NOTHING, Block, Cell, Grid, Span, line, point
from ackgpu.render.results import OfferList, OfferRow, PlanResult, PlanRow, PricePart
from ackgpu.render.words import about, amount, hourly, number

ACTION_STYLES = {
    "CREATE": "green",
    "CHANGE": "yellow",
    "DELETE": "red",
    "BROKEN": "red",
    "ADOPT": "cyan",
}
COUNTED = {
    "CREATE": "to create",
    "CHANGE": "to change",
    "ADOPT": "to adopt",
    "REUSE": "to reuse",
    "WAIT": "to wait for",
    "DELETE": "to delete",
    "BROKEN": "broken",
}


def plan(part: PlanResult) -> list[Block]:
    """``plan``: each step, then the sum of it."""
    rows = [_plan_row(row) for row in part.steps]
    drifts = [
        point("    ", f"{row.step}: {d.field} is {d.found}, the spec says {d.wanted}")
        for row in part.steps
        for d in row.drift
    ]
    return [Grid(rows, "<<<<", ids=2), *drifts, line(), _sum(part)]


def offer_list(part: OfferList) -> list[Block]:
    """``offers``: what can be had where, and for how much."""
    if not part.offers:
        return [line("No instance type matches.")]
    header = ("type", "slice", "", "vCPU", "mem", "zone", "stock", "an hour", "spot")
    return [Grid([_offer_row(row) for row in part.offers], "<<>>><<>>", header, indent=0)]


def _plan_row(row: PlanRow) -> tuple[Cell, ...]:
    action = Span(row.action, ACTION_STYLES.get(row.action, ""))
    return (action, row.step, row.id, "  ".join(filter(None, (row.detail, row.note))))


def _sum(part: PlanResult) -> Block:
    counts: Counter[str] = Counter(row.action for row in part.steps)
    words = [f"{counts[action]} {text}" for action, text in COUNTED.items() if counts[action]]
    sentences = [", ".join(words) if words else "no changes"]
    if part.seconds is not None:
        sentences.append(f"about {about(part.seconds)}")
    if part.price is not None:
        sentences.append(_price(least_hourly(part.price, part.price_parts), part.price_parts))
    return point("  ", " · ".join(sentences))


def _price(total: str, parts: Sequence[PricePart]) -> str:
    named = ", ".join(f"{part.what} {amount(part.price)}" for part in parts)
    return f"{total}: {named}" if named else total


def least_hourly(total: Price, parts: Sequence[PricePart]) -> str:
    """The total; where a part is not known, the least that it can be."""
    partial = any(part.price.amount is None for part in parts)
    return f"at least {hourly(total)}" if partial and total.amount is not None else hourly(total)


def _offer_row(row: OfferRow) -> tuple[Cell, ...]:
    stock = {"ok": Span(DONE, "green"), "low": Span("low", "yellow"), "none": Span("none", "red")}
    return (
        Span(row.instance_type, "bold"),
        row.card,
        f"{number(row.gpu_memory_gib)} GiB",
        str(row.vcpu),
        f"{number(row.memory_gib)} G",
        row.zone,
        stock[row.stock],
        amount(row.price),
        amount(row.spot) if row.spot else NOTHING,
    )
