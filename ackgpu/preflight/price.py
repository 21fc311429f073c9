"""What the cluster costs an hour: nodes and disks by DescribePrice, the rest where documented.

What nobody tells is unknown, never 0; a total with an unknown part is the least that it can be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ackgpu.cloud.api import NodePrice, Price
from ackgpu.errors import AckGpuError, OverBudget
from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target, reason
from ackgpu.preflight.stock import stock_of, stock_reads
from ackgpu.spec.model import NodePoolSpec

ID = "price"
UNPRICED = (("NAT", "nat_gateways"), ("EIP", "eips"), ("SLB", "load_balancers"))


@dataclass(frozen=True)
class Estimate:
    """An hour of the cluster. ``parts``: what, and its price; ``of`` is the day of the answers."""

    parts: tuple[tuple[str, Price], ...]
    of: str

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
    reads: dict[str, Callable[[], Any]] = dict(stock_reads(target))
    zone = next(iter(target.zones), "")
    for pool in target.spec.node_pools:
        for type_id in pool.instance_types:
            reads[_read(pool, type_id)] = partial(
                target.cloud.compute.price,
                instance_type=type_id,
                zone_id=zone,
                disks=_disks(pool),
                spot=pool.spot.enabled,
            )
    return reads


def estimate(target: Target, facts: Facts) -> Estimate:
    """The estimate. A price that could not be read is unknown, with the reason as its source."""
    nodes, disks = _node_parts(target, facts)
    currency = nodes.currency
    parts = [("nodes", nodes), ("disks", disks)]
    parts += [
        (what, Price(None, currency, "not documented"))
        for what, limit in UNPRICED
        if target.owns.get(limit)
    ]
    parts.append(("control plane", _control_plane(target.spec.cluster.spec, currency)))
    return Estimate(tuple(parts), f"{target.clock.wall():%Y-%m-%d}")


def over_budget(target: Target, total: Price) -> str:
    """Why the spec's ``maxHourlyPrice`` is exceeded; empty where it is not, or nothing is known."""
    most = target.spec.lifecycle.max_hourly_price
    if most is None or total.amount is None or total.amount <= most:
        return ""
    least = "at least " if total.source == "at least" else ""
    return f"It costs {least}{total.amount:.2f} {total.currency} an hour, over {most:.2f}."


def _node_parts(target: Target, facts: Facts) -> tuple[Price, Price]:
    prices: list[tuple[int, NodePrice]] = []
    for pool in target.spec.node_pools:
        if pool.charge_type == "PrePaid":
            paid = Price(None, "", "paid by the month")
            prices.append((pool.desired_size, NodePrice(paid, paid)))
        else:
            prices.append((pool.desired_size, _node_price(target, facts, pool)))
    return (
        _sum([(count, price.instance) for count, price in prices]),
        _sum([(count, price.disks) for count, price in prices]),
    )


def _node_price(target: Target, facts: Facts, pool: NodePoolSpec) -> NodePrice:
    """The price of the first type that is in stock, else of the first type."""
    try:
        rows = stock_of(target, facts, pool)
    except AckGpuError:
        rows = []
    available = [row.instance_type for row in rows if row.available]
    type_id = next(iter(available), pool.instance_types[0])
    error = facts.error(_read(pool, type_id))
    if error is not None:
        unknown = Price(None, "", reason(error))
        return NodePrice(unknown, unknown)
    found: NodePrice = facts[_read(pool, type_id)]
    return found


def _sum(counted: Sequence[tuple[int, Price]]) -> Price:
    wanted = [(count, price) for count, price in counted if count]
    unknown = next((price for _, price in wanted if price.amount is None), None)
    if unknown is not None:
        return unknown
    currency = next((price.currency for _, price in wanted), "")
    total = sum(count * (price.amount or 0.0) for count, price in wanted)
    return Price(round(total, 4), currency, "DescribePrice")


def _control_plane(cluster_spec: str, currency: str) -> Price:
    document = _document()
    by_currency = document["control_plane"].get(cluster_spec, {})
    amount = by_currency.get("*", by_currency.get(currency))
    return Price(amount, currency, f"documented {document['of']}" if amount is not None else "")


def _disks(pool: NodePoolSpec) -> list[tuple[str, int]]:
    disks = [(pool.disk_category, pool.system_disk.size)]
    return disks + [(disk.category or pool.disk_category, disk.size) for disk in pool.data_disks]


def _read(pool: NodePoolSpec, type_id: str) -> str:
    return f"price {pool.name} {type_id}"


@cache
def _document() -> dict[str, Any]:
    text = files("ackgpu.preflight").joinpath("data/prices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    found = estimate(target, facts)
    total = found.total
    problem = over_budget(target, total)
    unknown = ", ".join(what for what, price in found.parts if price.amount is None)
    if problem:
        fix = "Use fewer or smaller nodes, or raise --max-hourly-price."
        yield Finding(ID, "error", problem, "", fix, OverBudget)
    elif total.amount is None:
        yield Finding(ID, "unknown", "no price is known", found.parts[0][1].source)
    else:
        without = f", without {unknown}" if unknown else ""
        yield Finding(ID, "ok", f"{total.amount:.2f} {total.currency} an hour{without}")


CHECK = Check(ID, _judge, price_reads)
