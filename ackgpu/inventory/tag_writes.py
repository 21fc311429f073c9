"""Putting tags on what exists, by the word that TagResources has for its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ackgpu.cloud.api import Cloud
from ackgpu.inventory.resources import ResourceKind


def set_tags_of(
    cloud: Cloud, kind: ResourceKind, ids: Sequence[str], tags: Mapping[str, str]
) -> None:
    """Set tags on resources of one kind; others of theirs stay."""
    if kind.tag is None:
        raise ValueError(f"a {kind.noun} carries no tags")
    if kind.tag.api == "network":
        cloud.network.tag(resource_type=kind.tag.word, ids=ids, tags=tags)
    elif kind.tag.api == "compute":
        cloud.compute.tag(resource_type=kind.tag.word, ids=ids, tags=tags)
    else:
        for id_ in ids:
            cloud.containers.set_tags(id_, tags)
