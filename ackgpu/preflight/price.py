"""What the cluster costs an hour: nodes and disks by DescribePrice, the rest where documented.

What nobody tells is unknown, never 0; a total with an unknown part is the least that it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import ComputeApi, NodePrice, Price
from ackgpu.cloud.api.billing import BillingApi, PaidByUse
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.errors import AckGpuError, OverBudget, reason
from ackgpu.preflight.calls import CloudCall, call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.documented_prices import control_plane_price
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import node_price, period_price, price_of_use
from ackgpu.preflight.stock import stock_of, stock_reads
from ackgpu.spec.model import NodePoolSpec

ID = "price"
LIMIT, ALLOW = flag.MAX_HOURLY_PRICE, flag.ALLOW_UNKNOWN_PRICE
HOURS_A_MONTH = 730
"""A twelfth of a year: by it a subscription has its share of an hour."""
PAID_BY_USE: tuple[tuple[PaidByUse, str], ...] = (
    ("NAT", "nat_gateways"), ("EIP", "eips"), ("SLB", "load_balancers"),
)  # fmt: skip
"""What is asked of the billing API, and the limit that says how many there are."""


@dataclass(frozen=True)
class Estimate:
    """An hour of the cluster. ``parts``: what, and its price; ``of`` is the day of the answers.

    ``order``: what its subscriptions cost for their whole periods, paid at once; None without any.
    """

    parts: tuple[tuple[str, Price], ...]
    of: str
    order: Price | None = None

    @property
    def complete(self) -> bool:
        """Whether every part is known."""
        return all(price.amount is not None for _, price in self.parts)

    @property
    def total(self) -> Price:
        """The sum of what is known: a lower bound where not all is. Unknown without any."""
        known = [price for _, price in self.parts if price.amount is not None]
        if not known:
            return Price(None, "", "unknown")
        currency = next((price.currency for price in known if price.currency), "")
        source = "DescribePrice and documents" if self.complete else "at least"
        return Price(round(sum(p.amount or 0.0 for p in known), 4), currency, source)


def price_reads(target: Target) -> Reads:
    """The price of a node of every type of every pool."""
    reads: dict[Read[Any], CloudCall[Any]] = dict(stock_reads(target))
    zone = next(iter(target.zones), "")
    for pool in target.spec.node_pools:
        for type_id in pool.instance_types:
            of_a_node: dict[str, Any] = {
                "instance_type": type_id,
                "zone_id": zone,
                "disks": _disks(pool),
            }
            if pool.charge_type == "PrePaid":
                paid = call(ComputeApi.subscription_price, **of_a_node, months=pool.period)
                reads[period_price(pool.name, type_id)] = paid
            else:
                by_hour = call(ComputeApi.price, **of_a_node, spot=pool.spot.enabled)
                reads[node_price(pool.name, type_id)] = by_hour
    for what, limit in PAID_BY_USE:
        if target.owns.get(limit):
            reads[price_of_use(what)] = call(BillingApi.hourly_price, what)
    return reads


def estimate(target: Target, facts: ReadResults) -> Estimate:
    """The estimate. A price that could not be read is unknown, with the reason as its source."""
    nodes, disks = _node_parts(target, facts)
    currency = nodes.currency
    parts = [("nodes", nodes), ("disks", disks)]
    for what, limit in PAID_BY_USE:
        number = target.owns.get(limit, 0)
        if number:
            parts.append((what, _times(number, _told(facts, price_of_use(what)))))
            currency = currency or parts[-1][1].currency
    parts.append(("control plane", control_plane_price(target.spec.cluster.spec, currency)))
    return Estimate(tuple(parts), f"{target.clock.wall():%Y-%m-%d}", _order(target, facts))


def over_budget(target: Target, found: Estimate) -> tuple[str, str]:
    """Why the spec's ``maxHourlyPrice`` forbids it, and what to do; empty if it does not.

    A budget that cannot be evaluated forbids too, unless the spec allows unknown prices.
    """
    lifecycle, total = target.spec.lifecycle, found.total
    most = lifecycle.max_hourly_price
    if most is None:
        return "", ""
    if total.amount is not None and total.amount > most:
        least = "" if found.complete else "at least "
        problem = f"It costs {least}{total.amount:.2f} {total.currency} an hour, over {most:.2f}."
        return problem, f"Use fewer or smaller nodes, or raise {LIMIT}."
    if found.complete or lifecycle.allow_unknown_price:
        return "", ""
    unknown = "; ".join(
        f"{what}: {price.source or 'no price is documented'}"
        for what, price in found.parts
        if price.amount is None
    )
    problem = (
        f"It cannot be told whether it costs more than {most:.2f} an hour: a price is not known"
        f" ({unknown})."
    )
    return problem, f"{ALLOW} compares with what is known."


def _order(target: Target, facts: ReadResults) -> Price | None:
    """What the subscriptions of all pools cost for their periods."""
    pools = [pool for pool in target.spec.node_pools if pool.charge_type == "PrePaid"]
    if not pools:
        return None
    priced = [(pool.desired_size, _told(facts, _period(target, facts, pool))) for pool in pools]
    return _sum(priced)


def _node_parts(target: Target, facts: ReadResults) -> tuple[Price, Price]:
    pools = target.spec.node_pools
    prices = [(pool.desired_size, _node_price(target, facts, pool)) for pool in pools]
    return (
        _sum([(count, price.instance) for count, price in prices]),
        _sum([(count, price.disks) for count, price in prices]),
    )


def _node_price(target: Target, facts: ReadResults, pool: NodePoolSpec) -> NodePrice:
    """The price of a node; of a subscription the hour's share, which holds its disks."""
    if pool.charge_type == "PrePaid":
        whole = _told(facts, _period(target, facts, pool))
        hours = pool.period * HOURS_A_MONTH
        share = None if whole.amount is None else round(whole.amount / hours, 4)
        free = None if share is None else 0.0
        return NodePrice(replace(whole, amount=share), replace(whole, amount=free))
    read = node_price(pool.name, _chosen(target, facts, pool))
    error = facts.error(read)
    if error is not None:
        unknown = Price(None, "", reason(error))
        return NodePrice(unknown, unknown)
    return facts[read]


def _period(target: Target, facts: ReadResults, pool: NodePoolSpec) -> Read[Price]:
    """The read of what a node of a pool costs for its period."""
    return period_price(pool.name, _chosen(target, facts, pool))


def _chosen(target: Target, facts: ReadResults, pool: NodePoolSpec) -> str:
    """The first type of a pool that is in stock, else the first type."""
    try:
        rows = stock_of(target, facts, pool)
    except AckGpuError:
        rows = []
    available = [row.instance_type for row in rows if row.available]
    return next(iter(available), pool.instance_types[0])


def _told(facts: ReadResults, read: Read[Price]) -> Price:
    """The price that was read; unknown with the reason where the read failed."""
    error = facts.error(read)
    if error is not None:
        return Price(None, "", reason(error))
    return facts[read]


def _times(number: int, price: Price) -> Price:
    total = None if price.amount is None else round(number * price.amount, 4)
    return replace(price, amount=total)


def _sum(counted: Sequence[tuple[int, Price]]) -> Price:
    wanted = [(count, price) for count, price in counted if count]
    # A sum without one pool would pass for all of them.
    unknown = next((price for _, price in wanted if price.amount is None), None)
    if unknown is not None:
        return unknown
    currency = next((price.currency for _, price in wanted), "")
    total = sum(count * (price.amount or 0.0) for count, price in wanted)
    return Price(round(total, 4), currency, "DescribePrice")


def _disks(pool: NodePoolSpec) -> list[tuple[str, int]]:
    disks = [(pool.disk_category, pool.system_disk.size)]
    return disks + [(disk.category or pool.disk_category, disk.size) for disk in pool.data_disks]


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    found = estimate(target, facts)
    total, nodes = found.total, found.parts[0][1]
    problem, fix = over_budget(target, found)
    unknown = ", ".join(what for what, price in found.parts if price.amount is None)
    if problem:
        yield CheckFinding(ID, "error", problem, "", fix, OverBudget)
    elif nodes.amount is None:  # by far the most of it: what is left would pass for the price
        yield CheckFinding(ID, "unknown", "the price of the nodes is not known", nodes.source)
    else:
        without = f", without {unknown}" if unknown else ""
        yield CheckFinding(ID, "ok", f"{total.amount:.2f} {total.currency} an hour{without}")
    yield from _low_limits(target, facts)


def _low_limits(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    """Spot nodes whose limit is below today's price: none starts, and all else is paid for."""
    for pool in target.spec.node_pools:
        limit, now = pool.spot.price_limit, _node_price(target, facts, pool).instance
        if limit is None or now.amount is None or limit >= now.amount:
            continue
        what = f"{pool.name}: {limit:g} an hour is below today's spot price, {now.amount:g}"
        fix = f"Raise {flag.SPOT_PRICE_LIMIT}, or leave it out: the market's price is paid then."
        yield CheckFinding(ID, "warning", what, "no node may start", fix, at_once=True)


CHECK = Check(ID, _judge, price_reads)
