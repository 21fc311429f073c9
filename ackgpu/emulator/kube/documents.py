"""The documents that are no resources: discovery, versions, health, OpenAPI."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ackgpu.emulator.kube import discovery, openapi
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.status import no_such_path

HEALTH = frozenset({"healthz", "livez", "readyz"})


@dataclass(frozen=True)
class Document:
    """A body and its media type."""

    body: bytes
    content_type: str = "application/json"


def document(path: str, accept: str, kubernetes: str, host: str) -> Document | None:
    """What is served at a path that is no resource's, or None; refuses with 404 what is not."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["openapi"]:
        return _openapi(parts[1:])
    if len(parts) == 1 and parts[0] in HEALTH:
        return Document(b"ok", "text/plain")
    if parts in (["api"], ["apis"]):
        return _root(accept, host, core=parts == ["api"])
    if not parts or parts == ["version"]:
        return _json(discovery.version(kubernetes) if parts else discovery.paths())
    return _resources(parts)


def _resources(parts: list[str]) -> Document | None:
    """The lists of a group's versions, or of a version's resources."""
    if parts[0] == "api" and parts[1:] == parts[-1:]:
        return _found(discovery.resource_list("", parts[1]))
    if parts[0] == "apis" and parts[1:] == parts[-1:]:
        return _found(discovery.group_document(parts[1]))
    if parts[0] == "apis" and parts[2:] == parts[-1:]:
        return _found(discovery.resource_list(parts[1], parts[2]))
    return None


def _found(body: Obj | None) -> Document:
    if body is None:
        raise no_such_path()
    return _json(body)


def _json(body: Obj, content_type: str = "application/json") -> Document:
    return Document(json.dumps(body, separators=(",", ":")).encode(), content_type)


def _root(accept: str, host: str, *, core: bool) -> Document:
    for version in ("v2", "v2beta1"):
        form = f"g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        if form in accept.replace(" ", ""):
            body = discovery.aggregated(core=core, version=version)
            return _json(body, f"application/json;{form}")
    return _json(discovery.core_versions(host) if core else discovery.group_list())


def _openapi(parts: list[str]) -> Document:
    if parts == ["v2"]:
        return Document(openapi.v2_protobuf(), openapi.V2_TYPE)
    if parts == ["v3"]:
        return _json(openapi.v3_index())
    return _found(openapi.v3_document("/".join(parts[1:])) if parts[:1] == ["v3"] else None)
