"""Which instance type a node pool gets that names none: an ordered choice, from what stands first.

The type of ACK's document on lightweight GPU workloads if a zone has it; it is of a retired family
and needs a licence of one's own, so that many regions and accounts cannot have it. Else the
cheapest lightweight type with at least its GPU memory, licence included. All of them count against
the same quota of vGPU instances, which preflight checks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from ackgpu.cloud.api import Cloud, Cluster, NodePrice, Stock
from ackgpu.engine.gather import settle_all
from ackgpu.engine.run import Run
from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.model import DEFAULT_POOL, ClusterSpec, NodePoolSpec
from ackgpu.spec.rules.instances import big_enough, fits_terway
from ackgpu.steps.blueprint import TypeChoice

READS = ("compute.stock", "compute.price", "containers.node_pools")
"""The calls that choosing makes."""
MAX_TYPES = 3
"""How many types are tried, one after the other: each takes a pool that is made and removed."""
REFILLED = "WithStock"
DOCUMENTED = DEFAULT_POOL.instance_types[0]


def choose_types(
    cloud: Cloud, spec: ClusterSpec, run: Run, ours: Sequence[Cluster], facts: dict[str, Any]
) -> tuple[ClusterSpec, TypeChoice | None]:
    """The spec with a type for each pool that names none, and the choice; None without such a pool.

    Stock that was read is put into ``facts``, under ``stock <type>``.
    """
    open_pools = [pool for pool in spec.node_pools if pool.types_open]
    if not open_pools:
        return spec, None
    pools = cloud.containers.node_pools(ours[0].id) if ours else []
    stand = {pool.name: pool.instance_types for pool in pools if pool.instance_types}
    standing = [stand[pool.name] for pool in open_pools if pool.name in stand]
    if standing:
        choice = TypeChoice(standing[0][0], "the node pool has it")
    else:
        choice = _chosen(cloud, spec, run, facts)
    types = {pool.name: stand.get(pool.name, (choice.instance_type,)) for pool in open_pools}
    return _with_types(spec, types), choice


def next_choice(
    cloud: Cloud, spec: ClusterSpec, run: Run, tried: Sequence[str]
) -> tuple[ClusterSpec, TypeChoice] | None:
    """The spec with the next type where those ``tried`` got no nodes; None if there is none.

    Only of pools that name no type, of which ``spec`` has the one that was chosen for them.
    """
    given = [vswitch.id for vswitch in spec.network.vswitches if vswitch.id]
    facts: dict[str, Any] = {"given": cloud.network.vswitches(ids=given)} if given else {}
    choice = _cheapest(cloud, spec, run, facts, tried)
    if choice is None:
        return None
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


def _chosen(cloud: Cloud, spec: ClusterSpec, run: Run, facts: dict[str, Any]) -> TypeChoice:
    if any(pool.types_open and pool.charge_type == "PrePaid" for pool in spec.node_pools):
        subscribed = _cheapest(cloud, spec, run, facts, [DOCUMENTED])
        if subscribed is not None:
            why = f"{DOCUMENTED} is of a retired family, which is no thing to subscribe to"
            return TypeChoice(subscribed.instance_type, f"{why}; {_after(subscribed.reason)}")
    zones = _zones(spec, facts)
    key = f"stock {DOCUMENTED}"
    if key not in facts:
        facts |= settle_all(run, {key: partial(cloud.compute.stock, DOCUMENTED)})
    if isinstance(facts[key], Exception):
        return TypeChoice(DOCUMENTED, "ACK's documented type; what is in stock could not be read")
    found = _available(facts[key], zones)
    if found:
        return TypeChoice(DOCUMENTED, f"ACK's documented type, in stock in {found[0]}")
    best = _cheapest(cloud, spec, run, facts, [DOCUMENTED])
    return best or TypeChoice(DOCUMENTED, "ACK's documented type; no other is in stock either")


def _after(reason: str) -> str:
    """What a reason says of the type that is taken, behind why another is not."""
    return reason.partition("; ")[2]


def _cheapest(
    cloud: Cloud, spec: ClusterSpec, run: Run, facts: dict[str, Any], tried: Sequence[str]
) -> TypeChoice | None:
    """The cheapest type that is in stock and not among ``tried``."""
    zones = _zones(spec, facts)
    rows = [row for row in candidates(terway=not spec.network.is_flannel) if row.id not in tried]
    answers = settle_all(run, _reads(cloud, rows))
    offered = [
        (_amount(answers.get(f"price {row.id}")), row, places)
        for row in rows
        if (places := _available(answers[f"stock {row.id}"], zones))
    ]
    if not offered:
        return None
    price, best, places = min(offered, key=lambda offer: offer[0])
    facts[f"stock {best.id}"] = answers[f"stock {best.id}"]
    cost = "" if price == float("inf") else f" at {price:g} an hour"
    none_of = f"{' and '.join(tried)} {'is' if len(tried) == 1 else 'are'} sold out"
    return TypeChoice(
        best.id,
        f"{none_of}; the cheapest{cost} with {best.gpu_memory_gib} GiB of GPU memory"
        f" and its licence, in stock in {places[0]}",
    )


def _reads(cloud: Cloud, rows: Sequence[GpuType]) -> dict[str, Any]:
    reads: dict[str, Any] = {f"stock {r.id}": partial(cloud.compute.stock, r.id) for r in rows}
    for row in rows:
        disks = [(catalog.disk_category([row.id]), DEFAULT_POOL.system_disk.size)]
        price = partial(cloud.compute.price, instance_type=row.id, zone_id="", disks=disks)
        reads[f"price {row.id}"] = price
    return reads


def _zones(spec: ClusterSpec, facts: Mapping[str, Any]) -> set[str]:
    """Where the spec lets nodes be; nothing if a zone is left open."""
    given = {vswitch.id: vswitch.zone_id for vswitch in facts.get("given", [])}
    wanted = {given.get(v.id, "") if v.id else v.zone for v in spec.network.vswitches}
    return set() if "auto" in wanted else wanted


def _available(stock: object, zones: set[str]) -> list[str]:
    """The zones that have it, those first that are refilled; none if it could not be read."""
    rows: Sequence[Stock] = stock if isinstance(stock, list) else ()
    here = [row for row in rows if row.available and (not zones or row.zone_id in zones)]
    return [row.zone_id for row in sorted(here, key=lambda row: row.status != REFILLED)]


def _amount(price: object) -> float:
    known = isinstance(price, NodePrice) and price.instance.amount is not None
    return (
        float(price.instance.amount or 0)
        if known and isinstance(price, NodePrice)
        else float("inf")
    )
