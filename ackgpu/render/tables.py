"""Which drawing belongs to which result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ackgpu.render import cluster_tables as clusters
from ackgpu.render import money_tables as offers
from ackgpu.render import verdict_tables as verdicts
from ackgpu.render.pen import DONE, Block, Grid, Span, line
from ackgpu.render.results import (
    ClusterDescription,
    ClusterList,
    CreateSummary,
    DeletePreview,
    DeleteResult,
    Facts,
    GcResult,
    NodePoolList,
    OfferList,
    Part,
    PlanResult,
)
from ackgpu.render.verdicts import CheckList, QuotaResult, SampleResult, VerifyResult


def draw(part: Part) -> list[Block]:
    """The tables and lines that show ``part``."""
    return _DRAWINGS[type(part)](part)


def facts(part: Facts) -> list[Block]:
    """Labels and values, under a headline where there is one."""
    mark = (Span(f"{DONE} ", "green"),) if part.done else ()
    blocks: list[Block] = [line(*mark, part.headline)] if part.headline else []
    rows = [(Span(label, "dim"), _text(value)) for label, value in part.facts.items()]
    return [*blocks, Grid(rows, "<<", indent=2 if part.headline else 0)]


def _text(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


_DRAWINGS: dict[type, Callable[[Any], list[Block]]] = {
    CheckList: verdicts.checks,
    ClusterDescription: clusters.description,
    ClusterList: clusters.cluster_list,
    CreateSummary: clusters.created,
    DeletePreview: clusters.preview,
    DeleteResult: clusters.deleted,
    Facts: facts,
    GcResult: clusters.collected,
    NodePoolList: clusters.node_pools,
    OfferList: offers.offer_list,
    PlanResult: offers.plan,
    QuotaResult: verdicts.quotas,
    SampleResult: verdicts.sample,
    VerifyResult: verdicts.verified,
}
