"""Everything that is ours, only from the cloud: no spec, no journal, no state directory needed.

What is deleted is found this way, so that a cluster made on another machine, or half of one, is
deleted as well as any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from ackgpu.cloud.api import Cloud, NatGateway, SnatEntry
from ackgpu.engine.gather import answered, raise_first
from ackgpu.engine.run import Run
from ackgpu.engine.workers import Call
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import (
    ACK_TAG,
    Tagged,
    is_made_by,
    is_named_as_ours,
    maker_of,
    our_tag,
    ours_of,
)
from ackgpu.inventory.resources import CLUSTER, KINDS, ResourceKind
from ackgpu.naming import RUN_TAG

R = TypeVar("R", bound=Tagged)

TAGGED_AT_BIRTH = tuple(
    kind
    for kind in KINDS
    if "tags" in kind.by and kind.tag is not None and kind.made_by in {"ackgpu", "ACK"}
)
"""The kinds that carry our tag from the call that makes them, or their node pool's."""
MARKED_BY_ACK = tuple(
    kind
    for kind in KINDS
    if {"tags", "vpc_id"} <= kind.by and kind.tag is None and kind.made_by in {"ACK", "Services"}
)
"""The kinds that ACK and its controllers make, and mark with their cluster's id."""
OF_EVERY_CLUSTER = tuple(kind for kind in MARKED_BY_ACK if kind.made_by == "ACK")
OF_SERVICES = tuple(kind for kind in MARKED_BY_ACK if kind.made_by == "Services")
"""Those that only some Services make: no region need have the product, and no key may read it."""
OPTIONAL_READS = frozenset(kind.plural for kind in OF_SERVICES)

MORE_READS = (
    "network.snat_entries",
    "containers.clusters",
    "containers.cluster",
    "containers.resources",
)
"""The calls that looking for everything makes beside the lists of the kinds."""
READS = (*(kind.lists for kind in (*TAGGED_AT_BIRTH, *MARKED_BY_ACK)), *MORE_READS)
"""All calls that looking for everything makes."""


def discover(cloud: Cloud, name: str, run: Run) -> Inventory:
    """Look for everything of the cluster ``name`` at once.

    Raises ValueError without a name: every tag would match.
    """
    found = with_what_hangs_on_it(cloud, tagged(cloud, name, run), run)
    raise_first(found.unread)
    return found


def tagged(cloud: Cloud, name: str, run: Run) -> Inventory:
    """What carries the tag of the cluster ``name``, and the clusters of that name.

    Raises what the list of clusters raises: nothing is known without it.
    """
    if not name:
        raise ValueError("a cluster's name is needed")
    reads: dict[str, Call] = {
        kind.plural: partial(kind.listing(cloud), tags=our_tag(name)) for kind in TAGGED_AT_BIRTH
    }
    reads[CLUSTER.plural] = partial(cloud.containers.clusters, name=name, region=cloud.region)
    found, unread = answered(run, reads, failed={})
    # Without it nobody knows whether a cluster still uses the network: nothing may be removed.
    if CLUSTER.plural in unread:
        raise unread[CLUSTER.plural]
    rows = {kind.field: tuple(found.get(kind.plural, ())) for kind in TAGGED_AT_BIRTH}
    named = found[CLUSTER.plural]
    ours = ours_of(named, name)
    return Inventory(
        name=name,
        region=cloud.region,
        rows={**rows, CLUSTER.field: tuple(ours)},
        foreign=tuple(cluster for cluster in named if cluster not in ours),
        unread=unread,
    )


def redundant(inventory: Inventory, run: str) -> Inventory:
    """The part of the inventory that ``run`` made and an earlier run has made as well.

    All that lies in a VPC made twice is; elsewhere what there is an earlier one of.
    """

    def twice(items: Sequence[R]) -> list[R]:
        runs = [item.tags.get(RUN_TAG, "") for item in items]
        # The earlier run counts; what carries no run's tag proves no rival.
        rival = any(other < run for other in runs if other)
        return [item for item in items if rival and item.tags.get(RUN_TAG) == run]

    vpcs = twice(inventory.vpcs)
    homes = {vpc.id for vpc in vpcs}

    def inside(items: Sequence[Any]) -> list[Any]:
        return [v for v in items if v.vpc_id in homes and v.tags.get(RUN_TAG) == run]

    nats = _once([*twice(inventory.nat_gateways), *inside(inventory.nat_gateways)])
    rows = {
        "vpcs": tuple(vpcs),
        "vswitches": tuple(inside(inventory.vswitches)),
        "groups": _once([*twice(inventory.groups), *inside(inventory.groups)]),
        "nat_gateways": nats,
        "eips": tuple(twice(inventory.eips)),
        "clusters": tuple(twice(inventory.clusters)),
    }
    entries = tuple(pair for pair in inventory.snat_entries if pair[0] in nats)
    return Inventory(inventory.name, inventory.region, rows, snat_entries=entries)


def _once(items: Sequence[R]) -> tuple[R, ...]:
    return tuple({item.id: item for item in items}.values())


def with_what_hangs_on_it(
    cloud: Cloud,
    inventory: Inventory,
    run: Run,
    remembered: Sequence[str] = (),
    kinds: Sequence[ResourceKind] = OF_EVERY_CLUSTER,
) -> Inventory:
    """The inventory with what carries no tag of ours: SNAT entries, and what ACK made."""
    gateways = list(inventory.nat_gateways)
    # A given gateway carries no tag of ours, and may have entries of ours.
    if not gateways and inventory.vpc_id and "NAT gateways" not in inventory.unread:
        gateways = cloud.network.nat_gateways(vpc_id=inventory.vpc_id)
    clusters = [cluster.id for cluster in inventory.clusters]
    makers = dict.fromkeys([*clusters, *remembered])
    reads: dict[str, Call] = {
        f"SNAT entries of {g.id}": partial(cloud.network.snat_entries, table_id=g.snat_table_id)
        for g in gateways
    }
    for id_ in clusters:
        reads[f"resources of {id_}"] = partial(cloud.containers.resources, id_)
    for kind in kinds:
        for id_ in makers:
            reads[f"{kind.plural} of {id_}"] = partial(kind.listing(cloud), tags={ACK_TAG: id_})
        for vpc in inventory.vpcs:
            # By the network as well: of a cluster that is gone nobody may know the id any more.
            reads[f"{kind.plural} in {vpc.id}"] = partial(kind.listing(cloud), vpc_id=vpc.id)
    found, unread = answered(run, reads, inventory.unread, optional=OPTIONAL_READS)
    rows = [r for id_ in clusters for r in found.get(f"resources of {id_}", ()) if r.auto_created]
    left = {kind.field: _made_for(cloud, kind, inventory, found, makers) for kind in kinds}
    return replace(
        inventory.with_rows(left),
        snat_entries=_ours_of(inventory, gateways, found),
        by_ack=tuple(rows),
        unread=unread,
    )


def _made_for(
    cloud: Cloud,
    kind: ResourceKind,
    inventory: Inventory,
    found: Mapping[str, Sequence[Any]],
    makers: Collection[str],
) -> tuple[Any, ...]:
    """What the clusters made, wherever it is, and in VPCs of ours what those made that are gone."""
    named = [row for id_ in makers for row in found.get(f"{kind.plural} of {id_}", ())]
    inside = [row for v in inventory.vpcs for row in found.get(f"{kind.plural} in {v.id}", ())]
    ours = {*makers, *gone_makers(cloud, inside, makers)}
    return _once([*named, *(row for row in inside if is_made_by(row, ours))])


def gone_makers(cloud: Cloud, inside: Sequence[Tagged], known: Collection[str]) -> set[str]:
    """The clusters that made things in VPCs of ours and are gone.

    What other clusters made there is somebody else's, and stays.
    """
    makers = {maker for row in inside if (maker := maker_of(row))}
    # Only of clusters that are gone: one that stands is a neighbour, with load balancers in use.
    return {maker for maker in makers - set(known) if cloud.containers.cluster(maker) is None}


def _ours_of(
    inventory: Inventory,
    gateways: Sequence[NatGateway],
    found: Mapping[str, Sequence[SnatEntry]],
) -> tuple[tuple[NatGateway, SnatEntry], ...]:
    return tuple(
        (gateway, entry)
        for gateway in gateways
        for entry in found.get(f"SNAT entries of {gateway.id}", ())
        if gateway in inventory.nat_gateways
        # Entries carry no tags: on a gateway that is given, the name has to tell.
        or is_named_as_ours(entry.name, inventory.name, "snat", by_zone=True)
    )
