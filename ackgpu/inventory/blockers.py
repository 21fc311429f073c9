"""What is in the way of a deletion: things in a network of ours that are not ours.

The cloud removes no VPC, vSwitch or security group that anything lives in, and says so only by
refusing for as long as it does. So it is looked for beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.engine.gather import answered
from ackgpu.engine.run import Run
from ackgpu.engine.step import Resource
from ackgpu.engine.workers import Call
from ackgpu.errors import ConflictError
from ackgpu.inventory.discover import OPTIONAL_READS
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import is_made_by, is_named_as_ours, is_ours
from ackgpu.inventory.resources import (
    EIP,
    INSTANCE,
    INTERFACE,
    ROUTE_TABLE,
    SECURITY_GROUP,
    ResourceKind,
    kind_of_step,
    listed_by,
)
from ackgpu.naming import CLUSTER_TAG

ACK_GROUP = "alicloud-cs-auto-created-security-group"
"""How the names of the security groups begin that ACK makes, and removes by itself."""


@dataclass(frozen=True)
class Blocker:
    """Something without our tag. ``homes``: the ids of what cannot go while it is there.

    ``untagged``: ackgpu made it, as its name or the journal says, and somebody took its tag off.
    """

    resource: Resource
    homes: frozenset[str] = frozenset()
    untagged: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return self.resource.id

    def why(self, name: str) -> str:
        """Why it is left alone by the deletion of the cluster ``name``."""
        if self.untagged:
            return f"it no longer carries the tag {CLUSTER_TAG}={name}"
        return "not made by ackgpu"


def blockers_in(
    cloud: Cloud, inventory: Inventory, run: Run, retain: Sequence[str] = ()
) -> tuple[Blocker, ...]:
    """Look for them in each VPC of ours, and by our names in the one that the cluster lives in.

    Raises ConflictError where a cluster that is not ours lives in a VPC of ours: its network must
    not be taken from under it.
    """
    own = {vpc.id for vpc in inventory.vpcs}
    homes = list(dict.fromkeys(filter(None, [*own, inventory.vpc_id])))
    if not homes:
        return ()
    reads: dict[str, Call] = {
        # Every cluster of the region: a neighbour in our VPC has neither our name nor our tag.
        "clusters": partial(cloud.containers.clusters, region=cloud.region),
        **{f"nodes of {c.id}": partial(cloud.containers.nodes, c.id) for c in inventory.clusters},
        **{
            f"{kind.plural} in {vpc_id}": partial(kind.listing(cloud), vpc_id=vpc_id)
            for kind in listed_by("vpc_id")
            for vpc_id in homes
        },
    }
    found, _ = answered(run, reads, inventory.unread, optional=OPTIONAL_READS)
    _refuse_neighbours(inventory, found.get("clusters", ()), own, set(retain))
    inside = [
        blocker
        for vpc_id in homes
        for blocker in _Vpc(inventory, vpc_id, found).blockers()
        # A given VPC is not deleted, so that others in it are in nobody's way.
        if vpc_id in own or blocker.untagged
    ]
    return (*inside, *_bound_to_ours(cloud, inventory, run))


def untagged_by(
    cloud: Cloud, made: Mapping[str, str], inventory: Inventory, run: Run
) -> list[Blocker]:
    """What the journal says was made, that exists and no longer carries its tag.

    ``made``: ids by the name of the step that asked for them.
    """
    calls: dict[str, Call] = {}
    kinds: dict[str, ResourceKind] = {}
    for step, resource_id in made.items():
        kind = kind_of_step(step)
        if kind is not None and "ids" in kind.by and resource_id not in inventory.ids:
            kinds[step] = kind
            calls[step] = partial(kind.listing(cloud), ids=[resource_id])
    found, _ = answered(run, calls, inventory.unread)
    return [
        Blocker(kinds[step].resource(row, inventory.region, owned=False), untagged=True)
        for step, rows in found.items()
        for row in rows
        if not is_ours(row, inventory.name)  # else it became visible since
    ]


def _bound_to_ours(cloud: Cloud, inventory: Inventory, run: Run) -> list[Blocker]:
    """EIPs of others on NAT gateways of ours, which cannot go while they are there."""
    known = {eip.id for eip in inventory.eips}
    bound = {id_: g.id for g in inventory.nat_gateways for id_ in g.eip_ids if id_ not in known}
    calls = {EIP.plural: partial(cloud.network.eips, ids=list(bound))} if bound else {}
    found, _ = answered(run, calls, inventory.unread)
    return [
        Blocker(
            EIP.resource(row, inventory.region, owned=False),
            frozenset({bound[row.id]}),
            untagged=is_named_as_ours(row.name, inventory.name, EIP.part),
        )
        for row in found.get(EIP.plural, ())
        if not is_ours(row, inventory.name)
    ]


def _refuse_neighbours(
    inventory: Inventory, clusters: Iterable[Cluster], vpcs: set[str], retain: set[str]
) -> None:
    """Refuse, unless the VPC stays and with it every NAT gateway of ours in it."""
    ours = {cluster.id for cluster in inventory.clusters}
    going = {vpc for vpc in vpcs if vpc not in retain}
    # A neighbour that keeps the VPC and loses its way out is cut off all the same.
    going |= {g.vpc_id for g in inventory.nat_gateways if g.id not in retain}
    inside = [c for c in clusters if c.vpc_id in going & vpcs and c.id not in ours]
    others = [c for c in inside if not is_ours(c, inventory.name)]
    if others:
        first = others[0]
        raise ConflictError(
            f"The cluster {first.name} ({first.id}) lives in the VPC {first.vpc_id} of"
            f" {inventory.name} and does not carry the tag {CLUSTER_TAG}={inventory.name}: its"
            " network is not taken from under it, and nothing was deleted.",
            details=[f"cluster {c.name} {c.id} in {c.vpc_id}" for c in others],
            resolution=_way_out(inventory.name, first),
        )


def _way_out(name: str, other: Cluster) -> str:
    if other.name == name:
        return f"Put the tag {CLUSTER_TAG}={name} on it where it is {name}'s own."
    return f"Delete that cluster first, or {flag.RETAIN} the VPC and its NAT gateways."


class _Vpc:
    """What lives in one VPC, sorted into ours, the cloud's own, and blockers."""

    def __init__(self, inventory: Inventory, vpc_id: str, found: Mapping[str, Any]) -> None:
        self._inventory = inventory
        self._id = vpc_id
        self._found = found
        self._clusters = {cluster.id for cluster in inventory.clusters}
        # Nodes that were attached or added by hand carry no tag of ours, and go with the cluster.
        nodes = {n.instance_id for id_ in self._clusters for n in found.get(f"nodes of {id_}", ())}
        self._known = {*inventory.ids, *(row.id for row in inventory.by_ack), *nodes}

    def blockers(self) -> list[Blocker]:
        """All of them."""
        return [
            self._one(kind, row)
            for kind in listed_by("vpc_id")
            for row in self._others(kind)
            if _is_somebodys(kind, row)
        ]

    def _others(self, kind: ResourceKind) -> list[Any]:
        rows = self._found.get(f"{kind.plural} in {self._id}", ())
        return [row for row in rows if row.id not in self._known and not self._ours(row)]

    def _ours(self, row: Any) -> bool:
        """Whether it is ours by its tag, or ACK made it for a cluster of ours."""
        return is_ours(row, self._inventory.name) or is_made_by(row, self._clusters)

    def _one(self, kind: ResourceKind, row: Any) -> Blocker:
        homes = {self._id, *kind.ids_of_homes(row)}
        if kind.made_by == "Services" and homes == {self._id}:  # its list tells of no vSwitch
            homes |= {vswitch.id for vswitch in self._inventory.vswitches}
        # An instance's row names no groups, its interfaces
        # do: the group cannot go while it is in one.
        if kind is INSTANCE:
            interfaces = self._found.get(f"{INTERFACE.plural} in {self._id}", ())
            homes |= {g for i in interfaces if i.instance_id == row.id for g in i.group_ids}
        return Blocker(
            kind.resource(row, self._inventory.region, owned=False),
            frozenset(homes),
            untagged=is_named_as_ours(
                row.name, self._inventory.name, kind.part, by_zone=kind.by_zone
            ),
        )


def _is_somebodys(kind: ResourceKind, row: Any) -> bool:
    """Whether somebody made it; the rest comes and goes with an instance or a cloud product."""
    if kind is ROUTE_TABLE:
        return bool(row.custom)
    if kind is SECURITY_GROUP:
        # Cloud services and ACK remove theirs by themselves.
        return not (row.service_managed or row.name.startswith(ACK_GROUP))
    if kind is INTERFACE:
        # It goes with its instance, which is told of by itself.
        return not (row.instance_id or row.primary or row.service_managed)
    return True
