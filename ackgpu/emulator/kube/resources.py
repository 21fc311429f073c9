"""What the API server serves: each resource's group, version, names, verbs and subresources.

The rows are those of ``data/kube/kinds.json``, and one for each CustomResourceDefinition. A kind
that nothing here acts on (ReplicationControllers…) can be read and not be made, so that a client is
told so instead of waiting for something that never comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.shared.tables import table

READ = ("get", "list", "watch")
ALL = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
"""In the order in which the API server tells it of custom resources; its own are in order."""


@dataclass(frozen=True)
class ApiResource:
    """One resource of one group and version. ``group`` is empty for the core group.

    ``key``: the name that its objects are kept under. ``fields``: what field selectors may name
    beside metadata. ``columns``: those of its table, see :mod:`ackgpu.emulator.kube.columns`.
    ``deprecated``: what to warn of. ``generation``: whether it has one. ``removable``: whether
    clients may delete what the cluster brings. ``status``: of a new object, where the cluster says
    it. ``schema``: of a custom resource, its ``openAPIV3Schema``.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    key: str = ""
    singular: str = ""
    fields: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("Name", "Age")
    schema: Any = None
    deprecated: str = ""
    generation: bool = False
    removable: bool = False
    status: Any = None

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition brought it."""
        return self.schema is not None


def _resource(row: dict[str, Any]) -> ApiResource:
    lists = ("short", "subresources", "categories", "fields", "columns")
    given = {**row, **{name: tuple(row[name]) for name in lists if name in row}}
    verbs = row.get("verbs", "")
    given["verbs"] = tuple(sorted({"read": READ, "": ALL}.get(verbs) or verbs.split()))
    return ApiResource(**{"key": row["plural"], "singular": row["kind"].lower(), **given})


RESOURCES: tuple[ApiResource, ...] = tuple(_resource(row) for row in table("kube/kinds")["kinds"])

SUBRESOURCE_VERBS: dict[str, tuple[str, ...]] = {
    name: tuple(verbs.split()) for name, verbs in table("kube/kinds")["subresource_verbs"].items()
}
SUBRESOURCE_KINDS: dict[str, tuple[str, str, str]] = {
    name: (group, version, kind)
    for name, (group, version, kind) in table("kube/kinds")["subresource_kinds"].items()
}

SCALE = _resource({
    "group": "autoscaling", "version": "v1", "plural": "scales", "kind": "Scale",
    "columns": ["Name", "Desired# .spec.replicas|0", "Available# .status.replicas|0", "Age"],
})  # fmt: skip
"""What a subresource ``scale`` is printed as."""

_BY_KEY = {r.key: r for r in reversed(RESOURCES)}


def by_plural(key: str) -> ApiResource:
    """The built-in resource whose objects are kept under that name."""
    return _BY_KEY[key]


def groups(resources: Sequence[ApiResource] = RESOURCES) -> dict[str, list[str]]:
    """Every named group with its versions, the preferred one first."""
    found: dict[str, list[str]] = {}
    for resource in resources:
        versions = found.setdefault(resource.group, [])
        if resource.version not in versions:
            versions.append(resource.version)
    found.pop("", None)
    return dict(sorted(found.items()))
