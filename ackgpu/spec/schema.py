"""The JSON Schema of ``cluster.yaml``, from the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from ackgpu.spec.model import ClusterSpec, document_of

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


def choices_of(key: str) -> tuple[str, ...]:
    """The words that the setting ``key`` (``nodePools[].imageType``) takes; none if it is free."""
    record: type[BaseModel] | None = ClusterSpec
    annotation: Any = None
    for part in key.replace("[]", "").split("."):
        fields = record.model_fields.values() if record else ()
        annotation = next(field.annotation for field in fields if field.alias == part)
        record = _record_in(annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def default_of(key: str) -> str:
    """The default of the setting ``key`` as it is typed; empty if there is none to show."""
    document: Any = document_of(ClusterSpec())
    for part in key.split("."):
        name = part.removesuffix("[]")
        document = document.get(name) if isinstance(document, dict) else None
        if part.endswith("[]"):
            document = document[0] if document else None
    if isinstance(document, bool):
        return "yes" if document else "no"
    if isinstance(document, list):
        return ", ".join(map(str, document))
    return "" if document in (None, {}) else str(document)


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_record_in, get_args(annotation))), None)


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
