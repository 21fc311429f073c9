"""What is served, as clients discover it: legacy lists, aggregated documents, versions.

Sources: Kubernetes API concepts, "Discovery"; ``apidiscovery.k8s.io/v2`` types.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import (
    RESOURCES,
    SUBRESOURCE_KINDS,
    SUBRESOURCE_VERBS,
    Resource,
    groups,
    of_group,
)


def version(kubernetes: str) -> Obj:
    """The ``/version`` document of ``1.34.1-aliyun.1``."""
    major, minor = kubernetes.split(".")[:2]
    return {
        "major": major,
        "minor": f"{minor}+",
        "gitVersion": f"v{kubernetes}",
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.24.6",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def paths() -> Obj:
    """The document at ``/``."""
    named = [f"/apis/{group}/{version}" for group, version in groups()]
    fixed = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3"]
    return {"paths": sorted([*fixed, *named, "/readyz", "/version"])}


def core_versions(address: str) -> Obj:
    """The document at ``/api``."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list() -> Obj:
    """The document at ``/apis``."""
    rows = [_group(group, version) for group, version in groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": rows}


def group_document(name: str) -> Obj | None:
    """The document at ``/apis/<group>``, or None where there is no such group."""
    row = next((_group(g, v) for g, v in groups() if g == name), None)
    return row and {"kind": "APIGroup", "apiVersion": "v1", **row}


def _group(name: str, version: str) -> Obj:
    preferred = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [preferred], "preferredVersion": preferred}


def resource_list(group: str, version: str) -> Obj | None:
    """The document at ``/api/v1`` or ``/apis/<group>/<version>``; None where there is none."""
    served = of_group(group, version)
    if not served:
        return None
    rows = [row for resource in served for row in _legacy_rows(resource)]
    name = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": name,
        "resources": rows,
    }


def _legacy_rows(resource: Resource) -> list[Obj]:
    row: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short:
        row["shortNames"] = list(resource.short)
    if resource.categories:
        row["categories"] = list(resource.categories)
    return [row, *(_legacy_subresource(resource, name) for name in resource.subresources)]


def _legacy_subresource(resource: Resource, name: str) -> Obj:
    group, version, kind = _subresource_kind(resource, name)
    row: Obj = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": list(SUBRESOURCE_VERBS[name]),
    }
    if (group, version) != (resource.group, resource.version):
        row.update(group=group, version=version)
    return row


def _subresource_kind(resource: Resource, name: str) -> tuple[str, str, str]:
    return SUBRESOURCE_KINDS.get(name, (resource.group, resource.version, resource.kind))


def aggregated(*, core: bool, version: str) -> Obj:
    """The aggregated document of ``/api`` (``core``) or ``/apis``, in version v2 or v2beta1."""
    named = [("", "v1")] if core else groups()
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_aggregated_group(group, version) for group, version in named],
    }


def _aggregated_group(group: str, version: str) -> Obj:
    rows = [_aggregated_row(r) for r in RESOURCES if (r.group, r.version) == (group, version)]
    metadata: Obj = {"creationTimestamp": None}
    if group:
        metadata["name"] = group
    versions = [{"version": version, "resources": rows, "freshness": "Current"}]
    return {"metadata": metadata, "versions": versions}


def _aggregated_row(resource: Resource) -> Obj:
    row: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _kind(resource.group, resource.version, resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short:
        row["shortNames"] = list(resource.short)
    if resource.categories:
        row["categories"] = list(resource.categories)
    if resource.subresources:
        row["subresources"] = [
            {
                "subresource": name,
                "responseKind": _kind(*_subresource_kind(resource, name)),
                "verbs": list(SUBRESOURCE_VERBS[name]),
            }
            for name in resource.subresources
        ]
    return row


def _kind(group: str, version: str, kind: str) -> Obj:
    return {"group": group, "version": version, "kind": kind}
