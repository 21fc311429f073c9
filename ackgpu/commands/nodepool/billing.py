"""``nodepool convert-billing``: pay-as-you-go nodes become subscription ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Instance, NodePool, Price
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.engine.gather import all_of
from ackgpu.engine.step import Step
from ackgpu.errors import ConflictError, PreflightFailed, UsageError
from ackgpu.render.results import Facts, Result
from ackgpu.render.words import count
from ackgpu.session import Session
from ackgpu.spec import catalog
from ackgpu.steps.billing import subscription_steps
from ackgpu.steps.running_cluster import RunningCluster

PERIODS = (*range(1, 10), 12, 24, 36, 48, 60)
"""Months (ECS API reference, ModifyInstanceChargeType)."""
CONVERTIBLE = ("Running", "Stopped")


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(ChangeOptions):
    """The options of ``nodepool convert-billing``."""

    months: int


def convert(options: ConvertOptions, session: Session) -> Result:
    """Show the price, ask, and order."""
    months = options.months
    if months not in PERIODS:
        raise UsageError(
            f"{flag.PERIOD} {months} is no period.",
            resolution=f"Months: {', '.join(map(str, PERIODS))}.",
        )
    cloud = session.cloud()
    key = f"subscribe {options.pool} for {count(months, 'month')}"
    with changing(session, options, "nodepool convert-billing", key) as change:
        pool = change.pool()
        instances = _instances(change, pool)
        todo = [i for i in instances if i.charge_type != "PrePaid"]
        _refuse(change, pool, todo)
        price = _price(change, pool, todo, months)
        facts = {
            "cluster": options.name,
            "nodePool": pool.name,
            "instances": [i.id for i in todo],
            "alreadySubscriptions": [i.id for i in instances if i not in todo],
            "months": months,
            "price": price.amount,
            "currency": price.currency,
        }
        if not todo or options.dry_run:
            return _result(facts, todo, done=False)
        done = [i.id for i in instances if i not in todo]
        stays = f" Subscriptions already, and left as they are: {', '.join(done)}." if done else ""
        change.confirm(f"{_sentence(todo, months, price)}{stays} Go on?")
        running = RunningCluster(cloud, change.cluster.id)
        orders = subscription_steps(cloud, todo, months, running=running)
        steps: list[Step[Any]] = [running, *orders]
        change.apply(steps, change.look(steps))
        return _result(facts, todo, done=True)


def _instances(change: ClusterChange, pool: NodePool) -> list[Instance]:
    nodes = change.cloud.containers.nodes(change.cluster.id, node_pool_id=pool.id)
    ids = sorted(node.instance_id for node in nodes if node.instance_id)
    return change.cloud.compute.instances(ids=ids) if ids else []


def _refuse(change: ClusterChange, pool: NodePool, todo: Sequence[Instance]) -> None:
    cluster = change.cluster
    for what, state, good in (
        (f"cluster {cluster.name}", cluster.state, "running"),
        (f"node pool {pool.name}", pool.state, "active"),
    ):
        if todo and state != good:
            raise ConflictError(
                f"The {what} is {state}: nothing is ordered for it.",
                resolution=f"Subscriptions are for what stays. It has to be {good}.",
            )
    # ECS documentation, retired instance families.
    known = {i.type: catalog.gpu_type(i.type) for i in todo}
    retired = sorted(type_id for type_id, found in known.items() if found and found.retired)
    if retired:
        raise ConflictError(
            f"{', '.join(retired)}: the cloud converts no instance of a retired family to a"
            " subscription. Nothing was ordered.",
            resolution="`ackgpu offers` shows the types that are sold; a pool of one of them can be"
            " subscribed.",
        )
    spot = [i.id for i in todo if i.spot]
    if spot:
        raise ConflictError(
            f"Spot instances cannot be subscribed: {', '.join(spot)}.",
            resolution=f"Make a pool without {flag.SPOT}.",
        )
    if todo:
        change.refuse_autoscaled(pool, "it may release what was paid for")
    busy = [f"{i.id} is {i.state}" for i in todo if i.state not in CONVERTIBLE]
    if busy:
        raise PreflightFailed(
            "Only Running or Stopped instances are converted; nothing was ordered.", details=busy
        )


def _price(change: ClusterChange, pool: NodePool, todo: Sequence[Instance], months: int) -> Price:
    """The sum for all of them; unknown where one is."""
    kinds = Counter((i.type, i.zone_id) for i in todo)
    reads = {
        f"{type_id} {zone_id}": partial(
            change.cloud.compute.subscription_price,
            instance_type=type_id,
            zone_id=zone_id,
            disks=pool.disks,
            months=months,
        )
        for type_id, zone_id in kinds
    }
    prices: dict[str, Price] = all_of(change.session.reading(), reads)
    total = 0.0
    for (type_id, zone_id), times in kinds.items():
        amount = prices[f"{type_id} {zone_id}"].amount
        if amount is None:
            return Price(None, "", "DescribePrice")
        total += times * amount
    currency = next((price.currency for price in prices.values()), "")
    return Price(round(total, 2), currency, "DescribePrice")


def _sentence(todo: Sequence[Instance], months: int, price: Price) -> str:
    cost = "a price that could not be read"
    if price.amount is not None:
        cost = f"{price.amount:,.2f} {price.currency}"
    return (
        f"{count(len(todo), 'instance')} become subscriptions for {count(months, 'month')}: {cost},"
        " paid at once, and not released before their term when the pool or the cluster is deleted."
    )


def _result(facts: dict[str, object], todo: Sequence[Instance], *, done: bool) -> Result:
    headline = "Nothing to convert: every node is a subscription already."
    if todo:
        verb = "changed" if done else "to change"
        verb += " to a subscription" if len(todo) == 1 else " to subscriptions"
        headline = f"{count(len(todo), 'instance')} {verb}"
    part = Facts(headline=headline, facts=facts, done=done)
    return Result(command="nodepool convert-billing", part=part)
