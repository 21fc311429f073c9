"""The tables of what was looked at and judged. What failed is said in full, below the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ackgpu import flag
from ackgpu.render.layout import DONE, FAILED, NOTHING, Block, Cell, Grid, Span, line, point
from ackgpu.render.verdicts import (
    CheckCell,
    CheckList,
    CheckRow,
    NetworkRow,
    QuotaResult,
    QuotaRow,
    SampleResult,
    Verdict,
    VerifyResult,
    VerifyRow,
)
from ackgpu.render.words import count, duration, short_account

BAR_WIDTH = 10
NODES_SHOWN = 20
"""With more nodes than this, the good ones are counted instead of listed."""
MARKS: dict[Verdict, Span] = {
    "passed": Span(DONE, "green"),
    "failed": Span(FAILED, "red"),
    "warning": Span("!", "yellow"),
    "unknown": Span("?", "yellow"),
    "skipped": Span(NOTHING, "dim"),
}


def checks(part: CheckList) -> list[Block]:
    """One check a line; those that did not pass again with what to do."""
    rows = [
        (MARKS[row.verdict], row.name, row.message if row.verdict == "passed" else row.verdict)
        for row in part.checks
    ]
    blocks: list[Block] = [line(Span(part.title, "bold")), Grid(rows, "<<<")]
    troubled = [row for row in part.checks if row.verdict not in {"passed", "skipped"}]
    blocks += [line()] if troubled else []
    return [*blocks, *(block for row in troubled for block in _remedy(row.name, row))]


def quotas(part: QuotaResult) -> list[Block]:
    """The limits with how full each would be."""
    account = f"account {short_account(part.account)}" if part.account else ""
    place = [count(part.nodes, "node"), part.network_plugin, part.region]
    scope = f" · {', '.join(place)}" + (f" · {account}" if account else "")
    rows = [_quota_row(row) for row in part.quotas]
    header = ("limit", "needed", "used", "limit", "free", "", "")
    blocks: list[Block] = [line(Span("ackgpu check-quota", "bold"), scope), line()]
    blocks += [Grid(rows, "<>>>><<", header), line()]
    for row in part.quotas:
        if row.verdict == "short":
            blocks.append(point(Span(f"{FAILED} ", "red"), _short_of(row)))
            blocks += [point(Span("  → ", "cyan"), row.remedy)] if row.remedy else []
        if row.doubt:
            blocks.append(point(Span("! ", "yellow"), f"{row.name}: {row.doubt}"))
    unknown = sum(row.verdict == "unknown" for row in part.quotas)
    if unknown:
        unread = f"{count(unknown, 'limit')} could not be read"
        text = f"unknown: {unread}; {flag.STRICT} makes that an error"
        blocks.append(point(Span("! ", "yellow"), text))
    return blocks


def verified(part: VerifyResult) -> list[Block]:
    """The checks of every node; with many nodes, those in trouble and a count of the others."""
    good = [row for row in part.nodes if row.ok]
    broken = [row for row in part.nodes if not row.ok]
    listed = list(part.nodes) if len(part.nodes) <= NODES_SHOWN else broken
    rows = [(row.node, *_cells(row, part.rungs)) for row in listed]
    header = ("node", *part.rungs)
    blocks: list[Block] = [Grid(rows, "<" * len(header), header)] if rows else []
    if len(listed) < len(part.nodes):
        blocks += [line(), *_counted(good)]
    blocks.append(line())
    for row in broken:
        for rung in row.rungs:
            if rung.verdict in {"failed", "unknown"}:
                blocks += _remedy(row.node, rung)
    blocks += _network(part.network)
    total = count(len(part.nodes), "node")
    return [*blocks, line(f"{len(good):,} of {total} verified   {duration(part.seconds)}")]


def _network(rows: Iterable[NetworkRow]) -> list[Block]:
    """The ways that pods tried: one line each, those that failed with what to do."""
    blocks: list[Block] = []
    for row in rows:
        mark = MARKS[row.verdict]
        what = f"{row.name}, {row.way}"
        if row.verdict == "passed":
            blocks.append(point(Span(f"{mark.text} ", mark.style), what))
        else:
            blocks += _remedy(what, row)
    return [*blocks, line()] if blocks else []


def sample(part: SampleResult) -> list[Block]:
    """The program's last words, and what it ran on."""
    word = "passed" if part.passed else "failed"
    mark = MARKS["passed" if part.passed else "failed"]
    driver = f"driver {part.driver}" if part.driver else ""
    seen = ", ".join(filter(None, (part.gpu, part.memory, driver)))
    place = f" on {part.node}" if part.node else ""
    text = f"CUDA sample {word}{place}{f': {seen}' if seen else ''}"
    output = [line(Span(f"  {row}", "dim")) for row in part.output.splitlines()]
    blocks: list[Block] = [
        *output,
        point(Span(f"{mark.text} ", mark.style), f"{text}   {duration(part.seconds)}"),
    ]
    if part.image_digest:
        blocks.append(point("  ", f"in {part.image_digest}"))
    if part.kept:
        command = f"kubectl exec -it deployment/{part.kept} -- bash"
        blocks.append(point("  ", f"{part.kept} was kept: {command}"))
    return blocks


def _remedy(name: str, row: CheckRow | CheckCell | NetworkRow) -> Iterator[Block]:
    mark = MARKS[row.verdict]
    yield point(Span(f"{mark.text} ", mark.style), f"{name}: {row.message}")
    if row.remedy:
        yield point(Span("  → ", "cyan"), row.remedy)


def _quota_row(row: QuotaRow) -> tuple[Cell, ...]:
    unknown = "?" if row.verdict == "unknown" else NOTHING
    used, limit, free = (
        unknown if value is None else f"{value:,}" for value in (row.used, row.limit, row.free)
    )
    figures = (row.name, f"{row.needed:,}", used, limit, free)
    if row.verdict == "unknown":
        return (*figures, Span("unknown", "yellow"), row.why_unknown)
    if row.verdict == "short":
        return (*figures, Span(f"{FAILED} {row.needed - _room(row):,} short", "red"), row.source)
    return (*figures, _bar(row), row.source)


def _room(row: QuotaRow) -> int:
    return (row.limit or 0) - (row.used or 0)


def _bar(row: QuotaRow) -> str:
    """How full the limit would be with what is needed; never empty where something is used."""
    if not row.limit:
        return ""
    share = ((row.used or 0) + row.needed) / row.limit
    filled = min(BAR_WIDTH, max(round(share * BAR_WIDTH), 1 if share > 0 else 0))
    return "▓" * filled + "░" * (BAR_WIDTH - filled)


def _short_of(row: QuotaRow) -> str:
    verb = "is" if _room(row) == 1 else "are"
    return f"short: {row.name}: {row.needed:,} needed, {max(0, _room(row)):,} {verb} free"


def _cells(row: VerifyRow, names: tuple[str, ...]) -> Iterator[Cell]:
    reached = {rung.name: rung for rung in row.rungs if rung.verdict != "skipped"}
    for name in names:
        rung = reached.get(name)
        text, style = MARKS[rung.verdict] if rung else ("", "")
        yield Span(rung.value or text, style) if rung else ""


def _counted(rows: list[VerifyRow]) -> list[Block]:
    kinds = Counter((row.instance_type, row.zone) for row in rows)
    lines = [
        (MARKS["passed"], f"{number:,}", instance_type, zone)
        for (instance_type, zone), number in sorted(kinds.items())
    ]
    return [Grid(lines, "<><<")] if lines else []
