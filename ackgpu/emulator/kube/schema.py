"""The API's types: the fields of each message, from ``data/kube/schema.json``.

A message is read from its line of the table when it is first needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from ackgpu.emulator.shared.tables import table

_TYPE = re.compile(r"((?:\[\]|map)*)(.+)")
SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bytes": (str,),
    "bool": (bool,),
    "int32": (int,),
    "int64": (int,),
    "double": (int, float),
    "Quantity": (str, int, float),
    "IntOrString": (str, int),
    "Time": (str,),
    "MicroTime": (str,),
    "Any": (object,),
}


@dataclass(frozen=True)
class SchemaField:
    """One field: ``forms`` are ``[]`` and ``map``, outermost first, around the type ``kind``.

    ``omits``: an empty value is left out, as Go's ``omitempty`` does. ``merge``: how a strategic
    merge patch merges its list, ``strategy:key``.
    """

    number: int
    name: str
    kind: str
    forms: tuple[str, ...] = ()
    required: bool = False
    omits: bool = False
    merge: str = ""

    @property
    def inline(self) -> bool:
        """Whether its own fields belong to the message around it."""
        return self.name == "*"


def message_of(api_version: str, kind: str) -> str | None:
    """The message of a kind, or None where the kind is unknown."""
    found: str | None = table("kube/schema")["kinds"].get(f"{api_version}/{kind}")
    if found is None and kind == "DeleteOptions":
        return "DeleteOptions"
    return found


@cache
def own_fields(message: str) -> tuple[SchemaField, ...]:
    """The fields that a message has by itself, inline ones as they are."""
    line: str = table("kube/schema")["messages"][message]
    return tuple(_field(*row.split(" ")) for row in line.split("; ") if row)


def _field(number: str, name: str, kind: str, merge: str = "") -> SchemaField:
    match = _TYPE.fullmatch(kind)
    forms, inner = match.groups() if match else ("", kind)
    found = tuple(re.findall(r"\[\]|map", forms))
    plain, required, omits = name.rstrip("!?"), name.endswith("!"), name.endswith("?")
    return SchemaField(int(number), plain, inner, found, required, omits, merge)


@cache
def fields(message: str) -> dict[str, SchemaField]:
    """The fields of a message by JSON name, inline ones among them."""
    found: dict[str, SchemaField] = {}
    for field in own_fields(message):
        found.update(fields(field.kind) if field.inline else {field.name: field})
    return found


def reached(messages: list[str]) -> list[str]:
    """The messages, and every one that their fields lead to."""
    found = dict.fromkeys(messages)
    waiting = list(messages)
    while waiting:
        kinds = [field.kind for field in fields(waiting.pop()).values()]
        fresh = [kind for kind in kinds if kind not in SCALARS and kind not in found]
        found.update(dict.fromkeys(fresh))
        waiting += fresh
    return list(found)


def walk(message: str, obj: Any, visit: Any, path: str = "") -> None:
    """Call ``visit(message, object, path)`` for an object, and then for each object inside it."""
    visit(message, obj, path)
    for name, value in list(obj.items()):
        field = fields(message).get(name)
        if field is not None and field.kind not in SCALARS:
            for inner, where in _inside(value, field.forms, f"{path}.{name}".lstrip(".")):
                walk(field.kind, inner, visit, where)


def _inside(value: Any, forms: tuple[str, ...], path: str) -> list[tuple[Any, str]]:
    if not forms:
        return [(value, path)] if isinstance(value, dict) else []
    rows = value.items() if isinstance(value, dict) else enumerate(value or [])
    form = "{}.{}" if forms[0] == "map" else "{}[{}]"
    return [found for key, row in rows for found in _inside(row, forms[1:], form.format(path, key))]
