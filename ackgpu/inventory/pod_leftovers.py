"""What a cluster's add-ons made for pods, and DeleteCluster leaves: disks and network interfaces.

Each kind carries ACK's tag with the cluster's id (``DISKTAGKEY3`` of the CSI driver,
``TagKeyClusterID`` of Terway). It is listed by that tag, by the VPC that it lives in, or by both.
A disk lives in no VPC, so that after its cluster nothing but a tag of ours leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import answered
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.inventory.discover import gone_makers
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import ACK_TAG, Tagged, is_made_by, is_ours, our_tag
from ackgpu.inventory.resources import INTERFACE, ResourceKind, kinds
from ackgpu.naming import TAG_PREFIX

OF_PODS = kinds(made_by="pods")
CLAIMED = tuple(kind for kind in OF_PODS if kind.tag is not None)
"""The kinds of them that carry a tag of ours, once a deletion has put it on."""


def with_pod_leftovers(
    cloud: Cloud, inventory: Inventory, run: Run, *, cluster_ids: Sequence[str] = ()
) -> Inventory:
    """The inventory with them; ``cluster_ids``: more clusters, which may be gone."""
    makers = list(dict.fromkeys([*(c.id for c in inventory.clusters), *cluster_ids]))
    asked = {kind: _questions(kind, inventory, makers) for kind in OF_PODS}
    reads: dict[str, Call] = {
        name: partial(kind.listing(cloud), **by)
        for kind, questions in asked.items()
        for name, by in questions.items()
    }
    found, unread = answered(run, reads, inventory.unread)
    rows: dict[str, tuple[Any, ...]] = {}
    for kind, questions in asked.items():
        told = [(by, row) for name, by in questions.items() for row in found.get(name, ())]
        inside = [
            # A primary interface is its instance's, and goes with it.
            row
            for by, row in told
            if "vpc_id" in by and not (kind is INTERFACE and row.primary)
        ]
        known = {*makers, *gone_makers(cloud, inside, makers)}
        named = [row for by, row in told if "tags" in by]
        made = (*named, *(row for row in inside if is_made_by(row, known)))
        rows[kind.field] = tuple({row.id: row for row in made}.values())
    return replace(inventory.with_rows(rows), unread=unread)


def _questions(
    kind: ResourceKind, inventory: Inventory, makers: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """By what a kind is listed, by the name of the read."""
    questions: dict[str, dict[str, Any]] = {}
    if "tags" in kind.by:
        questions |= {f"{kind.plural} of {id_}": {"tags": {ACK_TAG: id_}} for id_ in makers}
        if kind.tag:
            questions[kind.plural] = {"tags": our_tag(inventory.name)}
    if "vpc_id" in kind.by:
        questions |= {f"{kind.plural} in {v.id}": {"vpc_id": v.id} for v in inventory.vpcs}
    return questions


def claim(cloud: Cloud, inventory: Inventory, retain: Sequence[str]) -> None:
    """Put our tags on what carries some before its cluster goes, so that any machine finds it.

    The run and the expiry come along, by which ``gc`` judges; what is retained gets none.
    """
    name = inventory.name
    made: list[Tagged] = [*inventory.clusters, *inventory.vpcs]
    marked = made[0].tags if made else {}
    # With the run and the expiry, by which gc judges.
    ours = {key: value for key, value in marked.items() if key.startswith(TAG_PREFIX)}
    for kind in CLAIMED:
        rows = [row for row in inventory.of(kind) if not is_ours(row, name)]
        ids = [row.id for row in rows if row.id not in retain]
        if ids:
            kind.set_tags(cloud, ids, {**ours, **our_tag(name)})
