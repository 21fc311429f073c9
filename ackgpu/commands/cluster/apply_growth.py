"""What ``apply`` takes more: of limits, of stock, of money."""

from __future__ import annotations

from dataclasses import replace

from ackgpu.cloud.api import Price
from ackgpu.commands.account.costs import Paid, hourly_of, pools_of
from ackgpu.commands.cluster.apply_rows import Compared
from ackgpu.commands.cluster.operation import ClusterChange
from ackgpu.commands.cluster.plan import budget_error, priced
from ackgpu.engine.plan import Plan
from ackgpu.preflight.facts import needs_of
from ackgpu.session import Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.node_pool import taken_by

OF_NEW_POOLS = ("quota", "stock", "key-pair", "vgpu")
ENDPOINT = "cluster.endpointPublicAccess"


def check_growth(
    change: ClusterChange, blueprint: Blueprint, plan: Plan, compared: Compared
) -> None:
    """Check what the changes take more. Raises PreflightFailed and its kin, and OverBudget."""
    spec, flannel = blueprint.spec, blueprint.spec.network.is_flannel
    taken = [p.step.consumes for p in plan.steps if p.action in {"CREATE", "CHANGE"}]
    grown = []
    for pool in spec.node_pools:
        found = compared.pools.get(pool.name)
        more = pool.desired_size - found.total if found else 0
        if more > 0:
            grown.append(pool)
            taken.append(taken_by(pool, more, flannel=flannel))
    if any(d.field == ENDPOINT for d in compared.drift) and spec.cluster.endpoint_public_access:
        taken.append({"eips": 1})
    needs = needs_of(taken)
    if not needs:
        return
    new = [pool for pool in spec.node_pools if pool.name not in compared.pools]
    looked_at = spec.model_copy(update={"node_pools": tuple(new or grown or spec.node_pools)})
    zones = [zone.zone_id for zone in blueprint.zones]
    change.check(looked_at, needs, zones, OF_NEW_POOLS if new else ("quota",))
    if spec.lifecycle.max_hourly_price is not None:
        error = budget_error(change.session, spec, priced(change.session, blueprint))
        if error is not None:
            raise error


def price_more(change: ClusterChange, blueprint: Blueprint, compared: Compared) -> Price | None:
    """What an hour costs more afterwards than now; None if it is the same, less if negative."""
    parts = [_of_settings(change.session, blueprint, compared)]
    if compared.prune and compared.further:
        parts.append(_of_pools_that_go(change, compared))
    prices = [price for price in parts if price is not None]
    unknown = next((price for price in prices if price.amount is None), None)
    if unknown is not None or not prices:
        return unknown
    more = round(sum(price.amount or 0.0 for price in prices), 4)
    return replace(prices[0], amount=more) if more else None


def _of_settings(session: Session, blueprint: Blueprint, compared: Compared) -> Price | None:
    before = _as_it_is(blueprint.spec, compared)
    if before == blueprint.spec:
        return None
    after = priced(session, blueprint).total
    now = priced(session, replace(blueprint, spec=before)).total
    if after.amount is None or now.amount is None:
        return after if after.amount is None else now
    return replace(after, amount=after.amount - now.amount)


def _of_pools_that_go(change: ClusterChange, compared: Compared) -> Price:
    going = {pool.id for pool in compared.further}
    pools = [p for p in pools_of(change.cloud, [change.cluster]) if p.pool.id in going]
    told = hourly_of(change.session, Paid(change.cloud, pools=pools))
    amount = -(told.amount or 0.0) if told.complete else None
    return Price(amount=amount, currency=told.currency, source="; ".join(told.why))


def _as_it_is(spec: ClusterSpec, compared: Compared) -> ClusterSpec:
    """The spec with the sizes of now, without the pools that are not there."""
    pools = tuple(
        pool.model_copy(update={"desired_size": compared.pools[pool.name].total})
        for pool in spec.node_pools
        if pool.name in compared.pools
    )
    public = spec.cluster.endpoint_public_access
    moved = any(d.field == ENDPOINT for d in compared.drift)
    update = {"endpoint_public_access": not public if moved else public}
    return spec.model_copy(
        update={"node_pools": pools, "cluster": spec.cluster.model_copy(update=update)}
    )
