"""Everything that is ours, from the cloud alone: no spec, no journal, no state directory needed.

What is deleted is found this way, so that a cluster made on another machine, or half of one, goes
as well as any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    ClusterResource,
    Disk,
    Eip,
    Instance,
    LoadBalancer,
    NatGateway,
    NetworkInterface,
    SecurityGroup,
    SnatEntry,
    Vpc,
    VSwitch,
)
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.naming import CLUSTER_TAG, RUN_TAG, cluster_name_from_tags, is_zone_resource
from ackgpu.steps.lookup import InVpc, Tagged

R = TypeVar("R", bound=Tagged)
V = TypeVar("V", bound=InVpc)
ACK_TAG = "ack.aliyun.com"
"""What ACK and its cloud controller put on what they make; the value is the cluster's id."""

READS = (
    "network.vpcs",
    "network.vswitches",
    "network.nat_gateways",
    "network.eips",
    "network.snat_entries",
    "compute.security_groups",
    "compute.instances",
    "containers.clusters",
    "containers.cluster",
    "containers.resources",
    "balancers.load_balancers",
)
"""The calls that looking for everything makes."""


@dataclass(frozen=True)
class Estate:
    """What carries a cluster's tag in a region, and the clusters of its name.

    ``foreign``: clusters of that name that are not ours. ``snat_entries``: every entry on a gateway
    of ours, and those of our name on a given one; they carry no tags. ``by_ack``: what ACK made for
    the clusters, by DescribeClusterResources. ``balancers``: load balancers that carry ACK's tag
    with the id of one of the clusters, or in a VPC of ours with that of a cluster that is gone.
    ``instances`` carry the tag that node pools give to their nodes. ``disks`` and ``interfaces``
    are what add-ons made for pods; only a deletion looks for them
    (:mod:`ackgpu.steps.pod_leftovers`).
    """

    name: str
    region: str
    vpcs: tuple[Vpc, ...]
    vswitches: tuple[VSwitch, ...]
    groups: tuple[SecurityGroup, ...]
    nat_gateways: tuple[NatGateway, ...]
    eips: tuple[Eip, ...]
    clusters: tuple[Cluster, ...]
    foreign: tuple[Cluster, ...] = ()
    snat_entries: tuple[tuple[NatGateway, SnatEntry], ...] = ()
    instances: tuple[Instance, ...] = ()
    balancers: tuple[LoadBalancer, ...] = ()
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[NetworkInterface, ...] = ()
    by_ack: tuple[ClusterResource, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is ours."""
        return not self.ids

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of everything that is ours."""
        groups = (
            self.vpcs,
            self.vswitches,
            self.groups,
            self.nat_gateways,
            self.eips,
            self.clusters,
            self.instances,
            self.balancers,
            self.disks,
            self.interfaces,
            [entry for _, entry in self.snat_entries],
        )
        return tuple(item.id for group in groups for item in group)

    @property
    def vpc_id(self) -> str:
        """The VPC that the cluster lives in, ours or given; empty where nothing tells."""
        ids = [
            *(vpc.id for vpc in self.vpcs),
            *(cluster.vpc_id for cluster in self.clusters),
            *(vswitch.vpc_id for vswitch in self.vswitches),
            *(group.vpc_id for group in self.groups),
            *(instance.vpc_id for instance in self.instances),
        ]
        return next(iter(ids), "")


def discover(cloud: Cloud, name: str, run: Run, *, cluster_ids: Sequence[str] = ()) -> Estate:
    """Look for everything of the cluster ``name`` at once.

    ``cluster_ids``: clusters that the journal remembers, which may be gone without their load
    balancers. Raises ValueError without a name: every tag would match.
    """
    if not name:
        raise ValueError("a cluster's name is needed")
    mine = {CLUSTER_TAG: name}
    found = all_of(
        run,
        {
            "vpcs": lambda: cloud.network.vpcs(tags=mine),
            "vswitches": lambda: cloud.network.vswitches(tags=mine),
            "groups": lambda: cloud.compute.security_groups(tags=mine),
            "nats": lambda: cloud.network.nat_gateways(tags=mine),
            "eips": lambda: cloud.network.eips(tags=mine),
            "instances": lambda: cloud.compute.instances(tags=mine),
            "clusters": lambda: cloud.containers.clusters(name=name, region=cloud.region),
        },
    )
    ours = [c for c in found["clusters"] if cluster_name_from_tags(c.tags) == name]
    estate = Estate(
        name=name,
        region=cloud.region,
        vpcs=tuple(found["vpcs"]),
        vswitches=tuple(found["vswitches"]),
        groups=tuple(found["groups"]),
        nat_gateways=tuple(found["nats"]),
        eips=tuple(found["eips"]),
        clusters=tuple(ours),
        foreign=tuple(c for c in found["clusters"] if c not in ours),
        instances=tuple(found["instances"]),
    )
    return _with_what_hangs_on_it(cloud, estate, run, cluster_ids)


def redundant(estate: Estate, run: str) -> Estate:
    """The part of the estate that ``run`` made and an earlier run has made as well.

    All that lies in a VPC made twice is; elsewhere what there is an earlier one of.
    """

    def twice(items: Sequence[R]) -> list[R]:
        runs = [item.tags.get(RUN_TAG, "") for item in items]
        rival = any(other < run for other in runs if other)
        return [item for item in items if rival and item.tags.get(RUN_TAG) == run]

    vpcs = twice(estate.vpcs)
    homes = {vpc.id for vpc in vpcs}

    def inside(items: Sequence[V]) -> list[V]:
        return [v for v in items if v.vpc_id in homes and v.tags.get(RUN_TAG) == run]

    nats = _once([*twice(estate.nat_gateways), *inside(estate.nat_gateways)])
    return Estate(
        name=estate.name,
        region=estate.region,
        vpcs=tuple(vpcs),
        vswitches=tuple(inside(estate.vswitches)),
        groups=_once([*twice(estate.groups), *inside(estate.groups)]),
        nat_gateways=nats,
        eips=tuple(twice(estate.eips)),
        clusters=tuple(twice(estate.clusters)),
        snat_entries=tuple(pair for pair in estate.snat_entries if pair[0] in nats),
    )


def _once(items: Sequence[R]) -> tuple[R, ...]:
    return tuple({item.id: item for item in items}.values())


def _with_what_hangs_on_it(
    cloud: Cloud, estate: Estate, run: Run, remembered: Sequence[str]
) -> Estate:
    """The estate with what carries no tag of ours: SNAT entries, and what ACK made."""
    gateways = list(estate.nat_gateways)
    if not gateways and estate.vpc_id:
        gateways = cloud.network.nat_gateways(vpc_id=estate.vpc_id)
    clusters = [cluster.id for cluster in estate.clusters]
    tagged = dict.fromkeys([*clusters, *remembered])
    found = all_of(
        run,
        {
            **{g.id: partial(cloud.network.snat_entries, table_id=g.snat_table_id)
               for g in gateways},
            **{f"resources {id_}": partial(cloud.containers.resources, id_) for id_ in clusters},
            **{f"tag {id_}": partial(cloud.balancers.load_balancers, tags={ACK_TAG: id_})
               for id_ in tagged},
            **{f"vpc {v.id}": partial(cloud.balancers.load_balancers, vpc_id=v.id)
               for v in estate.vpcs},
        },
    )  # fmt: skip
    rows = [row for id_ in clusters for row in found[f"resources {id_}"] if row.auto_created]
    balancers = {b.id: b for id_ in tagged for b in found[f"tag {id_}"]}
    inside = [b for v in estate.vpcs for b in found[f"vpc {v.id}"]]
    gone = gone_makers(cloud, inside, tagged)
    balancers |= {b.id: b for b in inside if b.tags.get(ACK_TAG) in gone}
    return replace(
        estate,
        snat_entries=_ours_of(estate, gateways, found),
        balancers=tuple(balancers.values()),
        by_ack=tuple(rows),
    )


def gone_makers(cloud: Cloud, inside: Sequence[Tagged], tagged: Collection[str]) -> set[str]:
    """The clusters that made things in VPCs of ours and are gone.

    What other clusters made there is somebody else's, and stays.
    """
    makers = {item.tags[ACK_TAG] for item in inside if item.tags.get(ACK_TAG)}
    return {maker for maker in makers - set(tagged) if cloud.containers.cluster(maker) is None}


def _ours_of(
    estate: Estate, gateways: Sequence[NatGateway], found: Mapping[str, Sequence[SnatEntry]]
) -> tuple[tuple[NatGateway, SnatEntry], ...]:
    return tuple(
        (gateway, entry)
        for gateway in gateways
        for entry in found[gateway.id]
        if gateway in estate.nat_gateways or is_zone_resource(entry.name, estate.name, "snat")
    )
