"""Server-side printing: the ``Table`` form of lists (meta.k8s.io/v1) that kubectl asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ackgpu.emulator.kube.columns import COLUMNS, PLAIN
from ackgpu.emulator.kube.objects import Obj


def table(plural: str, rows: Iterable[Obj], now: datetime, include: str) -> Obj:
    """The rows as a Table. ``include`` is ``Metadata`` (default), ``Object`` or ``None``."""
    columns = COLUMNS.get(plural, PLAIN)
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
    if include == "Object":
        return row
    return partial(row)


def partial(obj: Obj) -> Obj:
    """The object reduced to its metadata (meta.k8s.io/v1 PartialObjectMetadata)."""
    kind = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**kind, "metadata": obj["metadata"]}
