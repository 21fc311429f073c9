"""``offers``: what can be had where, and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ackgpu import flag
from ackgpu.errors import UsageError, reason
from ackgpu.preflight.offer_search import Offer, Search, gpu_memory, look
from ackgpu.render.results import OfferList, OfferRow, Result, shown_as
from ackgpu.session import Session
from ackgpu.spec import catalog

STOCKS: dict[str, Literal["ok", "low", "none"]] = {"WithStock": "ok", "ClosedWithStock": "low"}


@dataclass(frozen=True, kw_only=True)
class OffersOptions:
    """The options of ``offers``; ``regions`` empty means the default one."""

    gpu_mem: str = ""
    regions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    spot: bool = False
    available: bool = False


def execute(options: OffersOptions, session: Session) -> Result:
    """Show the offers: what create takes, then the available, then by price."""
    _refuse_unknown_types(options.types)
    regions = _regions(options, session)
    search = Search(
        regions=regions,
        zones=options.zones,
        gpu_memory=gpu_memory(options.gpu_mem) if options.gpu_mem else (0, float("inf")),
        types=options.types,
        spot=options.spot,
    )
    began = session.clock.now()
    found = look(session.cloud(regions[0]), search, session.reading())
    if not found.offers and found.unread:
        raise found.unread[0][1]
    offers = [o for o in found.offers if o.stock.available or not options.available]
    return Result(
        command="offers",
        part=OfferList(offers=tuple(_row(offer) for offer in offers)),
        warnings=tuple(
            dict.fromkeys(f"{region}: {reason(error)}" for region, error in found.unread)
        ),
        durations={"total": session.clock.now() - began},
    )


def _refuse_unknown_types(types: tuple[str, ...]) -> None:
    for type_id in types:
        if catalog.gpu_type(type_id) is None:
            close = ", ".join(catalog.suggest(type_id))
            raise UsageError(
                f"{type_id!r} is not a GPU type that ackgpu knows.",
                resolution=f"Did you mean {close}?" if close else "`ackgpu offers` lists them.",
            )


def _regions(options: OffersOptions, session: Session) -> tuple[str, ...]:
    """Where to look: the regions named, else those of the zones named, else the default one.

    Raises UsageError where the name of a region is empty, or a region or a zone does not exist.
    """
    known = session.cloud().compute.regions() if options.zones or "" in options.regions else []
    if "" in options.regions:
        raise UsageError(
            f"{flag.REGION} is empty.", resolution=f"One of: {', '.join(sorted(known))}."
        )
    for region in options.regions:
        session.require_region(region)
    ours = dict.fromkeys(region for zone in options.zones if (region := _region_of(zone)) in known)
    regions = tuple(dict.fromkeys(options.regions or ours)) or (session.region,)
    if options.zones:
        _refuse_unknown_zones(options.zones, [r for r in regions if r in known], session)
    return regions


def _refuse_unknown_zones(zones: Sequence[str], regions: Sequence[str], session: Session) -> None:
    there = sorted(zone for region in regions for zone in session.cloud(region).compute.zones())
    for zone in zones:
        if zone not in there:
            raise UsageError(
                f"There is no zone {zone!r} in {' or '.join(regions) or 'any region named'}.",
                resolution=f"One of: {', '.join(there)}." if there else None,
            )


def _region_of(zone: str) -> str:
    """The region of ``cn-hangzhou-k`` or ``ap-southeast-1a``."""
    head, _, tail = zone.rpartition("-")
    return head if tail.isalpha() else zone.rstrip("abcdefghijklmnopqrstuvwxyz")


def _row(offer: Offer) -> OfferRow:
    kind = offer.type
    return shown_as(
        OfferRow,
        offer,
        instance_type=kind.id,
        card=f"{kind.card.removeprefix('NVIDIA ')} {kind.slice}".strip(),
        gpu_memory_gib=kind.gpu_memory_gib,
        vcpu=kind.vcpus,
        memory_gib=kind.memory_gib,
        zone=offer.stock.zone_id,
        stock=STOCKS.get(offer.stock.status, "none"),
        retired=kind.retired,
        license=kind.license,
    )
