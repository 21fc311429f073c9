"""What can be had where: every vGPU type in every zone, its stock and its price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Cloud, NodePrice, Price, Stock
from ackgpu.engine.gather import settle_all
from ackgpu.engine.reads import Read, ReadResults
from ackgpu.engine.run import Run
from ackgpu.errors import AckGpuError, UsageError
from ackgpu.preflight.reads import node_price
from ackgpu.spec import catalog
from ackgpu.spec.catalog import GpuType
from ackgpu.spec.rules.instances import big_enough
from ackgpu.steps.reads import stock_of_type
from ackgpu.steps.type_choice import DOCUMENTED, candidates

Calls = Mapping[Read[Any], Callable[[], Any]]

DISK_GIB = 120
"""The system disk that is priced along: the default of a node pool."""


@dataclass(frozen=True)
class Offer:
    """A type in a zone. ``spot`` is None if it was not requested.

    ``taken``: it is what ``create`` takes if no type is named.
    """

    type: GpuType
    region: str
    stock: Stock
    price: Price
    spot: Price | None
    taken: bool = False

    @property
    def refused(self) -> bool:
        """Whether the type is too small for ACK, so that ``create`` refuses it."""
        return not big_enough(self.type)

    @property
    def order(self) -> tuple[bool, bool, bool, bool, float, str, str]:
        """What create takes, then available, the refilled before the rest, then by price.

        What create refuses comes last, whatever it costs.
        """
        amount = self.price.amount
        cheap = float("inf") if amount is None else amount
        refilled = self.stock.status == "WithStock"
        return (
            self.refused,
            not self.taken,
            not self.stock.available,
            not refilled,
            cheap,
            self.type.id,
            self.stock.zone_id,
        )


@dataclass(frozen=True)
class Search:
    """What to look for. ``gpu_memory``: least and most GiB of the slice; ``zones``: any if empty.

    ``types``: those ids alone; all vGPU types where empty.
    """

    regions: tuple[str, ...]
    zones: tuple[str, ...] = ()
    gpu_memory: tuple[float, float] = (0, float("inf"))
    types: tuple[str, ...] = ()
    spot: bool = False

    def wanted(self) -> list[GpuType]:
        """The types that match."""
        low, high = self.gpu_memory
        return [
            row
            for row in catalog.gpu_types()
            if (row.id in self.types if self.types else row.vgpu)
            and low <= row.gpu_memory_gib <= high
        ]


@dataclass(frozen=True)
class Found:
    """The offers, best first, and what could not be read: in which region, and why not."""

    offers: tuple[Offer, ...]
    unread: tuple[tuple[str, AckGpuError], ...]


def gpu_memory(text: str) -> tuple[float, float]:
    """The bounds that ``4``, ``2..8``, ``4..`` or ``..8`` mean, in GiB. Raises UsageError."""
    low, dots, high = text.partition("..")
    try:
        least = float(low) if low else 0.0
        most = float(high) if high else float("inf")
        bounds = (least, most) if dots else (float(low), float(low))
    except ValueError:
        bounds = (1.0, 0.0)
    if not 0 <= bounds[0] <= bounds[1]:
        raise UsageError(f"{flag.GPU_MEM} {text!r} is not 4, 2..8, 4.. or ..8 (GiB).")
    return bounds


def look(cloud: Cloud, search: Search, run: Run) -> Found:
    """Look in every region at once; prices are asked where a region sells a type.

    A stock that cannot be read leaves its rows out and is told; a price that cannot is unknown.
    """
    places = {
        _stock(region, row.id): (region, row.id)
        for region in search.regions
        for row in search.wanted()
    }
    reads: Calls = {
        read: partial(cloud.in_region(region).compute.stock, type_id)
        for read, (region, type_id) in places.items()
    }

    def prices_after(read: Read[Any], value: Any) -> Calls:
        # A price is asked only of what can be had: it is one call more for each type and region.
        if read not in places or not isinstance(value, list) or not _here(search, value):
            return {}
        return _prices(cloud, search, *places[read])

    facts = ReadResults(settle_all(run, reads, prices_after))
    offers = [
        offer
        for region in search.regions
        for offer in _marked(list(_offers(search, facts, region)))
    ]
    errors = [
        (region, error)
        for region in search.regions
        for row in search.wanted()
        if (error := facts.error(_stock(region, row.id)))
    ]
    return Found(tuple(sorted(offers, key=lambda offer: offer.order)), tuple(errors))


def _prices(cloud: Cloud, search: Search, region: str, type_id: str) -> Calls:
    ask = partial(
        cloud.in_region(region).compute.price,
        instance_type=type_id,
        zone_id="",
        disks=[(catalog.disk_category([type_id]), DISK_GIB)],
    )
    reads: dict[Read[Any], Callable[[], Any]] = {node_price(region, type_id): ask}
    if search.spot:
        reads[_spot(region, type_id)] = partial(ask, spot=True)
    return reads


def _offers(search: Search, facts: ReadResults, region: str) -> Iterable[Offer]:
    for row in search.wanted():
        for stock in _here(search, facts.get(_stock(region, row.id)) or []):
            spot = _amount(facts, _spot(region, row.id)) if search.spot else None
            price = _amount(facts, node_price(region, row.id))
            yield Offer(row, region, stock, price, spot)


def _marked(offers: list[Offer]) -> list[Offer]:
    """The offers of a region, with those marked that ``create`` takes if no type is named.

    None is, if the search leaves out the type that comes first.
    """
    if all(offer.type.id != DOCUMENTED for offer in offers):
        return offers
    available = [offer for offer in offers if offer.stock.available]
    standing_in = {row.id for row in candidates(terway=False)}
    rest = sorted((o for o in available if o.type.id in standing_in), key=lambda o: o.order[4])
    first = next((o for o in available if o.type.id == DOCUMENTED), next(iter(rest), None))
    taken = first.type.id if first else ""
    return [
        replace(offer, taken=offer.type.id == taken and offer.stock.available) for offer in offers
    ]


def _here(search: Search, rows: Sequence[Stock]) -> list[Stock]:
    return [row for row in rows if not search.zones or row.zone_id in search.zones]


def _amount(facts: ReadResults, read: Read[NodePrice]) -> Price:
    found = facts.get(read)
    return Price(None, "", "not told") if found is None else found.instance


def _stock(region: str, type_id: str) -> Read[list[Stock]]:
    return stock_of_type(f"{region} {type_id}")


def _spot(region: str, type_id: str) -> Read[NodePrice]:
    return Read(f"spot {region} {type_id}")
