"""The table of changes of a cluster: old and new, and what is done about it."""

from __future__ import annotations

from dataclasses import replace

from ackgpu.cloud.api import Price
from ackgpu.render.changes import ChangeAction, ChangeRow, Changes
from ackgpu.render.layout import DONE, IDLE, Block, Cell, Grid, Span, line
from ackgpu.render.words import duration, hourly

SIGNS: dict[ChangeAction, Span] = {
    "change": Span("~", "yellow"),
    "add": Span("+", "green"),
    "remove": Span("-", "red"),
    "wait": Span(IDLE),
    "leave": Span(IDLE, "dim"),
    "refuse": Span("!", "red"),
}


def changes(part: Changes) -> list[Block]:
    """Each setting in a line, old and new, and what became of it."""
    said = f"{part.cluster_name} is as {part.source} says"
    rows = [_row(row) for row in part.changes]
    table: list[Block] = [Grid(rows, "<<<<"), line()] if rows else []
    if part.price_more is not None:
        table.append(line(f"  {_more(part.price_more)}"))
    if not part.names:
        refused = any(row.action == "refuse" for row in part.changes)
        words = "Nothing was changed." if refused else f"No changes: {said}."
        return [*table, line(words)]
    if part.applied:
        return [*table, line(Span(f"{DONE} ", "green"), said, f"   {duration(part.seconds)}")]
    return table


def _row(row: ChangeRow) -> tuple[Cell, ...]:
    change = " → ".join(filter(None, (row.before, row.after)))
    return (SIGNS[row.action], row.setting, change, row.note)


def _more(price: Price) -> str:
    if price.amount is None:
        return f"What it costs more is not known: {price.source}." if price.source else ""
    size = replace(price, amount=abs(price.amount))
    return f"{hourly(size)} {'less' if price.amount < 0 else 'more'}"
