"""What clusters cost an hour, and have cost so far, as far as prices are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, ClusterNode, NodePool, NodePrice, Price
from ackgpu.cloud.api.billing import PaidByUse
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.gather import settle_all
from ackgpu.engine.run import NOW, Run
from ackgpu.engine.step import Resource
from ackgpu.engine.workers import Call
from ackgpu.errors import AckGpuError, TimedOut, reason
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.resources import BALANCER, CLUSTER, EIP, INSTANCE, KINDS, NAT_GATEWAY
from ackgpu.naming import RUN_TAG, start_of_run
from ackgpu.preflight.documented_prices import control_plane_price
from ackgpu.session import Session

PATIENCE_SECONDS = 20.0
"""Real seconds: what something costs is good to know, and nothing waits long for it."""
BY_USE: Mapping[tuple[str, str], PaidByUse] = {
    (NAT_GATEWAY.product, NAT_GATEWAY.type): "NAT",
    (EIP.product, EIP.type): "EIP",
    (BALANCER.product, BALANCER.type): "SLB",
}
"""The kinds whose price the billing API tells, by their product and type."""


@dataclass(frozen=True)
class PoolNodes:
    """A pool and its nodes."""

    pool: NodePool
    nodes: Sequence[ClusterNode]


@dataclass(frozen=True)
class Paid:
    """What is paid for under one cluster's name, in the region of ``cloud``.

    ``unread``: why there may be more, by the type of what could not be read.
    """

    cloud: Cloud
    clusters: Sequence[Cluster] = ()
    pools: Sequence[PoolNodes] = ()
    resources: Sequence[Resource] = ()
    unread: Mapping[str, Exception] = field(default_factory=dict)

    @property
    def nodes(self) -> Counter[NodeType]:
        """How many nodes there are of which type and pool; subscriptions are paid already."""
        return Counter(
            NodeType(node.instance_type, each.pool.disks, each.pool.spot_strategy != "NoSpot")
            for each in self.pools
            if each.pool.charge_type != "PrePaid"
            for node in each.nodes
            if node.instance_type
        )

    @property
    def by_use(self) -> Counter[PaidByUse]:
        """How many things there are that the billing API tells the price of."""
        kinds = (BY_USE.get((r.product, r.type)) for r in self.resources if r.billable)
        return Counter(kind for kind in kinds if kind)


@dataclass(frozen=True)
class NodeType:
    """What decides the price of a node."""

    instance_type: str
    disks: tuple[tuple[str, int], ...]
    spot: bool


def pools_of(cloud: Cloud, clusters: Sequence[Cluster]) -> list[PoolNodes]:
    """The pools of the clusters with their nodes."""
    found = []
    for cluster in clusters:
        pools = cloud.containers.node_pools(cluster.id)
        nodes = cloud.containers.nodes(cluster.id) if pools else []
        found += [PoolNodes(p, [n for n in nodes if n.node_pool_id == p.id]) for p in pools]
    return found


def hourly_of(session: Session, paid: Paid, run: Run | None = None) -> KnownSum:
    """What it costs an hour, and the kinds whose price nobody tells."""
    return hourly_sums(session, {"": paid}, run)[""]


def hourly_sums(
    session: Session, paid: Mapping[str, Paid], run: Run | None = None
) -> dict[str, KnownSum]:
    """What each costs an hour; a price is asked once for all of them.

    What is not told within :data:`PATIENCE_SECONDS` is not known. ``run``: one that reads although
    the command was stopped.
    """
    reads: dict[str, Call] = {}
    for each in paid.values():
        prices, price = each.cloud.billing.hourly_price, each.cloud.compute.price
        reads |= {_key(each, what): partial(prices, what) for what in each.by_use}
        reads |= {
            _key(each, node): partial(
                price,
                instance_type=node.instance_type,
                zone_id="",
                disks=node.disks,
                spot=node.spot,
            )
            for node in each.nodes
        }
    found: dict[str, Any] = {}
    run = replace(run or session.reading(), started=NOW).within(
        PATIENCE_SECONDS * session.clock.speed
    )
    try:
        found = settle_all(run, reads)
    except TimedOut as error:
        found = dict.fromkeys(reads, error)
    return {name: _sum_of(each, found) for name, each in paid.items()}


def not_priced(name: str, told: KnownSum) -> list[str]:
    """The warning on prices that could not be read; none if it is only that nobody tells them."""
    return [f"What {name} costs is not known in full: {'; '.join(told.why)}."] if told.why else []


def born(inventory: Inventory) -> datetime | None:
    """When the first of it was made, as far as that is known."""
    rows = [row for kind in KINDS for row in inventory.of(kind)]
    runs = (start_of_run(row.tags.get(RUN_TAG, "")) for row in rows if hasattr(row, "tags"))
    clusters = [cluster.created for cluster in inventory.clusters if cluster.created]
    return min(clusters or filter(None, runs), default=None)


@dataclass
class _Sum:
    """A sum that grows."""

    known: list[float] = field(default_factory=list)
    currency: str = ""
    unpriced: set[str] = field(default_factory=set)
    why: dict[str, None] = field(default_factory=dict)

    def add(self, number: int, price: Price, type_: str) -> None:
        self.currency = self.currency or price.currency
        if price.amount is None:
            self.lack(type_, price.source)
        else:
            self.known.append(number * price.amount)

    def lack(self, type_: str, why: str) -> None:
        self.unpriced.add(type_)
        self.why |= {why: None} if why else {}


def _sum_of(paid: Paid, found: Mapping[str, Any]) -> KnownSum:
    total = _Sum()
    told = {*BY_USE, (CLUSTER.product, CLUSTER.type), (INSTANCE.product, INSTANCE.type)}
    covered = {node.instance_id for each in paid.pools for node in each.nodes}
    for row in paid.resources:
        known = (row.product, row.type) in told and (row.type != INSTANCE.type or row.id in covered)
        if row.billable and not known:
            total.lack(row.type, "")
    for node, number in paid.nodes.items():
        price = _told(found[_key(paid, node)])
        total.add(number, price.instance, INSTANCE.type)
        total.add(number, price.disks, INSTANCE.type)
    for type_, error in paid.unread.items():
        total.lack(type_, _unknown(error).source)
    for what, number in paid.by_use.items():
        price = found[_key(paid, what)]
        type_ = next(type_ for (_, type_), each in BY_USE.items() if each == what)
        total.add(number, _unknown(price) if isinstance(price, Exception) else price, type_)
    for cluster in paid.clusters:
        total.add(1, control_plane_price(cluster.cluster_spec, total.currency), CLUSTER.type)
    free = bool(paid.resources) and not total.unpriced
    amount = round(sum(total.known), 4) if total.known or free else None
    return KnownSum(amount, total.currency, tuple(sorted(total.unpriced)), tuple(total.why))


def _key(paid: Paid, what: PaidByUse | NodeType) -> str:
    return f"{paid.cloud.region} {what}"


def _told(price: Any) -> NodePrice:
    if isinstance(price, NodePrice):
        return price
    return NodePrice(_unknown(price), _unknown(price))


def _unknown(error: Exception) -> Price:
    return Price(None, "", reason(error) if isinstance(error, AckGpuError) else "")
