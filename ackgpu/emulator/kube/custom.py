"""Kinds that CustomResourceDefinitions bring, and the objects of them.

Source: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions".
Every version is served from one stored form: conversion webhooks are not called. Of a schema's
rules those that say types, required fields, enumerations, bounds and patterns are kept; CEL is not.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ackgpu.emulator.kube.objects import Obj, told
from ackgpu.emulator.kube.resources import RESOURCES, ApiResource
from ackgpu.emulator.kube.state import ClusterState, Told
from ackgpu.emulator.store import Doc

Cause = tuple[str, str]
DEFINITIONS = "customresourcedefinitions"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float),
}  # fmt: skip
GIVEN: dict[type, str] = {
    dict: "object", list: "array", str: "string", bool: "boolean", int: "integer",
    float: "number", type(None): "null",
}  # fmt: skip
HEAD = ("apiVersion", "kind", "metadata")
KEPT = "x-kubernetes-preserve-unknown-fields"


def resources_of(state: ClusterState) -> Sequence[ApiResource]:
    """Everything that the cluster serves: the kinds of every cluster, and its own."""
    docs = state.written(DEFINITIONS)
    own = [
        r for doc in docs if doc.deleted_at is None for r in _resources(doc.body["object"]["spec"])
    ]
    return [*RESOURCES, *own] if own else RESOURCES


def _resources(spec: Obj) -> Iterator[ApiResource]:
    names = spec["names"]
    for version in spec["versions"]:
        if not version["served"]:
            continue
        below = version.get("subresources") or {}
        yield ApiResource(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            namespaced=spec["scope"] == "Namespaced",
            short=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            singular=names.get("singular", names["kind"].lower()),
            key=f"{names['plural']}.{spec['group']}",
            generation=True,
            subresources=tuple(name for name in ("scale", "status") if name in below),
            fields=tuple(
                row["jsonPath"].lstrip(".") for row in version.get("selectableFields") or ()
            ),
            schema={
                "schema": (version.get("schema") or {}).get("openAPIV3Schema"),
                "columns": version.get("additionalPrinterColumns") or [],
                "scale": below.get("scale") or {},
            },
        )


def definition_status(state: ClusterState, doc: Doc) -> Told:
    """The status of a CustomResourceDefinition; it is established at once."""
    spec, stamp = doc.body["object"]["spec"], state.stamp(doc.created_at)
    return None, {
        "conditions": [told(why, stamp) for why in ("NoConflicts", "InitialNamesAccepted")],
        "acceptedNames": spec["names"],
        "storedVersions": [row["name"] for row in spec["versions"] if row["storage"]],
    }


def definition_causes(obj: Obj) -> Iterator[Cause]:
    """What is wrong with a CustomResourceDefinition."""
    spec = obj["spec"]
    names, versions = spec["names"], spec.get("versions") or []
    for field in ("group", "scope"):
        if not spec.get(field):
            yield f"spec.{field}", "Required value"
    for field in ("plural", "kind"):
        if not names.get(field):
            yield f"spec.names.{field}", "Required value"
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"].get("name") != wanted:
        text = 'must be spec.names.plural+"."+spec.group'
        yield "metadata.name", f'Invalid value: "{obj["metadata"].get("name")}": {text}'
    if sum(bool(row.get("storage")) for row in versions) != 1:
        text = "must have exactly one version marked as storage version"
        yield "spec.versions", f"Invalid value: {_shown(versions)}: {text}"
    for number, row in enumerate(versions):
        if not (row.get("schema") or {}).get("openAPIV3Schema"):
            yield (
                f"spec.versions[{number}].schema.openAPIV3Schema",
                "Required value: schemas are required",
            )


def complete(resource: ApiResource, obj: Obj) -> list[str]:
    """Fill in a custom object's defaults; returns the paths that its schema lacks and it loses."""
    dropped: list[str] = []
    schema = resource.schema["schema"]
    if schema:
        head = {key: obj.pop(key) for key in HEAD if key in obj}
        _prune(schema, obj, "", dropped)
        body = {**head, **obj}
        obj.clear()
        obj.update(body)
    return dropped


def _prune(schema: Obj, value: Any, path: str, dropped: list[str]) -> None:
    if isinstance(value, list):
        for number, row in enumerate(value):
            _prune(schema.get("items") or {KEPT: True}, row, f"{path}[{number}]", dropped)
    if not isinstance(value, dict):
        return
    known, extra = schema.get("properties") or {}, schema.get("additionalProperties")
    for name, inner in known.items():
        if name not in value and "default" in inner:
            value[name] = copy.deepcopy(inner["default"])
    for name in list(value):
        where = f"{path}.{name}" if path else name
        if name in known:
            _prune(known[name], value[name], where, dropped)
        elif isinstance(extra, dict):
            _prune(extra, value[name], where, dropped)
        elif not (extra or schema.get(KEPT)):
            del value[name]
            dropped.append(where)


def causes(resource: ApiResource, obj: Obj) -> list[Cause]:
    """What of a custom object its schema does not allow."""
    schema = resource.schema["schema"] or {}
    required = [name for name in schema.get("required") or [] if name not in HEAD]
    rest = {key: value for key, value in obj.items() if key not in HEAD}
    return list(_causes({**schema, "required": required}, rest, ""))


def _causes(schema: Obj, value: Any, path: str) -> Iterator[Cause]:
    kind = schema.get("type")
    either = schema.get("x-kubernetes-int-or-string") and isinstance(value, str | int)
    if either or (value is None and schema.get("nullable")):
        return
    fits = isinstance(value, TYPES.get(kind or "", (object,)))
    if kind and (not fits or (isinstance(value, bool) and kind != "boolean")):
        given = GIVEN[type(value)]
        yield path, f'Invalid value: "{given}": {path} in body must be of type {kind}: "{given}"'
        return
    yield from _limits(schema, value, path)
    for below, inner, where in _below(schema, value, path):
        if below:
            yield from _causes(below, inner, where)


def _below(schema: Obj, value: Any, path: str) -> list[tuple[Obj | None, Any, str]]:
    """What lies inside a value: its schema, itself, its path."""
    known, extra = schema.get("properties") or {}, schema.get("additionalProperties")
    if isinstance(value, dict):
        other = extra if isinstance(extra, dict) else None
        return [(known.get(n, other), v, f"{path}.{n}".lstrip(".")) for n, v in value.items()]
    rows = value if isinstance(value, list) else []
    return [(schema.get("items"), row, f"{path}[{n}]") for n, row in enumerate(rows)]


def _limits(schema: Obj, value: Any, path: str) -> Iterator[Cause]:
    if isinstance(value, dict):
        missing = [name for name in schema.get("required") or [] if name not in value]
        yield from ((f"{path}.{name}".lstrip("."), "Required value") for name in missing)
    if "enum" in schema and value not in schema["enum"]:
        listed = ", ".join(_shown(row) for row in schema["enum"])
        yield path, f"Unsupported value: {_shown(value)}: supported values: {listed}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        for name, sign, word in (("minimum", 1, "greater"), ("maximum", -1, "less")):
            if name in schema and (value - schema[name]) * sign < 0:
                text = f"{path} in body should be {word} than or equal to {schema[name]}"
                yield path, f"Invalid value: {value}: {text}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            text = f"{path} in body should match '{schema['pattern']}'"
            yield path, f'Invalid value: "{value}": {text}'
        for name, sign, word in (("minLength", 1, "least"), ("maxLength", -1, "most")):
            if name in schema and (len(value) - schema[name]) * sign < 0:
                text = f"{path} in body should be at {word} {schema[name]} chars long"
                yield path, f'Invalid value: "{value}": {text}'


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
