"""Where a cluster is that its command's region does not have: one list a region, all at once.

It is a help and no more: a region that does not answer in time, or that refuses, tells nothing.
"""

from __future__ import annotations

from functools import partial

from ackgpu.engine.gather import settle_all
from ackgpu.errors import AckGpuError, Interrupted, NoSuchCluster, TimedOut
from ackgpu.inventory.ownership import is_ours
from ackgpu.session import Session

PATIENCE_SECONDS = 20.0
"""Real seconds, for all regions together."""


def regions_with(session: Session, name: str, region: str) -> list[str]:
    """The regions other than ``region`` in which a cluster of ackgpu's has this name."""
    try:
        cloud = session.cloud(region)
        others = [each for each in cloud.compute.regions() if each != region]
        run = session.reading().within(PATIENCE_SECONDS * session.clock.speed)
        reads = {r: partial(cloud.in_region(r).containers.clusters, region=r) for r in others}
        found = settle_all(run, reads)
    except (Interrupted, KeyboardInterrupt):
        raise
    except (AckGpuError, TimedOut):
        return []
    return [
        each
        for each in others
        if isinstance(found[each], list)
        and any(row.name == name and is_ours(row, name) for row in found[each])
    ]


def point_elsewhere(session: Session, error: NoSuchCluster) -> None:
    """Let the error name the regions that have the cluster, each with the whole command."""
    name = session.subject[0]
    if not error.region or not name:
        return
    regions = regions_with(session, name, error.region)
    if regions:
        error.message = f"{error.message.rstrip('.')}; there is one in {', '.join(regions)}."
        error.resolution = "\n".join(f"`{session.typed_in(region)}`" for region in regions)
