"""The JSON Schema of ``cluster.yaml``, from the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ackgpu.spec.model import ClusterSpec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema, for editors and other validators. The rules are not in it."""
    schema = _model_schema()
    return {
        "$schema": _DIALECT,
        "title": "ackgpu cluster",
        **{key: value for key, value in schema.items() if key != "title"},
        "required": ["apiVersion", "kind"],
    }


def keys_at(path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that the mapping at ``path`` may have; none where it may have any, or is none."""
    schema = _model_schema()
    node = schema
    for part in path:
        node = _child(_resolved(node, schema), part)
    return tuple(_resolved(node, schema).get("properties", {}))


@cache
def _model_schema() -> dict[str, Any]:
    return ClusterSpec.model_json_schema(by_alias=True)


def _child(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    found = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
    return found if isinstance(found, dict) else {}


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = node.get("$ref", "").removeprefix("#/$defs/")
    resolved: dict[str, Any] = schema["$defs"][name] if name else node
    return resolved
