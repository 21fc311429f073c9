"""What is served, as clients discover it: legacy lists, aggregated documents, versions.

Sources: Kubernetes API concepts, "Discovery"; ``apidiscovery.k8s.io/v2`` types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import SUBRESOURCE_KINDS, SUBRESOURCE_VERBS, ApiResource, groups

Resources = Sequence[ApiResource]


def version(kubernetes: str) -> Obj:
    """The ``/version`` document of ``1.34.1-aliyun.1``."""
    major, minor = kubernetes.split(".")[:2]
    return {
        "major": major, "minor": f"{minor}+", "emulationMajor": major, "emulationMinor": minor,
        "minCompatibilityMajor": major, "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{kubernetes}", "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24.6",
        "compiler": "gc", "platform": "linux/amd64",
    }  # fmt: skip


def core_versions(address: str) -> Obj:
    """The document at ``/api``."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(resources: Resources) -> Obj:
    """The document at ``/apis``."""
    rows = [_group(*row) for row in groups(resources).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": rows}


def group_document(resources: Resources, name: str) -> Obj | None:
    """The document at ``/apis/<group>``, or None where there is no such group."""
    versions = groups(resources).get(name)
    if versions is None:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Obj:
    rows = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": rows, "preferredVersion": rows[0]}


def resource_list(resources: Resources, group: str, version: str) -> Obj | None:
    """The document at ``/api/v1`` or ``/apis/<group>/<version>``; None where there is none."""
    served = [r for r in resources if (r.group, r.version) == (group, version)]
    if not served:
        return None
    rows = [row for resource in served for row in _legacy_rows(resource)]
    name = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": rows,
    }  # fmt: skip


def _names(resource: ApiResource) -> Obj:
    row: Obj = {"verbs": list(resource.verbs)}
    if resource.short:
        row["shortNames"] = list(resource.short)
    if resource.categories:
        row["categories"] = list(resource.categories)
    return row


def _legacy_rows(resource: ApiResource) -> list[Obj]:
    row: Obj = {
        "name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.namespaced, "kind": resource.kind, **_names(resource),
    }  # fmt: skip
    return [row, *(_legacy_subresource(resource, name) for name in resource.subresources)]


def _legacy_subresource(resource: ApiResource, name: str) -> Obj:
    group, version, kind = _subresource_kind(resource, name)
    row: Obj = {
        "name": f"{resource.plural}/{name}", "singularName": "",
        "namespaced": resource.namespaced, "kind": kind, "verbs": list(SUBRESOURCE_VERBS[name]),
    }  # fmt: skip
    if (group, version) != (resource.group, resource.version):
        row.update(group=group, version=version)
    return row


def _subresource_kind(resource: ApiResource, name: str) -> tuple[str, str, str]:
    return SUBRESOURCE_KINDS.get(name, (resource.group, resource.version, resource.kind))


def aggregated(resources: Resources, *, core: bool, version: str) -> Obj:
    """The aggregated document of ``/api`` (``core``) or ``/apis``, in version v2 or v2beta1."""
    named = {"": ["v1"]} if core else groups(resources)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_aggregated_group(resources, *row) for row in named.items()],
    }


def _aggregated_group(resources: Resources, group: str, versions: list[str]) -> Obj:
    metadata: Obj = {"creationTimestamp": None}
    if group:
        metadata["name"] = group
    rows = [
        {
            "version": version,
            "resources": [
                _aggregated_row(r) for r in resources if (r.group, r.version) == (group, version)
            ],
            "freshness": "Current",
        }
        for version in versions
    ]
    return {"metadata": metadata, "versions": rows}


def _aggregated_row(resource: ApiResource) -> Obj:
    row: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _kind(resource.group, resource.version, resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        **_names(resource),
    }
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
