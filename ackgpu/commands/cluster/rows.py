"""Records of the cloud as rows of results."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ackgpu.cloud.api import Cluster, NodePool, Tags
from ackgpu.engine.aftermath import KnownSum
from ackgpu.naming import expiry_from_tags, is_asleep, is_held, unreadable_expiry
from ackgpu.render.results import ClusterRow, NodePoolRow, shown_as
from ackgpu.session import Session
from ackgpu.spec import catalog


def cluster_row(
    session: Session, cluster: Cluster, *, nodes: int | None = None, hourly: KnownSum | None = None
) -> ClusterRow:
    """A cluster's row; ``nodes`` where they were counted, else what ACK says.

    ``hourly``: what it costs now, from which the cost so far is told.
    """
    nodes, asleep = cluster.size if nodes is None else nodes, is_asleep(cluster.tags)
    expiry = _expiry(session, cluster.tags)
    row = shown_as(ClusterRow, cluster, nodes=nodes, asleep=asleep, **expiry)
    return row if hourly is None else with_costs(session, row, hourly, cluster.created)


def unfinished_row(session: Session, name: str, region: str, tags: Tags) -> ClusterRow:
    """The row of a network without a cluster, which carries ``tags``."""
    expiry = _expiry(session, tags)
    return ClusterRow(name=name, id="", region=region, state="unfinished", version="", **expiry)


def with_costs(
    session: Session, row: ClusterRow, hourly: KnownSum, born: datetime | None
) -> ClusterRow:
    """The row with what it costs now, and has cost since then if it always was as it is."""
    so_far = None if born is None else hourly.over(session.clock.since(born)).amount
    return replace(row, hourly=hourly, cost_so_far=so_far)


def _expiry(session: Session, tags: Tags) -> dict[str, Any]:
    expires = expiry_from_tags(tags)
    return {
        "expires": expires,
        "expired": expires is not None and expires <= session.clock.wall(),
        "held": is_held(tags),
        "unreadable_expiry": unreadable_expiry(tags),
    }


def pool_row(pool: NodePool) -> NodePoolRow:
    """A node pool's row, with the slice that its first type gives."""
    bounds = pool.auto_scaling
    labels = catalog.expected_labels(pool.instance_types[0]) if pool.instance_types else None
    return shown_as(
        NodePoolRow,
        pool,
        slice=f"{labels.nvidia_name} {labels.nvidia_mem}".strip() if labels else "",
        spot=pool.spot_strategy != "NoSpot",
        auto_scaling=f"{bounds.least} to {bounds.most}" if bounds.enabled else "",
    )
