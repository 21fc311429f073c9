"""How wide the columns of a table are on a terminal that may be too narrow for it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

GAP = 2
LEAST = 8
NARROWEST = 12
"""No column is folded to less: below, the terminal wraps."""
EMPTY = " \N{EN DASH}-"
"""A column of these alone has no content."""

Table = Sequence[Sequence[Text]]


def widths_of(table: Table, *, first: int) -> list[int]:
    """Each column's width, 0 if no row from ``first`` on has anything in it."""
    columns = list(zip(*table, strict=True))
    return [
        max(cell.cell_len for cell in column)
        if any(cell.plain.strip(EMPTY) for cell in column[first:])
        else 0
        for column in columns
    ]


def fitted(table: Table, room: int, *, first: int, optional: Sequence[int]) -> list[int]:
    """The widths in ``room``: columns left out (0), those of ``optional`` first, or made narrower.

    The column in which least is folded gives what is missing; if none can, the widest give.
    """
    widths = widths_of(table, first=first)
    for column in optional:
        if total(widths) > room:
            widths[column] = 0
    while (over := total(widths) - room) > 0:
        left = [each - over for each in widths]
        able = [column for column, each in enumerate(left) if each >= LEAST]
        if able:
            folds = {each: _folds([row[each] for row in table], left[each]) for each in able}
            column = min(able, key=lambda each: (folds[each], -widths[each]))
            widths[column] = left[column]
            break
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= NARROWEST:
            break
        widths[widest] = max(widths[widest] - over, NARROWEST)
    return widths


def total(widths: Sequence[int]) -> int:
    """What the columns take with the gaps between them."""
    shown = [width for width in widths if width]
    return sum(shown) + GAP * max(0, len(shown) - 1)


def _folds(column: Sequence[Text], width: int) -> int:
    """How much a column of ``width`` would be folded; a word that breaks counts as three."""
    words = [max(map(cell_len, cell.plain.split()), default=0) for cell in column]
    return sum(
        3 if longest > width else 1
        for cell, longest in zip(column, words, strict=True)
        if cell.cell_len > width
    )
