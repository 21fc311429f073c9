"""Pages of help, drawn from the table of commands (ackgpu.command_table)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ackgpu import flag
from ackgpu.render.layout import Block, Pen, line, point
from ackgpu.streams import Streams

WIDEST = 100
COLUMN = 34
"""How wide names may be before their text begins on a line of its own."""
GLOBAL = "Global flags"
HOW = "How"
PANELS = ("What to make", "Nodes", "Network", HOW)
FIRST = (
    flag.FILE, flag.NODES, flag.INSTANCE_TYPE, flag.TTL, flag.MAX_HOURLY_PRICE, flag.ZONE, flag.YES,
    flag.DRY_RUN, flag.EXECUTE,
)  # fmt: skip
"""Flags that most lines need: before the others of their panel."""
TITLE = "ackgpu: GPU clusters on Alibaba Cloud ACK, created, verified, deleted."
START = (
    (f"ackgpu create demo {flag.EMULATOR}", "a verified cluster, without an account"),
    ("ackgpu help COMMAND", "the flags of one command"),
)

Entry = Mapping[str, Any]


def show(streams: Streams, table: Entry, path: str) -> None:
    """Write the page of the command ``path`` (empty: of all) to stdout."""
    width = min(streams.size_of(streams.out)[0] if streams.is_terminal(streams.out) else 80, WIDEST)
    pen = Pen(width=width, colors=streams.colors(streams.out), unicode=streams.unicode(streams.out))
    streams.draw(streams.out, pen.render(blocks_of(table, path)))


def blocks_of(table: Entry, path: str) -> list[Block]:
    """The page as it is laid out."""
    entry: Entry = table["commands"][path]
    blocks = [*(_overview(table) if not path else _command(entry, path))]
    for panel, flags in _panels(entry["flags"]):
        blocks += _section(panel, [(_usage(row), _said(row)) for row in flags])
    own = {name for row in entry["flags"] for name in row["names"]}
    shared = [row for row in table["flags"] if row["names"][0] not in own]
    blocks += _section(GLOBAL, [(_usage(row), _said(row)) for row in shared])
    if entry.get("exits"):
        codes = [(str(code), table["meanings"][str(code)]) for code in entry["exits"]]
        blocks += _section("Exit codes", codes)
    return blocks


def _overview(table: Entry) -> Iterator[Block]:
    yield line((TITLE, "bold"))
    yield line("")
    yield line("Usage: ackgpu COMMAND [NAME] [flags]")
    about = table["commands"][""]["words"]
    width = max(map(len, about))
    for group, names in table["groups"].items():
        yield from _section(group, [(f"{name:<{width}}", about[name]) for name in names])
    yield from _section("Start", START)


def _command(entry: Entry, path: str) -> Iterator[Block]:
    arguments = [a["name"] if a["required"] else f"[{a['name']}]" for a in entry["arguments"]]
    tail = ["COMMAND"] if entry["words"] else []
    yield line(f"Usage: {' '.join(('ackgpu', path, *arguments, *tail))} [flags]")
    for text in (entry["about"], *entry["more"]):
        yield line("")
        yield line(text)
    if entry["example"]:
        yield line("")
        yield line(("Example: ", "bold"), entry["example"])
    yield from _section("Commands", list(entry["words"].items()))
    yield from _section("Arguments", [(a["name"], a["about"]) for a in entry["arguments"]])


def _panels(flags: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The flags by panel, those that most lines need first."""
    by_panel: dict[str, list[Entry]] = {panel: [] for panel in PANELS}
    for row in flags:
        by_panel.setdefault(row["panel"] or HOW, []).append(row)
    only = [panel for panel, found in by_panel.items() if found] == [HOW]
    for panel, found in by_panel.items():
        yield ("Flags" if only else panel), sorted(found, key=_rank)


def _rank(entry: Entry) -> tuple[bool, int]:
    name = entry["names"][0]
    return (not entry["required"], FIRST.index(name) if name in FIRST else len(FIRST))


def _section(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[Block]:
    if not rows:
        return
    width = min(max(len(name) for name, _ in rows), COLUMN)
    yield line("")
    yield line((title, "bold"))
    for name, text in rows:
        if len(name) > width:
            yield line(f"  {name}")
            name = ""  # noqa: PLW2901 -- its text stands below it
        yield point(f"  {name:<{width}}  ", text)


def _usage(row: Entry) -> str:
    """The flag with its short name first, what turns it off, and what it takes."""
    names = row["names"]
    long = [name for name in names if name.startswith("--")]
    short = [name for name in names if not name.startswith("--")]
    negated = [name for name in long if name != long[0] and not row["takes"]]
    shown = "/".join((long[0], *negated)) if negated else long[0]
    takes = row["takes"]
    value = "|".join(takes) if isinstance(takes, list) else takes
    if len(value) > COLUMN:
        value = long[0].rpartition("-")[2].upper()
    return " ".join(filter(None, (", ".join((*short, shown)), value)))


def _said(row: Entry) -> str:
    parts = [row["about"]]
    if isinstance(row["takes"], list) and len("|".join(row["takes"])) > COLUMN:
        parts.append(f"One of {', '.join(row['takes'])}.")
    if row["required"]:
        parts.append("Required.")
    if row["default"]:
        parts.append(f"Default: {row['default']}.")
    if row["environment"]:
        parts.append(f"[{', '.join(row['environment'])}]")
    return " ".join(parts)
