"""Whose a resource is. Nothing else in ackgpu compares a tag with a cluster's name.

*Ours* carries the tag ``ackgpu:cluster`` with the cluster's name. ACK and its add-ons put the id of
their cluster on what they make, which is ours if that cluster is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from ackgpu.naming import (
    CLUSTER_ID_TAG,
    CLUSTER_TAG,
    cluster_name_from_tags,
    is_zone_resource,
    resource_name,
)

ACK_TAG = "ack.aliyun.com"
"""What ACK and its cloud controller put on what they make; the value is the cluster's id."""


class Tagged(Protocol):
    """A record with an id and tags."""

    @property
    def id(self) -> str:
        """The cloud's id."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""


R = TypeVar("R", bound=Tagged)


def our_tag(name: str) -> dict[str, str]:
    """The tag by which what was made for the cluster ``name`` is listed."""
    return {CLUSTER_TAG: name}


def is_ours(row: Tagged, name: str) -> bool:
    """Whether it was made for the cluster ``name``."""
    return cluster_name_from_tags(row.tags) == name


def ours_of(rows: Iterable[R], name: str) -> list[R]:
    """Those that were made for the cluster ``name``."""
    return [row for row in rows if is_ours(row, name)]


def maker_of(row: Tagged) -> str:
    """The id of the cluster for which ACK or an add-on made it; empty if none did."""
    return row.tags.get(ACK_TAG, "")


def is_made_by(row: Tagged, clusters: Collection[str]) -> bool:
    """Whether ACK or an add-on made it for one of the clusters of these ids."""
    return maker_of(row) in clusters


def noted_clusters(rows: Sequence[Tagged]) -> list[str]:
    """The ids of the clusters that these networks were made for, as they note them."""
    noted = (row.tags.get(CLUSTER_ID_TAG, "") for row in rows)
    return list(dict.fromkeys(filter(None, noted)))


def is_named_as_ours(row_name: str, cluster: str, part: str, *, by_zone: bool = False) -> bool:
    """Whether it has the name that ackgpu gives to the ``part`` of the cluster.

    A name proves no ownership. Beside a missing tag it says that somebody took the tag off.
    """
    if not part:
        return False
    if by_zone:
        return is_zone_resource(row_name, cluster, part)
    return row_name == resource_name(cluster, part)
