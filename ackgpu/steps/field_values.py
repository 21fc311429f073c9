"""The values of settings in requests and in what was found: loops over the table of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ackgpu.cloud.api import Cluster, NodePool
from ackgpu.engine.step import Drift
from ackgpu.spec.fields import FIELDS, Field, put_at, sent, value_at
from ackgpu.spec.model import ClusterSpec, NodePoolSpec, document_of

Document = dict[str, Any]
UNTOLD: tuple[Any, ...] = (None, "", 0, [], {}, "auto")
"""What says nothing, or leaves it open; False says something."""


def is_untold(value: object) -> bool:
    """Whether ``value`` says nothing."""
    return value is not False and value in UNTOLD


def request_settings(part: ClusterSpec | NodePoolSpec) -> dict[str, Any]:
    """The fields of a request that are settings as they stand, by their paths in the body."""
    pool = isinstance(part, NodePoolSpec)
    document = document_of(part)
    values = {row.api: value_at(document, row.in_pool or row.key) for row in sent(pool=pool)}
    return {path: value for path, value in values.items() if not is_untold(value)}


def observed(found: Cluster | NodePool) -> Iterator[tuple[Field, Any]]:
    """Each setting that answers tell, and what they tell; a setting that was not told included."""
    pool = isinstance(found, NodePool)
    for row in FIELDS:
        if (row.observed or row.api) and bool(row.in_pool) == pool:
            told = getattr(found, row.observed) if row.observed else found.settings.get(row.api)
            yield row, told


def named(found: Cluster | NodePool, exporter: str) -> Document:
    """What was found under the names that ``exporter`` (terraform, ros) has; what is told only."""
    document: Document = {}
    for row, value in observed(found):
        name = getattr(row, exporter)
        if name and not is_untold(value):
            put_at(document, name, value)
    return document


def cluster_drift_of(spec: ClusterSpec, found: Cluster) -> list[Drift]:
    """Where the cluster is not as the settings of ``spec`` that answers tell."""
    return list(_drifts(document_of(spec), found))


def _drifts(document: Mapping[str, Any], found: Cluster) -> Iterator[Drift]:
    for row, has in observed(found):
        wanted = value_at(document, row.key)
        silent = is_untold(wanted) or is_untold(has)
        if wanted != has and not (silent and row.compared == "here"):
            yield Drift(row.key, said(wanted), said(has), row.change)


def said(value: object) -> str:
    """A value of a setting as messages name it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if is_untold(value) else str(value)
