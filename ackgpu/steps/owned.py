"""Everything in a region that carries ackgpu's tag, by cluster: for ``gc`` and ``extend``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.naming import (
    CLUSTER_TAG,
    RUN_TAG,
    cluster_name_from_tags,
    expiry_from_tags,
    is_held,
    start_of_run,
    unreadable_expiry,
)

NETWORK_TYPES = {"vpc": "VPC", "vswitch": "VSWITCH", "nat gateway": "NATGATEWAY", "eip": "EIP"}
COMPUTE_TYPES = {"security group": "securitygroup", "instance": "instance", "volume disk": "disk"}
"""Kinds, and the ResourceType of each in TagResources of VPC and of ECS."""

OWNED_READS = (
    "network.vpcs",
    "network.vswitches",
    "network.nat_gateways",
    "network.eips",
    "compute.security_groups",
    "compute.instances",
    "compute.disks",
    "containers.clusters",
)


@dataclass(frozen=True)
class Owned:
    """A tagged resource. ``created`` and ``state`` are known of clusters alone."""

    kind: str
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
        return any(item.kind == "cluster" for item in self.items)

    @property
    def held(self) -> bool:
        """Whether anything is held: a hold that was set half-way counts."""
        return any(is_held(item.tags) for item in self.items)

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
        return None if None in births else max(filter(None, births), default=None)


def holdings(cloud: Cloud, run: Run, *, name: str = "") -> list[Holding]:
    """What is ours in the cloud's region, of every cluster or of ``name``."""
    tags = {CLUSTER_TAG: name} if name else None
    reads: dict[str, Any] = {
        "vpc": lambda: cloud.network.vpcs(tags=tags),
        "vswitch": lambda: cloud.network.vswitches(tags=tags),
        "nat gateway": lambda: cloud.network.nat_gateways(tags=tags),
        "eip": lambda: cloud.network.eips(tags=tags),
        "security group": lambda: cloud.compute.security_groups(tags=tags),
        "instance": lambda: cloud.compute.instances(tags=tags),
        "volume disk": lambda: cloud.compute.disks(tags=tags),
        "cluster": lambda: cloud.containers.clusters(name=name, region=cloud.region),
    }
    found = all_of(run, reads)
    items: dict[str, list[Owned]] = {}
    for kind, rows in found.items():
        for row in rows:
            owner = cluster_name_from_tags(row.tags)
            if owner is not None and owner == (name or owner):
                of_cluster = (row.created, row.state) if kind == "cluster" else ()
                item = Owned(kind, row.id, row.name, row.tags, *of_cluster)
                items.setdefault(owner, []).append(item)
    return [Holding(owner, cloud.region, tuple(items[owner])) for owner in sorted(items)]


def set_tags(cloud: Cloud, items: Sequence[Owned], tags: Mapping[str, str]) -> None:
    """Set tags on all of them, the clusters last."""
    for kind, resource_type in NETWORK_TYPES.items():
        ids = [item.id for item in items if item.kind == kind]
        if ids:
            cloud.network.tag(resource_type=resource_type, ids=ids, tags=tags)
    for kind, resource_type in COMPUTE_TYPES.items():
        ids = [item.id for item in items if item.kind == kind]
        if ids:
            cloud.compute.tag(resource_type=resource_type, ids=ids, tags=tags)
    for item in items:
        if item.kind == "cluster":
            cloud.containers.set_tags(item.id, tags)
