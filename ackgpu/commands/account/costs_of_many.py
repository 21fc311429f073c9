"""What each cluster of a list costs, with as few reads as all of them need together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.account.costs import Paid, hourly_sums, pools_of
from ackgpu.commands.cluster.rows import with_costs
from ackgpu.engine.gather import settle_all
from ackgpu.engine.step import Resource
from ackgpu.engine.workers import Call
from ackgpu.inventory.resources import BALANCER, EIP, INSTANCE, NAT_GATEWAY, ResourceKind, by_ack
from ackgpu.naming import cluster_name_from_tags
from ackgpu.render.results import ClusterRow
from ackgpu.session import Session

OF_A_REGION = (NAT_GATEWAY, EIP)
"""What costs and carries our tag: listed once for all clusters of a region."""


@dataclass(frozen=True)
class CostRow:
    """A row of the list, and by what its costs are found. ``born``: when it began to cost."""

    row: ClusterRow
    cloud: Cloud
    cluster: Cluster | None = None
    born: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is past its expiry, and not held."""
        return self.row.expired and not self.row.held


def with_costs_of(session: Session, seen: Sequence[CostRow]) -> list[ClusterRow]:
    """The rows with what each costs and has cost; what cannot be read is not known."""
    reads: dict[str, Call] = {}
    for each in seen:
        for kind in OF_A_REGION:
            reads[_listed(kind, each.cloud)] = kind.listing(each.cloud)
        if each.cluster is not None:
            id_, cloud = each.cluster.id, each.cloud
            reads[f"pools of {id_}"] = partial(pools_of, cloud, [each.cluster])
            reads[f"resources of {id_}"] = partial(cloud.containers.resources, id_)
    found = settle_all(session.reading(), reads)
    paid = {str(index): _paid(each, found) for index, each in enumerate(seen)}
    sums = hourly_sums(session, paid)
    births = [each.cluster.created if each.cluster else each.born for each in seen]
    return [
        with_costs(session, each.row, sums[str(index)], birth)
        for index, (each, birth) in enumerate(zip(seen, births, strict=True))
    ]


def _paid(seen: CostRow, found: Mapping[str, Any]) -> Paid:
    unread: dict[str, Exception] = {}

    def rows_of(read: str, type_: str) -> Sequence[Any]:
        rows = found.get(read, ())
        if isinstance(rows, Exception):
            unread[type_] = rows
            return ()
        return rows  # type: ignore[no-any-return]  # a read forgets the type

    resources: dict[str, Resource] = {}
    for kind in OF_A_REGION:
        for row in rows_of(_listed(kind, seen.cloud), kind.type):
            if cluster_name_from_tags(row.tags) == seen.row.name:
                resources[row.id] = kind.resource(row, seen.cloud.region)
    id_ = seen.cluster.id if seen.cluster else ""
    for row in rows_of(f"resources of {id_}", BALANCER.type):
        if row.auto_created:
            resources.setdefault(row.id, by_ack(row, seen.cloud.region))
    pools = rows_of(f"pools of {id_}", INSTANCE.type)
    clusters = (seen.cluster,) if seen.cluster else ()
    return Paid(seen.cloud, clusters, pools, tuple(resources.values()), unread)


def _listed(kind: ResourceKind, cloud: Cloud) -> str:
    return f"{kind.plural} in {cloud.region}"
