"""Which instance type a node pool gets that names none: an ordered choice, from what stands first.

The type of ACK's document on lightweight GPU workloads if a zone has it; it is of a retired family
and needs a licence of one's own, so that many regions and accounts cannot have it. Else the
cheapest lightweight type with at least its GPU memory, licence included. All of them count against
the same quota of vGPU instances, which preflight checks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, NodePrice, Stock
from ackgpu.engine.gather import settle_all
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.engine.run import Run
from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.model import DEFAULT_POOL, ClusterSpec, NodePoolSpec
from ackgpu.spec.rules.instances import big_enough, fits_terway
from ackgpu.steps.blueprint import TypeChoice
from ackgpu.steps.reads import GIVEN_VSWITCHES, stock_of_type, type_price

READS = ("compute.stock", "compute.price", "containers.node_pools")
"""The calls that choosing makes."""
MAX_TYPES = 3
"""How many types are tried, one after the other: each takes a pool that is made and removed."""
REFILLED = "WithStock"
DOCUMENTED = DEFAULT_POOL.instance_types[0]


def choose_types(
    cloud: Cloud, spec: ClusterSpec, run: Run, ours: Sequence[Cluster], facts: ReadResults
) -> tuple[ClusterSpec, TypeChoice | None, ReadResults]:
    """The spec with a type for each pool that names none, and the choice; None without such a pool.

    The facts come back with the stock that was read.
    """
    open_pools = [pool for pool in spec.node_pools if pool.types_open]
    if not open_pools:
        return spec, None, facts
    pools = cloud.containers.node_pools(ours[0].id) if ours else []
    stand = {pool.name: pool.instance_types for pool in pools if pool.instance_types}
    # What stands decides: stock and prices of today would make a drift of each second create.
    standing = [stand[pool.name] for pool in open_pools if pool.name in stand]
    if standing:
        choice = TypeChoice(standing[0][0], "the node pool has it")
    else:
        choice, facts = _chosen(cloud, spec, run, facts)
    types = {pool.name: stand.get(pool.name, (choice.instance_type,)) for pool in open_pools}
    return _with_types(spec, types), choice, facts


def next_choice(
    cloud: Cloud, spec: ClusterSpec, run: Run, tried: Sequence[str]
) -> tuple[ClusterSpec, TypeChoice] | None:
    """The spec with the next type where those ``tried`` got no nodes; None if there is none.

    Only of pools that name no type, of which ``spec`` has the one that was chosen for them.
    """
    given = [vswitch.id for vswitch in spec.network.vswitches if vswitch.id]
    facts = ReadResults({GIVEN_VSWITCHES: cloud.network.vswitches(ids=given)} if given else {})
    best = _cheapest(cloud, spec, run, facts, tried)
    if best is None:
        return None
    choice, _ = best
    types = {
        pool.name: (choice.instance_type,)
        for pool in spec.node_pools
        if set(pool.instance_types) <= set(tried)
    }
    return _with_types(spec, types), choice


def is_in_stock(cloud: Cloud, type_id: str, zones: Collection[str]) -> bool:
    """Whether one of the zones has the type."""
    return bool(_available(cloud.compute.stock(type_id), set(zones)))


def candidates(*, terway: bool) -> list[GpuType]:
    """The types that stand in for the documented one, in the order of the table."""
    documented = catalog.gpu_type(DOCUMENTED)
    least = documented.gpu_memory_gib if documented else 0
    return [
        row
        for row in catalog.gpu_types()
        if row.vgpu
        and row.license == "included"
        and not row.retired
        and row.gpu_memory_gib >= least
        and big_enough(row)
        and (not terway or fits_terway(row))
    ]


def _with_types(spec: ClusterSpec, types: Mapping[str, tuple[str, ...]]) -> ClusterSpec:
    def settled(pool: NodePoolSpec) -> NodePoolSpec:
        found = types.get(pool.name)
        return pool.model_copy(update={"instance_types": found}) if found else pool

    pools = tuple(settled(pool) for pool in spec.node_pools)
    return spec.model_copy(update={"node_pools": pools})


def _chosen(
    cloud: Cloud, spec: ClusterSpec, run: Run, facts: ReadResults
) -> tuple[TypeChoice, ReadResults]:
    if any(pool.types_open and pool.charge_type == "PrePaid" for pool in spec.node_pools):
        subscribed = _cheapest(cloud, spec, run, facts, [DOCUMENTED])
        if subscribed is not None:
            best, facts = subscribed
            why = f"{DOCUMENTED} is of a retired family, which is no thing to subscribe to"
            return TypeChoice(best.instance_type, f"{why}; {_after(best.reason)}"), facts
    read = stock_of_type(DOCUMENTED)
    if read not in facts:
        facts = facts.joined(settle_all(run, {read: partial(cloud.compute.stock, DOCUMENTED)}))
    stock = facts.get(read)
    if stock is None:
        why = "ACK's documented type; what is in stock could not be read"
        return TypeChoice(DOCUMENTED, why), facts
    found = _available(stock, _zones(spec, facts))
    if found:
        return TypeChoice(DOCUMENTED, f"ACK's documented type, in stock in {found[0]}"), facts
    other = _cheapest(cloud, spec, run, facts, [DOCUMENTED])
    no_other = TypeChoice(DOCUMENTED, "ACK's documented type; no other is in stock either")
    return other or (no_other, facts)


def _after(reason: str) -> str:
    """What a reason says of the type that is taken, behind why another is not."""
    return reason.partition("; ")[2]


def _cheapest(
    cloud: Cloud, spec: ClusterSpec, run: Run, facts: ReadResults, tried: Sequence[str]
) -> tuple[TypeChoice, ReadResults] | None:
    """The cheapest type that is in stock and not among ``tried``; its stock is in the facts."""
    zones = _zones(spec, facts)
    rows = [row for row in candidates(terway=not spec.network.is_flannel) if row.id not in tried]
    answers = ReadResults(settle_all(run, _reads(cloud, rows)))
    offered = [
        (_amount(answers.get(type_price(row.id))), row, places)
        for row in rows
        if (places := _available(answers.get(stock_of_type(row.id)) or [], zones))
    ]
    if not offered:
        return None
    price, best, places = min(offered, key=lambda offer: offer[0])
    cost = "" if price == float("inf") else f" at {price:g} an hour"
    none_of = f"{' and '.join(tried)} {'is' if len(tried) == 1 else 'are'} sold out"
    choice = TypeChoice(
        best.id,
        f"{none_of}; the cheapest{cost} with {best.gpu_memory_gib} GiB of GPU memory"
        f" and its licence, in stock in {places[0]}",
    )
    stock = stock_of_type(best.id)
    return choice, facts.joined({stock: answers[stock]})


def _reads(cloud: Cloud, rows: Sequence[GpuType]) -> dict[Read[Any], Callable[[], Any]]:
    reads: dict[Read[Any], Callable[[], Any]] = {
        stock_of_type(row.id): partial(cloud.compute.stock, row.id) for row in rows
    }
    for row in rows:
        disks = [(catalog.disk_category([row.id]), DEFAULT_POOL.system_disk.size)]
        price = partial(cloud.compute.price, instance_type=row.id, zone_id="", disks=disks)
        reads[type_price(row.id)] = price
    return reads


def _zones(spec: ClusterSpec, facts: ReadResults) -> set[str]:
    """Where the spec lets nodes be; nothing if a zone is left open."""
    given = {vswitch.id: vswitch.zone_id for vswitch in facts.get(GIVEN_VSWITCHES) or ()}
    wanted = {given.get(v.id, "") if v.id else v.zone for v in spec.network.vswitches}
    return set() if "auto" in wanted else wanted


def _available(rows: Sequence[Stock], zones: set[str]) -> list[str]:
    """The zones that have it, those first that are refilled."""
    here = [row for row in rows if row.available and (not zones or row.zone_id in zones)]
    return [row.zone_id for row in sorted(here, key=lambda row: row.status != REFILLED)]


def _amount(price: NodePrice | None) -> float:
    if price is None or price.instance.amount is None:
        return float("inf")
    return float(price.instance.amount)
