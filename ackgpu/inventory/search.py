"""The search of a deletion: each thing is looked for by several kinds of evidence.

A list may be answered without a row that exists. So what lies in a network of ours is listed by
that network too, what other things of ours name by its id is read by that id, and so is what the
journal remembers. Whatever carries our tag in one of these answers is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import answered, kind_of_read
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.inventory.discover import MARKED_BY_ACK, TAGGED_AT_BIRTH, tagged, with_what_hangs_on_it
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import is_ours, noted_clusters, ours_of
from ackgpu.inventory.pod_leftovers import with_pod_leftovers
from ackgpu.inventory.resources import CLUSTER, EIP, VPC, VSWITCH, kind_of_step, listed_by


def search(
    cloud: Cloud, name: str, run: Run, made: Mapping[str, str], gone: Collection[str] = ()
) -> Inventory:
    """Everything of the cluster ``name``, as far as it can be read, by each kind of evidence.

    ``made``: the ids that the journal remembers, by the step that asked for them. ``gone``: those
    that were deleted and read back by their ids, so that nothing but the lists is read again. What
    could not be read is in ``unread``.
    """
    doubted = {step: id_ for step, id_ in made.items() if id_ not in gone}
    found = _completed(cloud, tagged(cloud, name, run), run, doubted)
    remembered = [id_ for step, id_ in made.items() if step.startswith(CLUSTER.noun)]
    noted = noted_clusters((*found.vpcs, *found.groups))
    makers = list(dict.fromkeys(filter(None, (*remembered, *noted))))
    found = _with_unlisted_clusters(cloud, found, run, [id_ for id_ in makers if id_ not in gone])
    found = with_what_hangs_on_it(cloud, found, run, makers, MARKED_BY_ACK)
    return with_pod_leftovers(cloud, found, run, cluster_ids=makers)


def _with_unlisted_clusters(
    cloud: Cloud, inventory: Inventory, run: Run, noted: Sequence[str]
) -> Inventory:
    """The inventory with the clusters that the list lacks and that stand all the same."""
    unlisted = _unknown(inventory, noted)
    calls = {f"the detail of {id_}": partial(cloud.containers.cluster, id_) for id_ in unlisted}
    found, unread = answered(run, calls, inventory.unread)
    # The note may be of an earlier cluster, and its id of one that somebody untagged.
    standing = [c for c in found.values() if c is not None and is_ours(c, inventory.name)]
    clusters = (*inventory.clusters, *standing)
    return replace(inventory.with_rows({CLUSTER.field: clusters}), unread=unread)


def _completed(cloud: Cloud, inventory: Inventory, run: Run, made: Mapping[str, str]) -> Inventory:
    """The inventory with what its lists left out."""
    # By id first: a VPC that the list of VPCs lacked leads to all that lies in it.
    inventory = _joined(inventory, run, _by_id(cloud, inventory, made))
    inventory = _joined(inventory, run, _by_network(cloud, inventory))
    named = (id_ for gateway in inventory.nat_gateways for id_ in gateway.eip_ids)
    bound = _unknown(inventory, named)
    if not bound:
        return inventory
    return _joined(inventory, run, {EIP.plural: partial(cloud.network.eips, ids=bound)})


def _by_id(cloud: Cloud, inventory: Inventory, made: Mapping[str, str]) -> dict[str, Call]:
    """Reads of what is named by things of ours, or by the journal, and in no list of ours."""
    wanted: dict[str, list[str]] = {}
    for step, resource_id in made.items():
        kind = kind_of_step(step)
        if kind is not None and "ids" in kind.by:
            wanted.setdefault(kind.plural, []).append(resource_id)
    housed: Sequence[Any] = (
        *inventory.clusters, *inventory.vswitches, *inventory.groups, *inventory.nat_gateways,
        *inventory.instances,
    )  # fmt: skip
    wanted.setdefault(VPC.plural, []).extend(item.vpc_id for item in housed)
    rooms = [id_ for cluster in inventory.clusters for id_ in cluster.vswitch_ids]
    rooms += [gateway.vswitch_id for gateway in inventory.nat_gateways]
    wanted.setdefault(VSWITCH.plural, []).extend(rooms)
    kinds = {kind.plural: kind for kind in listed_by("ids")}
    unknown = {plural: _unknown(inventory, ids) for plural, ids in wanted.items()}
    return {
        plural: partial(kinds[plural].listing(cloud), ids=ids)
        for plural, ids in unknown.items()
        if ids
    }


def _by_network(cloud: Cloud, inventory: Inventory) -> dict[str, Call]:
    return {
        f"{kind.plural} in {vpc.id}": partial(kind.listing(cloud), vpc_id=vpc.id)
        for vpc in inventory.vpcs
        for kind in TAGGED_AT_BIRTH
        if "vpc_id" in kind.by
    }


def _unknown(inventory: Inventory, ids: Iterable[str]) -> list[str]:
    known = set(inventory.ids)
    return [id_ for id_ in dict.fromkeys(ids) if id_ and id_ not in known]


def _joined(inventory: Inventory, run: Run, calls: Mapping[str, Call]) -> Inventory:
    """The inventory with the rows of the answers that carry our tag."""
    found, unread = answered(run, calls, inventory.unread)
    fields = {kind.plural: kind.field for kind in TAGGED_AT_BIRTH}
    rows = dict(inventory.rows)
    for name, answer in found.items():
        field = fields[kind_of_read(name)]
        both = (*ours_of(answer, inventory.name), *rows.get(field, ()))
        rows[field] = tuple({row.id: row for row in both}.values())
    return replace(inventory.with_rows(rows), unread=unread)
