"""Everything in a region that carries ackgpu's tag, by cluster: for ``gc`` and ``extend``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.inventory.discover import TAGGED_AT_BIRTH
from ackgpu.inventory.ownership import our_tag
from ackgpu.inventory.pod_leftovers import CLAIMED
from ackgpu.inventory.resources import CLUSTER, ResourceKind
from ackgpu.naming import (
    RUN_TAG,
    cluster_name_from_tags,
    expiry_from_tags,
    is_asleep,
    is_held,
    start_of_run,
    unreadable_expiry,
)

LOOKED_FOR = (*TAGGED_AT_BIRTH, *CLAIMED)
"""The kinds that carry our tag, but for the clusters, which no tag lists."""


@dataclass(frozen=True)
class Owned:
    """A tagged resource. ``created`` and ``state`` are known only of clusters."""

    kind: ResourceKind
    id: str
    name: str
    tags: Mapping[str, str]
    created: datetime | None = None
    state: str = ""

    @property
    def born(self) -> datetime | None:
        """When it was made, or the run that made it began; None where nothing tells."""
        return self.created or start_of_run(self.tags.get(RUN_TAG, ""))


@dataclass(frozen=True)
class Holding:
    """What carries the tag of one cluster name in one region."""

    name: str
    region: str
    items: tuple[Owned, ...]

    @property
    def has_cluster(self) -> bool:
        """Whether the cluster itself is among it."""
        return any(item.kind is CLUSTER for item in self.items)

    @property
    def held(self) -> bool:
        """Whether anything is held: a hold that was set half-way counts."""
        return any(is_held(item.tags) for item in self.items)

    @property
    def asleep(self) -> bool:
        """Whether its cluster sleeps."""
        return any(is_asleep(item.tags) for item in self.items)

    @property
    def expires(self) -> datetime | None:
        """The latest expiry of all: an extension that was set half-way counts."""
        return max(filter(None, (expiry_from_tags(item.tags) for item in self.items)), default=None)

    @property
    def unreadable_expiry(self) -> str:
        """What stands in place of an expiry somewhere and is no time; empty without it."""
        return next(filter(None, (unreadable_expiry(item.tags) for item in self.items)), "")

    @property
    def youngest(self) -> datetime | None:
        """When the latest of it was made; None where that of any is unknown."""
        births = [item.born for item in self.items]
        # Unknown counts as unknown: gc must not take for old what it knows no age of.
        return None if None in births else max(filter(None, births), default=None)


def holdings(cloud: Cloud, run: Run, *, name: str = "") -> list[Holding]:
    """What is ours in the cloud's region, of every cluster or of ``name``."""
    tags = our_tag(name) if name else None
    reads: dict[str, Call] = {k.field: partial(k.listing(cloud), tags=tags) for k in LOOKED_FOR}
    reads[CLUSTER.field] = partial(cloud.containers.clusters, name=name, region=cloud.region)
    found = all_of(run, reads)
    items: dict[str, list[Owned]] = {}
    for kind in (*LOOKED_FOR, CLUSTER):
        for row in found[kind.field]:
            owner = cluster_name_from_tags(row.tags)
            # The API's filter by name is not the tag's: a
            # cluster of the name may be somebody else's.
            if owner is not None and owner == (name or owner):
                of_cluster = (row.created, row.state) if kind is CLUSTER else ()
                item = Owned(kind, row.id, row.name, row.tags, *of_cluster)
                items.setdefault(owner, []).append(item)
    return [Holding(owner, cloud.region, tuple(items[owner])) for owner in sorted(items)]


def set_tags(cloud: Cloud, items: Sequence[Owned], tags: Mapping[str, str]) -> None:
    """Set tags on all of them, the clusters last."""
    # The cluster last: its tags tell whether all has been done (steps/cluster_change.py, TagsStep).
    for kind in (*LOOKED_FOR, CLUSTER):
        ids = [item.id for item in items if item.kind is kind]
        if ids:
            kind.set_tags(cloud, ids, tags)
