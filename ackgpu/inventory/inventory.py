"""What carries a cluster's tag in a region, and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ackgpu.cloud.api import (
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
from ackgpu.errors import CloudError
from ackgpu.inventory.resources import KINDS, ResourceKind

T = TypeVar("T")
Rows = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class _Field(Generic[T]):
    """An attribute of an inventory: what there is of ours in the field of that name."""

    name: str

    def __get__(self, inventory: Inventory, _owner: object) -> tuple[T, ...]:
        return inventory.rows.get(self.name, ())


@dataclass(frozen=True)
class Inventory:
    """Everything of one cluster's name.

    ``rows``: by the field of their kind. ``foreign``: clusters of that name that are not ours.
    ``snat_entries``: every entry on a gateway of ours, and those of our name on a given one; they
    carry no tags. ``by_ack``: what ACK made for the clusters, by DescribeClusterResources.
    ``unread``: what could not be read, in a way that may pass; only a deletion goes on without it.
    """

    name: str
    region: str
    rows: Rows = field(default_factory=dict)
    foreign: tuple[Cluster, ...] = ()
    snat_entries: tuple[tuple[NatGateway, SnatEntry], ...] = ()
    by_ack: tuple[ClusterResource, ...] = ()
    unread: Mapping[str, CloudError] = field(default_factory=dict)

    vpcs = _Field[Vpc]("vpcs")
    vswitches = _Field[VSwitch]("vswitches")
    groups = _Field[SecurityGroup]("groups")
    nat_gateways = _Field[NatGateway]("nat_gateways")
    eips = _Field[Eip]("eips")
    clusters = _Field[Cluster]("clusters")
    instances = _Field[Instance]("instances")
    """Those with the tag that node pools give to their nodes."""
    balancers = _Field[LoadBalancer]("balancers")
    """Classic load balancers that ACK or its cloud controller made for one of the clusters."""
    disks = _Field[Disk]("disks")
    interfaces = _Field[NetworkInterface]("interfaces")
    """Volumes' disks and pods' network interfaces: only a deletion looks for them."""

    def of(self, kind: ResourceKind) -> tuple[Any, ...]:
        """What there is of a kind."""
        return self.rows.get(kind.field, ())

    def with_rows(self, rows: Rows) -> Inventory:
        """The same with other rows in these fields."""
        return replace(self, rows={**self.rows, **rows})

    def joined(self, later: Inventory) -> Inventory:
        """What either look found; of what both found, the row of the later one."""
        fields = {*self.rows, *later.rows}
        both = {f: (*self.rows.get(f, ()), *later.rows.get(f, ())) for f in fields}
        entries = {e.id: (g, e) for g, e in (*self.snat_entries, *later.snat_entries)}
        by_ack = {(row.type, row.id): row for row in (*self.by_ack, *later.by_ack)}
        return replace(
            later,
            rows={f: tuple({row.id: row for row in rows}.values()) for f, rows in both.items()},
            snat_entries=tuple(entries.values()),
            by_ack=tuple(by_ack.values()),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is ours."""
        return not self.ids

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of everything that is ours."""
        ids = (row.id for kind in KINDS for row in self.of(kind))
        return (*ids, *(entry.id for _, entry in self.snat_entries))

    @property
    def vpc_id(self) -> str:
        """The VPC that the cluster lives in, ours or given; empty if nothing tells."""
        housed: tuple[Any, ...] = (*self.clusters, *self.vswitches, *self.groups, *self.instances)
        ids = (*(vpc.id for vpc in self.vpcs), *(row.vpc_id for row in housed))
        return next(iter(ids), "")
