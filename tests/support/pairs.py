"""A covering array: few rows in which every pair of choices of two questions occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

Row = dict[str, str]
Pair = frozenset[tuple[str, str]]


def pairs_of(row: Row) -> set[Pair]:
    """The pairs of choices that a row tries."""
    return {frozenset(pair) for pair in combinations(row.items(), 2)}


def all_pairs(questions: Mapping[str, Sequence[str]]) -> list[Row]:
    """Rows that try every pair of choices, found greedily: each begins with a pair that is open.

    The question that closes most open pairs beside what is chosen gets its choice next.
    """
    wanted = {
        frozenset([(first, one), (second, other)])
        for first, second in combinations(questions, 2)
        for one in questions[first]
        for other in questions[second]
    }
    rows: list[Row] = []
    while wanted:
        row: Row = dict(min(wanted, key=sorted))
        while len(row) < len(questions):
            options = [
                (-_closes(row, name, choice, wanted), name, choice)
                for name, choices in questions.items()
                if name not in row
                for choice in choices
            ]
            _, name, choice = min(options)
            row[name] = choice
        wanted -= pairs_of(row)
        rows.append({name: row[name] for name in questions})
    return rows


def _closes(row: Row, name: str, choice: str, wanted: set[Pair]) -> int:
    return sum(frozenset([(name, choice), known]) in wanted for known in row.items())
