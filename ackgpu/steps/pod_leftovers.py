"""What a cluster's add-ons made for pods, and DeleteCluster leaves: disks and network interfaces.

Both carry ACK's tag with the cluster's id (``DISKTAGKEY3`` of the CSI driver, ``TagKeyClusterID``
of Terway). A disk lives in no VPC, so that after its cluster nothing but a tag of ours leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.naming import CLUSTER_TAG, TAG_PREFIX
from ackgpu.steps.discover import ACK_TAG, Estate, gone_makers
from ackgpu.steps.lookup import Tagged

DISK_TYPE = "disk"
"""The ResourceType of a disk in TagResources of ECS."""

READS = ("compute.disks", "compute.interfaces", "containers.cluster")
WRITES = ("compute.tag",)
"""The calls that looking for them, and claiming them, make."""


def with_pod_leftovers(
    cloud: Cloud, estate: Estate, run: Run, *, cluster_ids: Sequence[str] = ()
) -> Estate:
    """The estate with them; ``cluster_ids``: more clusters, which may be gone."""
    makers = list(dict.fromkeys([*(cluster.id for cluster in estate.clusters), *cluster_ids]))
    found = all_of(
        run,
        {
            "ours": partial(cloud.compute.disks, tags={CLUSTER_TAG: estate.name}),
            **{id_: partial(cloud.compute.disks, tags={ACK_TAG: id_}) for id_ in makers},
            **{v.id: partial(cloud.compute.interfaces, vpc_id=v.id) for v in estate.vpcs},
        },
    )
    disks = {disk.id: disk for key in ("ours", *makers) for disk in found[key]}
    inside = [i for vpc in estate.vpcs for i in found[vpc.id] if not i.primary]
    known = {*makers, *gone_makers(cloud, inside, makers)}
    interfaces = tuple(i for i in inside if i.tags.get(ACK_TAG) in known)
    return replace(estate, disks=tuple(disks.values()), interfaces=interfaces)


def claim(cloud: Cloud, estate: Estate, retain: Sequence[str]) -> None:
    """Put our tags on the disks before their cluster goes, so that any machine finds them.

    The run and the expiry come along, by which ``gc`` judges; what is retained gets none.
    """
    ids = [d.id for d in estate.disks if CLUSTER_TAG not in d.tags and d.id not in retain]
    if ids:
        made: list[Tagged] = [*estate.clusters, *estate.vpcs]
        marked = made[0].tags if made else {}
        ours = {key: value for key, value in marked.items() if key.startswith(TAG_PREFIX)}
        tags = {**ours, CLUSTER_TAG: estate.name}
        cloud.compute.tag(resource_type=DISK_TYPE, ids=ids, tags=tags)
