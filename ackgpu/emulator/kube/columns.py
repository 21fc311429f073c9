"""The columns of a resource's table, from its row in ``data/kube/kinds.json``.

``[+]NAME[#|@] SOURCE``: ``+`` is shown with ``-o wide`` alone, ``#`` an integer, ``@`` a date. The
source is a path such as ``.status.podIP`` or ``.spec.cidrs[*]`` (each, with commas between), with
what stands for nothing behind ``|`` (``<none>`` where nothing is said), paths within text as in
``{.kind}/{.name|0}``, or a function of :mod:`ackgpu.emulator.kube.cells`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from ackgpu.emulator.kube import cells
from ackgpu.emulator.kube.ages import age, since
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import ApiResource

Cell = Callable[[Obj, datetime], Any]
Column = tuple[str, str, int, Cell]
"""Name, type, priority (0 is always shown, 1 with ``-o wide``), and how the cell is made."""

_LINE = re.compile(r"(\+?)(.+?)([#@]?) (\.[^ |]+|\{.+|\w+\(\w*\))(?:\|(.*))?")
_STEP = re.compile(
    r"""\.?([\w$/#-]+)|\[['"]?([^'"\]?]+)['"]?\]|\[\?\(@\.(\w+)\s*==\s*["'](.*?)["']\)\]"""
)
_FIXED: dict[str, tuple[str, Cell]] = {
    "Name": ("string", lambda obj, _now: obj["metadata"]["name"]),
    "Age": ("string", age),
}


@cache
def column(line: str) -> Column:
    """The column that a line describes."""
    if line in _FIXED:
        return (line, _FIXED[line][0], 0, _FIXED[line][1])
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    wide, name, form, source, default = match.groups()
    kind = {"#": "integer", "@": "date"}.get(form, "string")
    return name, kind, int(bool(wide)), _cell(source, "<none>" if default is None else default)


def _cell(source: str, default: str) -> Cell:
    if source.startswith("."):
        return partial(_shown, source, int(default) if default.isdecimal() else default)
    if source.startswith("{"):
        return partial(_filled, source)
    name, _, argument = source.rstrip(")").partition("(")
    made: Callable[..., Any] = vars(cells)[f"_{name}"]
    return partial(made, argument) if argument else made


def _shown(path: str, nothing: Any, obj: Obj, _now: datetime) -> Any:
    head, each, rest = path.partition("[*]")
    value = look_up(obj, head)
    if each:
        value = ",".join(str(look_up(row, rest)) for row in value or ())
    return nothing if value in (None, "", {}, []) else value


def _filled(text: str, obj: Obj, now: datetime) -> str:
    def found(match: re.Match[str]) -> str:
        path, _, nothing = match[1].partition("|")
        return str(_shown(path, nothing, obj, now))

    return re.sub(r"\{(.*?)\}", found, text)


def look_up(obj: Any, path: str) -> Any:
    """What lies at a path such as ``.a.b[0]`` or ``.c[?(@.type=="Ready")].status``; else None.

    ``#`` at its end asks how many there are.
    """
    for name, index, key, wanted in _STEP.findall(path):
        step = name or index
        if name == "#":
            obj = len(obj or ())
        elif key:
            rows = obj if isinstance(obj, list) else []
            obj = next((row for row in rows if str(row.get(key)) == wanted), None)
        elif isinstance(obj, list):
            obj = obj[int(step)] if step.isdecimal() and int(step) < len(obj) else None
        else:
            obj = obj.get(step) if isinstance(obj, Mapping) else None
    return obj


def columns_of(resource: ApiResource) -> list[Column]:
    """The columns of a resource's table."""
    if not resource.custom:
        return [column(line) for line in resource.columns]
    rows = [_printed(row) for row in resource.schema["columns"]]
    return [column("Name"), *(rows or [column("Age")])]


def _printed(row: Obj) -> Column:
    """A column of a CustomResourceDefinition's ``additionalPrinterColumns``."""
    path, kind = row["jsonPath"], row["type"]

    def cell(obj: Obj, now: datetime) -> Any:
        value = look_up(obj, path)
        if kind == "date":
            return since(value, now) if value else "<unknown>"
        return value if value is None or kind != "string" else str(value)

    return row["name"], kind, int(row.get("priority", 0)), cell


def table(resource: ApiResource, rows: list[Obj], now: datetime, include: str) -> Obj:
    """The rows as a Table. ``include`` is ``Metadata`` (default), ``Object`` or ``None``."""
    columns = columns_of(resource)
    if resource.key == "flowschemas":
        # The one kind that the API server's printers put in an order of its own.
        rows = sorted(
            rows, key=lambda row: (row["spec"]["matchingPrecedence"], row["metadata"]["name"])
        )
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": [
            {
                "name": name,
                "type": kind,
                "format": "name" if name == "Name" else "",
                "description": name,
                "priority": priority,
            }
            for name, kind, priority, _ in columns
        ],
        "rows": [
            {"cells": [cell(row, now) for *_, cell in columns], "object": _carried(row, include)}
            for row in rows
        ],
    }


def _carried(row: Obj, include: str) -> Obj | None:
    if include == "None":
        return None
    return row if include == "Object" else reduced(row)


def reduced(obj: Obj) -> Obj:
    """The object reduced to its metadata (meta.k8s.io/v1 PartialObjectMetadata)."""
    kind = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**kind, "metadata": obj["metadata"]}
