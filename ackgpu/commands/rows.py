"""Records of the cloud as rows of results."""

from __future__ import annotations

from ackgpu.app import App
from ackgpu.cloud.api import Cluster, NodePool
from ackgpu.naming import expiry_from_tags, is_held, unreadable_expiry
from ackgpu.render.results import ClusterRow, NodePoolRow
from ackgpu.spec import catalog


def cluster_row(app: App, cluster: Cluster, *, nodes: int | None = None) -> ClusterRow:
    """A cluster's row; ``nodes`` where they were counted, else what ACK says."""
    expires = expiry_from_tags(cluster.tags)
    return ClusterRow(
        name=cluster.name,
        id=cluster.id,
        region=cluster.region,
        state=cluster.state,
        version=cluster.version,
        nodes=cluster.size if nodes is None else nodes,
        created=cluster.created,
        expires=expires,
        expired=expires is not None and expires <= app.clock.wall(),
        held=is_held(cluster.tags),
        unreadable_expiry=unreadable_expiry(cluster.tags),
    )


def pool_row(pool: NodePool) -> NodePoolRow:
    """A node pool's row, with the slice that its first type gives."""
    bounds = pool.auto_scaling
    labels = catalog.expected_labels(pool.instance_types[0]) if pool.instance_types else None
    return NodePoolRow(
        name=pool.name,
        id=pool.id,
        state=pool.state,
        instance_types=pool.instance_types,
        desired=pool.desired,
        total=pool.total,
        healthy=pool.healthy,
        failed=pool.failed,
        slice=f"{labels.nvidia_name} {labels.nvidia_mem}".strip() if labels else "",
        charge_type=pool.charge_type,
        spot=pool.spot_strategy != "NoSpot",
        auto_scaling=f"{bounds.least} to {bounds.most}" if bounds.enabled else "",
    )
