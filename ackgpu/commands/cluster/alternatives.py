"""Where there is stock if what a spec allows has none: the nearest type, zone and region."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ackgpu import flag
from ackgpu.cloud.api import Stock, VSwitch
from ackgpu.engine.gather import settle_all
from ackgpu.errors import AckGpuError, NoCapacity
from ackgpu.session import Session
from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.model import ClusterSpec, NodePoolSpec
from ackgpu.spec.rules.instances import big_enough
from ackgpu.typed_line import changed

E = TypeVar("E", bound=AckGpuError)
OTHER_TYPE = (flag.INSTANCE_TYPE, flag.NODE_TYPE, flag.ZONE)
OTHER_REGION = (flag.ZONE, flag.REGION, "-r")


def with_alternatives(
    session: Session, spec: ClusterSpec, error: NoCapacity, *, begun: bool
) -> NoCapacity:
    """``error``, whose resolution begins with the command lines that would find stock.

    ``begun``: something of this name stands in the region already, so that a cluster elsewhere
    needs another one. An error is left as it is if the stock cannot be read.
    """
    try:
        lines = [*_lines(session, spec, error, begun=begun)]
    except AckGpuError:
        return error
    error.resolution = "\n".join((*lines, error.resolution or ""))
    return error


def with_other_type(
    session: Session,
    error: E,
    types: Sequence[str],
    vswitches: Sequence[VSwitch],
    *,
    begun: bool = True,
) -> E:
    """The same for a new pool of a cluster that stands, whose vSwitches say where nodes can be.

    ``begun``: the pool exists without nodes, so that one of another type needs another name.
    """
    name, region = session.subject[0], session.cloud().region
    zones = {vswitch.zone_id for vswitch in vswitches}
    try:
        near = _nearest(session, region, types, zones)
        far = next(iter(_regions_with(session, region, types[:1])), "")
    except AckGpuError:
        return error
    pool = next(word for word in session.typed[session.typed.index(name) + 1 :] if word[:1] != "-")
    typed = _renamed(session.typed, pool) if begun else session.typed
    lines = []
    if near is not None:
        line = changed(typed, drop=OTHER_TYPE, add=(flag.INSTANCE_TYPE, near.found.id))
        lines.append(f"`{line}`: {near}.")
    if far:
        line = session.settings.command(
            f"create {name}-2 {flag.INSTANCE_TYPE} {types[0]}", region=far
        )
        lines.append(f"`{line}`: the same type, in stock there.")
    error.resolution = "\n".join((*lines, error.resolution or ""))
    return error


@dataclass(frozen=True)
class Near:
    """A type that is in stock, and where."""

    found: GpuType
    zone: str

    def __str__(self) -> str:
        card = self.found.card.removeprefix("NVIDIA ")
        return f"{card} {self.found.gpu_memory_gib} GiB, in stock in {self.zone}"


def _lines(session: Session, spec: ClusterSpec, error: NoCapacity, *, begun: bool) -> Iterable[str]:
    pools = [pool for pool in spec.node_pools if not error.pools or pool.name in error.pools]
    given = [vswitch.id for vswitch in spec.network.vswitches if vswitch.id]
    rooms = session.cloud(spec.region).network.vswitches(ids=given) if given else []
    zones = {vswitch.zone_id for vswitch in rooms}
    single = len(spec.node_pools) == 1
    for pool in pools:
        near = _nearest(session, spec.region, pool.instance_types, zones)
        if near is None or not (
            single or error.pools or _is_out(session, spec.region, pool, zones)
        ):
            continue
        if single:
            where = () if given else (flag.ZONE, near.zone)
            flags = (flag.INSTANCE_TYPE, near.found.id, *where)
            yield f"`{changed(session.typed, drop=OTHER_TYPE, add=flags)}`: {near}."
        else:
            setting = f"instanceTypes: [{near.found.id}]"
            yield f"Give the node pool {pool.name} {setting} ({near}), then `{session.again()}`."
    # Another region does not have what the spec names by id.
    if given or spec.network.vpc.id:
        return
    first = [pool.instance_types[0] for pool in spec.node_pools]
    for region in _regions_with(session, spec.region, first)[:1]:
        typed = _renamed(session.typed, spec.name) if begun else session.typed
        line = changed(typed, drop=OTHER_REGION, add=(flag.REGION, region))
        same = "the same type" if single else "the same types"
        yield f"`{line}`: {same}, in stock there."


def _nearest(
    session: Session, region: str, wanted: Sequence[str], zones: Collection[str]
) -> Near | None:
    """The type most like ``wanted`` that is in stock in ``zones``, or anywhere if these are none.

    Those of ``wanted`` itself were tried.
    """
    types, compute = _alike(wanted), session.cloud(region).compute
    reads = {found.id: partial(compute.stock, found.id) for found in types}
    stocks = settle_all(session.reading(), reads)
    there = ((found, _best_zone(stocks[found.id], zones)) for found in types)
    return next((Near(found, zone) for found, zone in there if zone), None)


def _is_out(session: Session, region: str, pool: NodePoolSpec, zones: Collection[str]) -> bool:
    """Whether no type of the pool is in stock."""
    compute = session.cloud(region).compute
    reads = {type_id: partial(compute.stock, type_id) for type_id in pool.instance_types}
    return not any(
        _best_zone(rows, zones) for rows in settle_all(session.reading(), reads).values()
    )


def _regions_with(session: Session, region: str, types: Sequence[str]) -> list[str]:
    """The neighbours in which all of ``types`` are in stock."""
    cloud = session.cloud(region)
    regions = _neighbours(session, region)
    reads = {
        f"{other} {type_id}": partial(cloud.in_region(other).compute.stock, type_id)
        for other in regions
        for type_id in types
    }
    found = settle_all(session.reading(), reads)
    return [r for r in regions if all(_best_zone(found[f"{r} {type_id}"]) for type_id in types)]


def _alike(wanted: Sequence[str]) -> list[GpuType]:
    """The types of the same kind as the first of ``wanted``, the one most like it first."""
    model = catalog.gpu_type(wanted[0])
    if model is None:
        return []
    others = [
        found
        for found in catalog.gpu_types()
        if found.id not in wanted and found.vgpu == model.vgpu and big_enough(found)
    ]
    return sorted(others, key=lambda other: _distance(model, other))


def _neighbours(session: Session, region: str) -> list[str]:
    """The account's other regions of the same part of the world, by the first word of their id."""
    part = region.partition("-")[0]
    there = session.cloud(region).compute.regions()
    return [other for other in there if other != region and other.partition("-")[0] == part]


def _distance(model: GpuType, other: GpuType) -> tuple[bool, bool, int, float, str]:
    return (
        other.gpu_memory_gib < model.gpu_memory_gib,
        other.retired,
        # After a memory that is too small and what is
        # retired: a program that fits has to fit again.
        abs(other.gpu_memory_gib - model.gpu_memory_gib),
        abs(other.memory_gib - model.memory_gib),
        other.id,
    )


def _best_zone(rows: Any, zones: Collection[str] = ()) -> str:
    """The zone that has the most of it; empty if none has, or none could be read.

    ``zones``: those that count; all if none are named.
    """
    found: list[Stock] = [row for row in rows if row.available] if isinstance(rows, list) else []
    found = [row for row in found if not zones or row.zone_id in zones]
    plenty = [row for row in found if row.status == "WithStock"]
    return next((row.zone_id for row in (*plenty, *found)), "")


def _renamed(typed: Sequence[str], name: str) -> list[str]:
    """The words with another name for the cluster, behind the command if they name none."""
    words = [f"{name}-2" if word == name else word for word in typed]
    return words if name in typed else [*words, f"{name}-2"]
