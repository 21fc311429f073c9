"""What a cluster's add-ons made for pods, and DeleteCluster leaves: disks and network interfaces.

Both carry ACK's tag with the cluster's id (``DISKTAGKEY3`` of the CSI driver, ``TagKeyClusterID``
of Terway). A disk lives in no VPC, so that after its cluster nothing but a tag of ours leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import answered
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.inventory.discover import gone_makers
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import ACK_TAG, Tagged, is_made_by, is_ours, our_tag
from ackgpu.inventory.resources import DISK, INTERFACE
from ackgpu.inventory.tag_writes import set_tags_of
from ackgpu.naming import TAG_PREFIX


def with_pod_leftovers(
    cloud: Cloud, inventory: Inventory, run: Run, *, cluster_ids: Sequence[str] = ()
) -> Inventory:
    """The inventory with them; ``cluster_ids``: more clusters, which may be gone."""
    makers = list(dict.fromkeys([*(c.id for c in inventory.clusters), *cluster_ids]))
    disks_of = {f"{DISK.plural} of {id_}": {ACK_TAG: id_} for id_ in makers}
    disks_of[DISK.plural] = our_tag(inventory.name)
    reads: dict[str, Call] = {
        name: partial(cloud.compute.disks, tags=tags) for name, tags in disks_of.items()
    }
    for vpc in inventory.vpcs:
        name = f"{INTERFACE.plural} in {vpc.id}"
        reads[name] = partial(cloud.compute.interfaces, vpc_id=vpc.id)
    found, unread = answered(run, reads, inventory.unread)
    disks = {disk.id: disk for name in disks_of for disk in found.get(name, ())}
    inside = [
        row
        for vpc in inventory.vpcs
        for row in found.get(f"{INTERFACE.plural} in {vpc.id}", ())
        if not row.primary
    ]
    known = {*makers, *gone_makers(cloud, inside, makers)}
    interfaces = tuple(row for row in inside if is_made_by(row, known))
    rows = {DISK.field: tuple(disks.values()), INTERFACE.field: interfaces}
    return replace(inventory.with_rows(rows), unread=unread)


def claim(cloud: Cloud, inventory: Inventory, retain: Sequence[str]) -> None:
    """Put our tags on the disks before their cluster goes, so that any machine finds them.

    The run and the expiry come along, by which ``gc`` judges; what is retained gets none.
    """
    name = inventory.name
    ids = [d.id for d in inventory.disks if not is_ours(d, name) and d.id not in retain]
    if ids:
        made: list[Tagged] = [*inventory.clusters, *inventory.vpcs]
        marked = made[0].tags if made else {}
        ours = {key: value for key, value in marked.items() if key.startswith(TAG_PREFIX)}
        set_tags_of(cloud, DISK, ids, {**ours, **our_tag(name)})
