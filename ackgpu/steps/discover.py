"""Everything that is ours, from the cloud alone: no spec, no journal, no state directory needed.

What is deleted is found this way, so that a cluster made on another machine, or half of one, goes
as well as any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    Eip,
    NatGateway,
    SecurityGroup,
    SnatEntry,
    Vpc,
    VSwitch,
)
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Run
from ackgpu.naming import CLUSTER_TAG, cluster_name_from_tags, resource_name

READS = (
    "network.vpcs",
    "network.vswitches",
    "network.nat_gateways",
    "network.eips",
    "network.snat_entries",
    "compute.security_groups",
    "containers.clusters",
)
"""The calls that looking for everything makes."""


@dataclass(frozen=True)
class Estate:
    """What carries a cluster's tag in a region, and the clusters of its name.

    ``foreign``: clusters of that name that are not ours. ``snat_entries``: every entry on a gateway
    of ours, and those of our name on a given one; they carry no tags.
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
        ]
        return next(iter(ids), "")


def discover(cloud: Cloud, name: str, run: Run) -> Estate:
    """Look for everything of the cluster ``name`` at once."""
    mine = {CLUSTER_TAG: name}
    found = all_of(
        run,
        {
            "vpcs": lambda: cloud.network.vpcs(tags=mine),
            "vswitches": lambda: cloud.network.vswitches(tags=mine),
            "groups": lambda: cloud.compute.security_groups(tags=mine),
            "nats": lambda: cloud.network.nat_gateways(tags=mine),
            "eips": lambda: cloud.network.eips(tags=mine),
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
    )
    return replace(estate, snat_entries=_snat_entries(cloud, estate, run))


def _snat_entries(
    cloud: Cloud, estate: Estate, run: Run
) -> tuple[tuple[NatGateway, SnatEntry], ...]:
    gateways = list(estate.nat_gateways)
    if not gateways and estate.vpc_id:
        gateways = cloud.network.nat_gateways(vpc_id=estate.vpc_id)
    prefix = resource_name(estate.name, "snat")
    calls = {g.id: partial(cloud.network.snat_entries, table_id=g.snat_table_id) for g in gateways}
    found = all_of(run, calls)
    return tuple(
        (gateway, entry)
        for gateway in gateways
        for entry in found[gateway.id]
        if gateway in estate.nat_gateways or entry.name.startswith(prefix)
    )
