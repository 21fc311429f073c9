"""What is in the way of a deletion: things in a network of ours that are not ours.

The cloud removes no VPC, vSwitch or security group that anything lives in, and says so only by
refusing for as long as it does. So it is looked for beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, Instance, NetworkInterface
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.engine.step import Resource
from ackgpu.errors import ConflictError
from ackgpu.naming import CLUSTER_TAG, is_zone_resource, resource_name
from ackgpu.steps.discover import ACK_TAG, Estate

READS = (
    "network.vpcs",
    "network.vswitches",
    "network.nat_gateways",
    "network.route_tables",
    "network.eips",
    "compute.security_groups",
    "compute.instances",
    "compute.interfaces",
    "balancers.load_balancers",
    "containers.clusters",
    "containers.nodes",
)
"""The calls that looking for them makes."""
ACK_GROUP = "alicloud-cs-auto-created-security-group"
"""How the names of the security groups begin that ACK makes, and removes by itself."""


@dataclass(frozen=True)
class Stranger:
    """Something without our tag. ``homes``: the ids of what cannot go while it is there.

    ``disowned``: ackgpu made it, as its name or the journal says, and somebody took its tag off.
    """

    resource: Resource
    homes: frozenset[str] = frozenset()
    disowned: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return self.resource.id

    def why(self, name: str) -> str:
        """Why it is left alone by the deletion of the cluster ``name``."""
        if self.disowned:
            return f"it no longer carries the tag {CLUSTER_TAG}={name}"
        return "not made by ackgpu"


def strangers_in(
    cloud: Cloud, estate: Estate, run: Run, retain: Sequence[str] = ()
) -> tuple[Stranger, ...]:
    """Look for them in each VPC of ours, and by our names in the one that the cluster lives in.

    Raises ConflictError where a cluster that is not ours lives in a VPC of ours: its network must
    not be taken from under it.
    """
    homes = list(dict.fromkeys(filter(None, [*(vpc.id for vpc in estate.vpcs), estate.vpc_id])))
    if not homes:
        return ()
    reads: dict[str, Any] = {"clusters": partial(cloud.containers.clusters, region=cloud.region)}
    for cluster in estate.clusters:
        reads[f"nodes {cluster.id}"] = partial(cloud.containers.nodes, cluster.id)
    for vpc_id in homes:
        reads |= {
            f"vSwitch {vpc_id}": partial(cloud.network.vswitches, vpc_id=vpc_id),
            f"RouteTable {vpc_id}": partial(cloud.network.route_tables, vpc_id=vpc_id),
            f"NatGateway {vpc_id}": partial(cloud.network.nat_gateways, vpc_id=vpc_id),
            f"SecurityGroup {vpc_id}": partial(cloud.compute.security_groups, vpc_id=vpc_id),
            f"Instance {vpc_id}": partial(cloud.compute.instances, vpc_id=vpc_id),
            f"NetworkInterface {vpc_id}": partial(cloud.compute.interfaces, vpc_id=vpc_id),
            f"LoadBalancer {vpc_id}": partial(cloud.balancers.load_balancers, vpc_id=vpc_id),
        }
    found = all_of(run, reads)
    own = {vpc.id for vpc in estate.vpcs}
    _refuse_neighbours(estate, found["clusters"], own, set(retain))
    inside = [
        stranger
        for vpc_id in homes
        for stranger in _Vpc(estate, vpc_id, found).strangers()
        if vpc_id in own or stranger.disowned
    ]
    return (*inside, *_bound_to_ours(cloud, estate))


def disowned_by(cloud: Cloud, made: Mapping[str, str], estate: Estate) -> list[Stranger]:
    """What the journal says was made, that exists and no longer carries its tag.

    ``made``: ids by the name of the step that asked for them.
    """
    lookups: dict[str, tuple[str, str, Any]] = {
        "vpc": ("vpc", "Vpc", cloud.network.vpcs),
        "vswitch": ("vpc", "VSwitch", cloud.network.vswitches),
        "nat gateway": ("vpc", "NatGateway", cloud.network.nat_gateways),
        "eip": ("vpc", "Eip", cloud.network.eips),
        "security group": ("ecs", "SecurityGroup", cloud.compute.security_groups),
    }
    strangers = []
    for step, resource_id in made.items():
        kind = next((kind for kind in lookups if step == kind or step.startswith(f"{kind} ")), "")
        if not kind or resource_id in estate.ids:
            continue
        product, type_, look = lookups[kind]
        for row in look(ids=[resource_id]):
            if row.tags.get(CLUSTER_TAG) == estate.name:
                continue  # made visible since the look by tags
            resource = _resource(product, type_, row.id, row.name, estate.region)
            strangers.append(Stranger(resource, disowned=True))
    return strangers


def _bound_to_ours(cloud: Cloud, estate: Estate) -> list[Stranger]:
    """EIPs of others on NAT gateways of ours, which cannot go while they are there."""
    known = {eip.id for eip in estate.eips}
    bound = {id_: g.id for g in estate.nat_gateways for id_ in g.eip_ids if id_ not in known}
    rows = cloud.network.eips(ids=list(bound)) if bound else []
    return [
        Stranger(
            _resource("vpc", "Eip", row.id, row.name, estate.region),
            frozenset({bound[row.id]}),
            disowned=row.name in _our_names(estate.name),
        )
        for row in rows
    ]


def _refuse_neighbours(
    estate: Estate, clusters: Iterable[Cluster], vpcs: set[str], retain: set[str]
) -> None:
    """Refuse, unless the VPC stays and with it every NAT gateway of ours in it."""
    ours = {cluster.id for cluster in estate.clusters}
    going = {vpc for vpc in vpcs if vpc not in retain}
    going |= {g.vpc_id for g in estate.nat_gateways if g.id not in retain}
    others = [c for c in clusters if c.vpc_id in going & vpcs and c.id not in ours]
    if others:
        first = others[0]
        raise ConflictError(
            f"The cluster {first.name} ({first.id}) lives in the VPC {first.vpc_id} of"
            f" {estate.name} and does not carry the tag {CLUSTER_TAG}={estate.name}: its network is"
            " not taken from under it, and nothing was deleted.",
            details=[f"cluster {c.name} {c.id} in {c.vpc_id}" for c in others],
            resolution=_way_out(estate.name, first),
        )


def _way_out(name: str, other: Cluster) -> str:
    if other.name == name:
        return f"Put the tag {CLUSTER_TAG}={name} on it where it is {name}'s own."
    return "Delete that cluster first, or --retain the VPC and its NAT gateways."


class _Vpc:
    """What lives in one VPC, sorted into ours, the cloud's own, and strangers."""

    def __init__(self, estate: Estate, vpc_id: str, found: Mapping[str, Any]) -> None:
        self._estate = estate
        self._id = vpc_id
        self._found = found
        self._clusters = {cluster.id for cluster in estate.clusters}
        nodes = {n.instance_id for id_ in self._clusters for n in found[f"nodes {id_}"]}
        self._known = {*estate.ids, *(row.id for row in estate.by_ack), *nodes}

    def strangers(self) -> list[Stranger]:
        """All of them."""
        return [
            *(self._one("vpc", "VSwitch", row) for row in self._others("vSwitch")),
            *(
                self._one("vpc", "NatGateway", row, row.vswitch_id)
                for row in self._others("NatGateway")
            ),
            *(
                self._one("vpc", "RouteTable", row, *row.vswitch_ids)
                for row in self._others("RouteTable")
                if row.custom
            ),
            *(
                self._one("ecs", "SecurityGroup", row)
                for row in self._others("SecurityGroup")
                if not (row.service_managed or row.name.startswith(ACK_GROUP))
            ),
            *(self._instance(row) for row in self._others("Instance")),
            *(self._interface(row) for row in self._loose()),
            *(
                self._one("slb", "LoadBalancer", row, row.vswitch_id)
                for row in self._others("LoadBalancer")
            ),
        ]

    def _others(self, kind: str) -> list[Any]:
        rows = self._found[f"{kind} {self._id}"]
        return [row for row in rows if row.id not in self._known and not self._of_cluster(row)]

    def _of_cluster(self, row: Any) -> bool:
        """Whether ACK made it for a cluster of ours: it goes with that."""
        return row.tags.get(ACK_TAG) in self._clusters

    def _loose(self) -> list[NetworkInterface]:
        """Interfaces on their own; the others come and go with their instance or product."""
        rows = self._others("NetworkInterface")
        return [r for r in rows if not r.instance_id and not r.primary and not r.service_managed]

    def _interface(self, row: NetworkInterface) -> Stranger:
        return self._one("ecs", "NetworkInterface", row, row.vswitch_id, *row.group_ids)

    def _instance(self, row: Instance) -> Stranger:
        interfaces = self._found[f"NetworkInterface {self._id}"]
        groups = [g for i in interfaces if i.instance_id == row.id for g in i.group_ids]
        return self._one("ecs", "Instance", row, row.vswitch_id, *groups)

    def _one(self, product: str, type_: str, row: Any, *homes: str) -> Stranger:
        return Stranger(
            _resource(product, type_, row.id, row.name, self._estate.region),
            frozenset(filter(None, (self._id, *homes))),
            disowned=row.name in _our_names(self._estate.name) or self._our_vswitch(type_, row),
        )

    def _our_vswitch(self, type_: str, row: Any) -> bool:
        name = self._estate.name
        return type_ == "VSwitch" and is_zone_resource(row.name, name, "vswitch")


def _our_names(name: str) -> tuple[str, ...]:
    """The names of what ackgpu makes one of; vSwitches are told by how theirs begin."""
    return tuple(resource_name(name, part) for part in ("vpc", "sg", "nat", "eip"))


def _resource(product: str, type_: str, id_: str, name: str, region: str) -> Resource:
    return Resource(
        product=product,
        type=type_,
        id=id_,
        name=name,
        region=region,
        state="",
        owned=False,
        billable=type_ in {"NatGateway", "Eip", "Instance", "LoadBalancer"},
    )
