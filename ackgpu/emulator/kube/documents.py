"""The documents that are no resources: discovery, versions, health, metrics, OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ackgpu.emulator.kube import discovery, openapi
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import ApiResource, groups
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import NoSuchPathError
from ackgpu.emulator.shared.tables import table

PLAIN = "text/plain; charset=utf-8"
HEALTH = frozenset({"healthz", "livez", "readyz"})


@dataclass(frozen=True)
class Document:
    """A body and its media type."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Question:
    """A path and what came with it; ``resources``: all that the cluster serves."""

    path: str
    query: Mapping[str, str]
    accept: str
    host: str
    resources: Sequence[ApiResource]


def document(state: ClusterState, asked: Question) -> Document | None:
    """What is served at a path that is no resource's, or None; refuses with 404 what is not."""
    parts = [part for part in asked.path.split("/") if part]
    head = parts[0] if parts else ""
    if head == "openapi":
        return _openapi(asked.resources, parts[1:])
    if head in HEALTH:
        return _health(head, "/".join(parts[1:]), asked.query)
    if parts == ["metrics"]:
        return _metrics(state, asked.resources)
    if parts in (["api"], ["apis"]):
        return _root(asked, core=head == "api")
    if parts == ["version"]:
        return _json(discovery.version(state.kubernetes_version))
    return _resources(asked.resources, parts) if parts else _paths(asked.resources)


def _paths(resources: Sequence[ApiResource]) -> Document:
    """The document at ``/``."""
    fixed = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2",
             "/openapi/v3", "/readyz", "/version"]  # fmt: skip
    found = groups(resources)
    named = [f"/apis/{group}" for group in found]
    named += [f"/apis/{group}/{version}" for group in found for version in found[group]]
    named += [f"/openapi/v3/{path}" for path in openapi.v3_paths(resources)]
    checks = [f"/{kind}/{name}" for kind in HEALTH for name in _checks(kind)]
    return _json({"paths": sorted([*fixed, *named, *checks])})


def _resources(resources: Sequence[ApiResource], parts: list[str]) -> Document | None:
    """The lists of a group's versions, or of a version's resources."""
    if parts[0] == "api" and parts[1:] == parts[-1:]:
        return _found(discovery.resource_list(resources, "", parts[1]))
    if parts[0] == "apis" and parts[1:] == parts[-1:]:
        return _found(discovery.group_document(resources, parts[1]))
    if parts[0] == "apis" and parts[2:] == parts[-1:]:
        return _found(discovery.resource_list(resources, parts[1], parts[2]))
    return None


def _found(body: Obj | None) -> Document:
    if body is None:
        raise NoSuchPathError
    return _json(body)


def _json(body: Obj, content_type: str = "application/json") -> Document:
    return Document(json.dumps(body, separators=(",", ":")).encode(), content_type)


def _root(asked: Question, *, core: bool) -> Document:
    for version in ("v2", "v2beta1"):
        form = f"g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        if form in asked.accept.replace(" ", ""):
            body = discovery.aggregated(asked.resources, core=core, version=version)
            return _json(body, f"application/json;{form}")
    if core:
        return _json(discovery.core_versions(asked.host))
    return _json(discovery.group_list(asked.resources))


def _openapi(resources: Sequence[ApiResource], parts: list[str]) -> Document:
    if parts == ["v2"]:
        return Document(openapi.v2_protobuf(), openapi.V2_TYPE)
    if parts == ["v3"]:
        return _json(openapi.v3_index(resources))
    path = "/".join(parts[1:])
    return _found(openapi.v3_document(resources, path) if parts[:1] == ["v3"] else None)


def _checks(kind: str) -> list[str]:
    found: list[str] = table("kube/health")[kind]
    return found


def _health(kind: str, check: str, query: Mapping[str, str]) -> Document:
    """``ok``, or with ``verbose`` a line for each check of a real server; only one by its path."""
    if check and check not in _checks(kind):
        raise NoSuchPathError
    if check or "verbose" not in query:
        return Document(b"ok", PLAIN)
    left_out = query.get("exclude", "")
    lines = [f"[+]{name} {'excluded: ok' if name == left_out else 'ok'}" for name in _checks(kind)]
    return Document("\n".join([*lines, f"{kind} check passed\n"]).encode(), PLAIN)


def _metrics(state: ClusterState, resources: Sequence[ApiResource]) -> Document:
    """What a scraper finds: the build, and how many objects of each resource are stored."""
    about = discovery.version(state.kubernetes_version)
    shown = (("git_version", "gitVersion"), ("major", "major"), ("minor", "minor"),
             ("platform", "platform"))  # fmt: skip
    labels = ",".join(f'{name}="{about[key]}"' for name, key in shown)
    lines = [
        "# HELP kubernetes_build_info The version that this server was built as.",
        "# TYPE kubernetes_build_info gauge",
        f"kubernetes_build_info{{{labels}}} 1",
        "# HELP apiserver_storage_objects How many objects of a resource there are.",
        "# TYPE apiserver_storage_objects gauge",
    ]
    counts = {
        f"{r.plural}.{r.group}".rstrip("."): len(state.entries(r.key))
        for r in resources
        if "list" in r.verbs and r.group != "metrics.k8s.io"
    }
    lines += [
        f'apiserver_storage_objects{{resource="{name}"}} {n}' for name, n in sorted(counts.items())
    ]
    return Document("\n".join([*lines, ""]).encode(), PLAIN.replace(";", "; version=0.0.4;"))
