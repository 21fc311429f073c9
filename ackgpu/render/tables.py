"""Which drawing belongs to which result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ackgpu.render import cause_tables as causes
from ackgpu.render import cluster_tables as clusters
from ackgpu.render import money_tables as offers
from ackgpu.render import verdict_tables as verdicts
from ackgpu.render.causes import DiagnosisResult
from ackgpu.render.change_tables import changes
from ackgpu.render.changes import Changes
from ackgpu.render.deletions import DeletePreview, DeleteResult, GcResult
from ackgpu.render.layout import DONE, Block, Grid, Span, line
from ackgpu.render.results import (
    ClusterDescription,
    ClusterList,
    CreateSummary,
    Facts,
    NodeList,
    NodePoolList,
    OfferList,
    Part,
    PlanResult,
)
from ackgpu.render.sleep_results import SleepSummary, slept
from ackgpu.render.verdicts import CheckList, QuotaResult, SampleResult, VerifyResult
from ackgpu.render.words import duration, in_words


def draw(part: Part) -> list[Block]:
    """The tables and lines that show ``part``."""
    return _DRAWINGS[type(part)](part)


def facts(part: Facts) -> list[Block]:
    """Labels and values, under a headline where there is one."""
    mark = (Span(f"{DONE} ", "green"),) if part.done else ()
    blocks: list[Block] = [line(*mark, part.headline)] if part.headline else []
    shown = {
        "time" if label == "seconds" else in_words(label): _text(label, value)
        for label, value in part.facts.items()
    }
    rows = [(Span(label, "dim"), text) for label, text in shown.items() if text]
    return [*blocks, Grid(rows, "<<", indent=2 if part.headline else 0)]


def _text(label: str, value: Any) -> str:
    if label == "seconds":
        return duration(value)
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
    Changes: changes,
    CheckList: verdicts.checks,
    ClusterDescription: clusters.description,
    ClusterList: clusters.cluster_list,
    CreateSummary: clusters.created,
    DeletePreview: clusters.preview,
    DeleteResult: clusters.deleted,
    DiagnosisResult: causes.diagnosis,
    Facts: facts,
    GcResult: clusters.collected,
    NodeList: clusters.nodes,
    NodePoolList: clusters.node_pools,
    OfferList: offers.offer_list,
    PlanResult: offers.plan,
    QuotaResult: verdicts.quotas,
    SampleResult: verdicts.sample,
    SleepSummary: slept,
    VerifyResult: verdicts.verified,
}
