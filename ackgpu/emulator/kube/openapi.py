"""The OpenAPI documents: version 3 with the schemas of every kind, version 2 as far as needed.

kubectl reads the fields that it explains from version 3, how lists merge in a patch, and whether a
PATCH takes ``fieldValidation`` and ``dryRun``; before 1.24 it reads ``dryRun`` from version 2,
which is served as protobuf (gnostic ``openapi.v2`` messages) and carries no schemas. Fields are
without descriptions: those are prose of Kubernetes' own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import RESOURCES, ApiResource, groups
from ackgpu.emulator.kube.schema import SCALARS, SchemaField, fields, message_of, reached
from ackgpu.emulator.shared.protobuf_wire import block, text
from ackgpu.emulator.shared.tables import table

QUOTED_EMPTY = '""'
V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ROOT = "io.k8s.api."
METADATA = f"{ROOT}ObjectMeta"
TYPES: dict[str, Obj] = table("kube/rules")["openapi"]
NAMED = ("Quantity", "IntOrString")
"""Scalars that are schemas of their own, so that clients show their names."""


def v3_paths(resources: Sequence[ApiResource]) -> list[str]:
    """The groups and versions that have a document, as their paths."""
    found = groups(resources)
    return ["api/v1", *(f"apis/{group}/{version}" for group in found for version in found[group])]


def v3_index(resources: Sequence[ApiResource]) -> Obj:
    """The document at ``/openapi/v3``: where each group's document lies."""
    return {
        "paths": {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={_digest(resources, path)}"}
            for path in v3_paths(resources)
        }
    }


def _digest(resources: Sequence[ApiResource], path: str) -> str:
    """What changes when the document does: clients keep it under this name."""
    seed = f"{table('kube/schema')['date']}{_served(resources, path)}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32].upper()


def _served(resources: Sequence[ApiResource], path: str) -> list[ApiResource]:
    head, _, rest = path.partition("/")
    group, _, version = rest.rpartition("/")
    if (head == "apis") != bool(group):
        return []
    return [r for r in resources if (r.group, r.version) == (group, version)]


def v3_document(resources: Sequence[ApiResource], path: str) -> Obj | None:
    """The document of ``api/v1`` or ``apis/<group>/<version>``; None where there is none."""
    served = _served(resources, path)
    if not served:
        return None
    kinds = {message: r for r in served if (message := message_of(r.api_version, r.kind))}
    schemas = {f"{ROOT}{name}": _schema(name) for name in reached([*kinds, "ObjectMeta"])}
    for message, resource in kinds.items():
        _mark(schemas[f"{ROOT}{message}"], resource)
    schemas |= {f"{ROOT}{name}": dict(TYPES[name]) for name in NAMED}
    for resource in served:
        if resource.custom:
            schemas[f"{resource.group}.{resource.version}.{resource.kind}"] = _custom(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": {path: item for resource in served for path, item in _items(resource).items()},
        "components": {"schemas": schemas},
    }


def _schema(message: str) -> Obj:
    rows = fields(message)
    found: Obj = {"type": "object", "properties": {n: _property(f) for n, f in rows.items()}}
    if required := [name for name, field in rows.items() if field.required]:
        found["required"] = required
    return found


def _property(field: SchemaField) -> Obj:
    plain = field.kind in SCALARS and field.kind not in NAMED
    found: Obj = dict(TYPES[field.kind]) if plain else _reference(f"{ROOT}{field.kind}")
    for form in reversed(field.forms):
        listed = form == "[]"
        found = {"type": "array", "items": found} if listed else {
            "type": "object", "additionalProperties": found}  # fmt: skip
    if field.merge:
        strategy, _, key = field.merge.partition(":")
        found["x-kubernetes-patch-strategy"] = strategy.replace("+", ",")
        if key:
            found["x-kubernetes-patch-merge-key"] = key
    return found


def _reference(name: str) -> Obj:
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def _custom(resource: ApiResource) -> Obj:
    """The schema of a CustomResourceDefinition with what every object has."""
    own: Obj = resource.schema["schema"] or {"type": "object"}
    head = {
        "apiVersion": TYPES["string"],
        "kind": TYPES["string"],
        "metadata": _reference(METADATA),
    }
    found = {**own, "properties": {**(own.get("properties") or {}), **head}}
    _mark(found, resource)
    return found


def _gvk(resource: ApiResource) -> Obj:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _mark(schema: Obj, resource: ApiResource) -> None:
    schema["x-kubernetes-group-version-kind"] = [_gvk(resource)]
    head = {"apiVersion": TYPES["string"], "kind": TYPES["string"]}
    schema["properties"] = {**head, **schema["properties"]}


def _path(resource: ApiResource) -> str:
    root = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{root}{scope}/{resource.plural}/{{name}}"


def _items(resource: ApiResource) -> dict[str, Obj]:
    """The operations of a resource, by path."""
    one = _path(resource)
    verbs = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
    single = {m: _operation(resource, verb) for m, verb in verbs.items() if verb in resource.verbs}
    verbs = {"get": "list", "post": "create", "delete": "deletecollection"}
    many = {m: _operation(resource, verb) for m, verb in verbs.items() if verb in resource.verbs}
    return {one: single, one.removesuffix("/{name}"): many}


def _operation(resource: ApiResource, verb: str) -> Obj:
    names = {
        "create": ("dryRun", "fieldManager", "fieldValidation"),
        "update": ("dryRun", "fieldManager", "fieldValidation"),
        "patch": ("dryRun", "fieldManager", "fieldValidation", "force"),
        "delete": ("dryRun", "gracePeriodSeconds", "propagationPolicy"),
    }.get(verb, ())
    message = message_of(resource.api_version, resource.kind)
    name = f"{ROOT}{message}" if message else (
        f"{resource.group}.{resource.version}.{resource.kind}")  # fmt: skip
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {
        "operationId": f"{verb}{resource.kind}",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for name in names
        ],
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": {"create": "post", "update": "put"}.get(verb, verb),
        "x-kubernetes-group-version-kind": _gvk(resource),
    }


@cache
def v2_protobuf() -> bytes:
    """The document at ``/openapi/v2``: a PATCH with ``dryRun`` for each resource."""
    info = text(1, "Kubernetes") + text(2, "unversioned")
    paths = b"".join(
        block(2, text(1, _path(resource)) + block(2, block(8, _v2_patch(resource))))
        for resource in RESOURCES
    )
    return text(1, "2.0") + block(2, info) + block(8, paths)


def _v2_patch(resource: ApiResource) -> bytes:
    query = text(2, "query") + text(4, "dryRun") + text(6, "string")
    parameter = block(8, block(1, block(2, block(3, query))))
    group = resource.group or QUOTED_EMPTY
    gvk = f"group: {group}\nkind: {resource.kind}\nversion: {resource.version}\n"
    extension = text(1, "x-kubernetes-group-version-kind") + block(2, text(2, gvk))
    return parameter + block(13, extension)
