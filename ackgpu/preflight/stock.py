"""Whether the instance types exist, and whether the zones that the spec allows have them now."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.cloud.api import ComputeApi, Stock
from ackgpu.engine.reads import ReadResults
from ackgpu.errors import NoCapacity
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import TYPES
from ackgpu.spec import catalog
from ackgpu.spec.model import NodePoolSpec
from ackgpu.steps.reads import stock_of_type

ID = "stock"


def stock_reads(target: Target) -> Reads:
    """The stock of every type of the spec."""
    return {stock_of_type(t): call(ComputeApi.stock, t) for t in target.spec.instance_types}


def stock_of(target: Target, facts: ReadResults, pool: NodePoolSpec) -> list[Stock]:
    """What the zones that the spec allows say of the pool's types, in the pool's order."""
    rows = [row for type_id in pool.instance_types for row in facts[stock_of_type(type_id)]]
    return [row for row in rows if not target.zones or row.zone_id in target.zones]


def _reads(target: Target) -> Reads:
    types = call(ComputeApi.instance_types, target.spec.instance_types)
    return {TYPES: types, **stock_reads(target)}


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    known = {row.id for row in facts[TYPES]}
    for type_id in target.spec.instance_types:
        if type_id not in known:
            close = ", ".join(catalog.suggest(type_id))
            fix = f"Did you mean {close}?" if close else "`ackgpu offers` lists what there is."
            yield CheckFinding(ID, "error", f"there is no instance type {type_id}", "", fix)
    for pool in target.spec.node_pools:
        if pool.desired_size and known.issuperset(pool.instance_types):
            yield _of_pool(target, facts, pool)


def _of_pool(target: Target, facts: ReadResults, pool: NodePoolSpec) -> CheckFinding:
    rows = stock_of(target, facts, pool)
    where = ", ".join(target.zones) or target.region
    available = [row for row in rows if row.available]
    types = " or ".join(pool.instance_types)
    if not available:
        tried = "; ".join(f"{row.zone_id} {row.instance_type} {row.status}" for row in rows)
        return CheckFinding(
            ID,
            "error",
            f"no stock of {types} in {where}",
            tried or "no zone there sells it",
            f"`ackgpu offers {flag.REGION} {target.region}` shows what there is.",
            NoCapacity,
        )
    plenty = [row for row in available if row.status == "WithStock"]
    first = (plenty or available)[0]
    if plenty:
        return CheckFinding(ID, "ok", f"{first.zone_id} has {first.instance_type}")
    return CheckFinding(
        ID,
        "warning",
        f"{first.zone_id} has {first.instance_type}, but stock is not refilled",
        first.status,
        "Name further instance types or zones, so that there is a second choice.",
    )


CHECK = Check(ID, _judge, _reads)
