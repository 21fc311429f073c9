"""Compare answers with the official SDKs' response models, and with documented examples.

The SDKs drop what they do not know in silence, so an answer is only right where a model keeps it
whole: what ``from_map`` and ``to_map`` lose was not in the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unknown_keys(model_cls: type[Any], body: Mapping[str, Any]) -> list[str]:
    """Paths of the keys in ``body``, at any depth, that the SDK's model does not know."""
    kept = model_cls().from_map(body).to_map()
    return sorted(_lost("", body, kept))


def absent_keys(documented: Any, body: Any) -> list[str]:
    """Paths that the documented example has and ``body`` has not; lists by their first element.

    Below an empty list or object of ``body`` nothing is asked: there is nothing to compare.
    """
    return sorted(_lost("", documented, body, partial=True))


def type_faults(documented: Any, body: Any, path: str = "") -> list[str]:
    """Paths of the values whose JSON type differs from the documented example's."""
    if isinstance(documented, Mapping) and isinstance(body, Mapping):
        shared = [key for key in body if key in documented]
        return [
            fault
            for key in shared
            for fault in type_faults(documented[key], body[key], f"{path}.{key}".lstrip("."))
        ]
    if isinstance(documented, list) and isinstance(body, list):
        if not documented:
            return []
        return sorted({f for row in body for f in type_faults(documented[0], row, f"{path}[]")})
    if json_type(documented) == json_type(body):
        return []
    return [f"{path}: {json_type(body)}, documented {json_type(documented)}"]


def json_type(value: Any) -> str:
    """The JSON type of a value; integers apart from other numbers."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, list) else names[type(value)]


def _lost(path: str, whole: Any, rest: Any, *, partial: bool = False) -> list[str]:
    """Paths of ``whole`` that are not in ``rest``; ``partial`` compares lists by first elements."""
    if isinstance(whole, Mapping):
        if not isinstance(rest, Mapping):
            return [path]
        if partial and not rest:
            return []
        lost = [f"{path}.{key}".lstrip(".") for key in whole if key not in rest]
        for key in whole:
            if key in rest:
                name = f"{path}.{key}".lstrip(".")
                lost += _lost(name, whole[key], rest[key], partial=partial)
        return lost
    if isinstance(whole, list) and isinstance(rest, list):
        pairs = list(zip(whole, rest, strict=False))
        if partial:
            pairs = pairs[:1]
        return [
            fault
            for one, other in pairs
            for fault in _lost(f"{path}[]", one, other, partial=partial)
        ]
    return []
