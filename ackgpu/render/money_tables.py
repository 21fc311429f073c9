"""The tables that are read before anything is made: the plan, and the offers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ackgpu.cloud.api import Price
from ackgpu.render.layout import DONE, NOTHING, TAKEN, Block, Cell, Grid, Span, line, point
from ackgpu.render.results import OfferList, OfferRow, PlanResult, PricePart
from ackgpu.render.words import about, amount, hourly, money, number

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
    rows = [
        (
            Span(row.action, ACTION_STYLES.get(row.action, "")),
            row.step,
            row.id,
            "  ".join(filter(None, (row.detail, row.note))),
        )
        for row in part.steps
    ]
    drifts = [
        point("    ", f"{row.step}: {d.field} is {d.found}, the spec says {d.wanted}")
        for row in part.steps
        for d in row.drift
    ]
    choice = [point("  ", f"instance type  {part.type_choice}")] if part.type_choice else []
    return [Grid(rows, "<<<<", ids=2), *drifts, line(), *choice, *_sum(part)]


def offer_list(part: OfferList) -> list[Block]:
    """``offers``: what can be had where, and for how much."""
    if not part.offers:
        return [line("No instance type matches.")]
    spot = any(row.spot for row in part.offers)
    currencies = {row.price.currency for row in part.offers if row.price and row.price.currency}
    hour = f"{'/'.join(sorted(currencies)) or 'price'}/hour"
    header = ("", "type", "GPU", "slice", "vCPU", "mem", "zone", "stock", hour, "licence")
    headers = (*header, "spot") if spot else header
    rows = [_offer_row(row, spot=spot) for row in part.offers]
    grid = Grid(rows, "<<<>>><<><" + ">" * spot, headers, indent=0, optional=(5, 4, 2))
    taken = any(row.taken for row in part.offers)
    note = [line(f"{TAKEN} is what create takes if no type is named.")] if taken else []
    return [grid, *note]


def _sum(part: PlanResult) -> list[Block]:
    counts: Counter[str] = Counter(row.action for row in part.steps)
    words = [f"{counts[action]} {text}" for action, text in COUNTED.items() if counts[action]]
    price = "" if part.price is None else _price(part.price, part.price_parts)
    if not part.names:
        running = [point("  ", f"It costs {price} while it runs.")] if price else []
        return [point("  ", "No changes."), *running]
    sentences = [", ".join(words)]
    if part.seconds is not None:
        sentences.append(f"about {about(part.seconds)}")
    if price:
        sentences.append(price)
    blocks: list[Block] = [point("  ", " · ".join(sentences))]
    if part.order is not None:
        paid = f"Subscriptions: {money(part.order)}, paid at once; the hour has their share."
        blocks.append(point("  ", paid))
    return blocks


def _price(total: Price, parts: Sequence[PricePart]) -> str:
    said = least_hourly(total, parts)
    named = ", ".join(f"{part.what} {amount(part.price)}" for part in parts)
    return f"{said}: {named}" if named else said


def least_hourly(total: Price, parts: Sequence[PricePart]) -> str:
    """The total; where a part is not known, the least that it can be."""
    partial = any(part.price.amount is None for part in parts)
    return f"at least {hourly(total)}" if partial and total.amount is not None else hourly(total)


def _offer_row(row: OfferRow, *, spot: bool) -> tuple[Cell, ...]:
    stock = {"ok": Span(DONE, "green"), "low": Span("low", "yellow"), "none": Span("none", "red")}
    words = "yours" if row.license == "own" else row.license if row.license != "none" else ""
    notes = (words, "retired" if row.retired else "", "too small" if row.refused else "")
    cells: tuple[Cell, ...] = (
        TAKEN if row.taken else "",
        Span(row.instance_type, "bold"),
        row.card,
        f"{number(row.gpu_memory_gib)} GiB",
        str(row.vcpu),
        f"{number(row.memory_gib)} G",
        row.zone,
        stock[row.stock],
        amount(row.price),
        ", ".join(filter(None, notes)),
    )
    return (*cells, amount(row.spot) if row.spot else NOTHING) if spot else cells
