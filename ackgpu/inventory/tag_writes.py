"""Putting tags on what exists, by the word that TagResources has for its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from ackgpu.cloud.api import Cloud
from ackgpu.inventory.resources import CLUSTER, ResourceKind


def set_tags_of(
    cloud: Cloud, kind: ResourceKind, ids: Sequence[str], tags: Mapping[str, str]
) -> None:
    """Set tags on resources of one kind; others of theirs stay."""
    if kind.tag is None:
        raise ValueError(f"a {kind.noun} carries no tags")
    if kind is CLUSTER:
        for id_ in ids:
            cloud.containers.set_tags(id_, tags)
    else:
        attrgetter(kind.tag.call)(cloud)(resource_type=kind.tag.word, ids=ids, tags=tags)
