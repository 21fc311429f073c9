"""The OpenAPI documents, as far as clients act on them.

kubectl reads from version 3 whether a PATCH takes ``fieldValidation`` and ``dryRun``; before 1.24
it reads ``dryRun`` from version 2, which is served as protobuf (gnostic ``openapi.v2`` messages).
Neither carries schemas: kubectl then leaves validation to the server, and ``kubectl explain`` says
that it has none.
"""

from __future__ import annotations

from functools import cache

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import RESOURCES, Resource, groups, of_group

MORE = 0x80  # the bit of a varint that says: another byte follows
QUOTED_EMPTY = '""'
V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def v3_index() -> Obj:
    """The document at ``/openapi/v3``: where each group's document lies."""
    named = [f"apis/{group}/{version}" for group, version in groups()]
    links = {
        path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=1"} for path in ["api/v1", *named]
    }
    return {"paths": links}


def v3_document(path: str) -> Obj | None:
    """The document of ``api/v1`` or ``apis/<group>/<version>``; None where there is none."""
    head, _, rest = path.partition("/")
    group, _, version = rest.rpartition("/")
    served = of_group(group, version) if (head == "apis") == bool(group) else []
    if not served:
        return None
    info = {"title": "Kubernetes", "version": "unversioned"}
    paths = {_path(resource): _v3_item(resource) for resource in served}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}


def _path(resource: Resource) -> str:
    root = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{root}{scope}/{resource.plural}/{{name}}"


def _v3_item(resource: Resource) -> Obj:
    names = ("dryRun", "fieldManager", "fieldValidation", "force")
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        "patch": {
            "operationId": f"patch{resource.kind}",
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
                for name in names
            ],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": gvk,
        }
    }


@cache
def v2_protobuf() -> bytes:
    """The document at ``/openapi/v2``: a PATCH with ``dryRun`` for each resource."""
    info = _text(1, "Kubernetes") + _text(2, "unversioned")
    paths = b"".join(
        _block(2, _text(1, _path(resource)) + _block(2, _block(8, _v2_patch(resource))))
        for resource in RESOURCES
    )
    return _text(1, "2.0") + _block(2, info) + _block(8, paths)


def _v2_patch(resource: Resource) -> bytes:
    query = _text(2, "query") + _text(4, "dryRun") + _text(6, "string")
    parameter = _block(8, _block(1, _block(2, _block(3, query))))
    group = resource.group or QUOTED_EMPTY
    gvk = f"group: {group}\nkind: {resource.kind}\nversion: {resource.version}\n"
    extension = _text(1, "x-kubernetes-group-version-kind") + _block(2, _text(2, gvk))
    return parameter + _block(13, extension)


def _block(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _text(number: int, value: str) -> bytes:
    return _block(number, value.encode())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= MORE:
        out.append(value % MORE | MORE)
        value >>= 7
    return bytes([*out, value])
