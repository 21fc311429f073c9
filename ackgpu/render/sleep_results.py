"""The record of ``sleep`` and ``wake``, and its drawing."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.engine.aftermath import KnownSum
from ackgpu.render.kind_words import hourly_sum
from ackgpu.render.layout import DONE, Block, Grid, Span, line, point
from ackgpu.render.results import OfCluster
from ackgpu.render.words import count


@dataclass(frozen=True, kw_only=True)
class PoolOfSleeper:
    """A pool. ``nodes``: how many it has; ``nodes_awake`` and ``bounds``: as it is when awake.

    ``bounds``: "1 to 5" for one that scales itself. ``stays``: why it is not put to sleep.
    """

    name: str
    nodes: int
    nodes_awake: int
    bounds: str = ""
    stays: str = ""


@dataclass(frozen=True, kw_only=True)
class SleepSummary(OfCluster):
    """``sleep`` or ``wake``, done and read back.

    ``goes_on_costing``: the kinds of what is billed all the same. ``hourly``: what that comes to,
    as far as prices are known.
    """

    region: str
    asleep: bool
    node_pools: tuple[PoolOfSleeper, ...] = ()
    goes_on_costing: tuple[str, ...] = ()
    hourly: KnownSum | None = None


def slept(part: SleepSummary) -> list[Block]:
    """That it sleeps or is awake, its pools, and what goes on costing."""
    said = "sleeps" if part.asleep else "is awake"
    blocks: list[Block] = [line(Span(f"{DONE} ", "green"), f"{part.cluster_name} {said}")]
    rows = [(Span(pool.name, "dim"), _nodes(pool, asleep=part.asleep)) for pool in part.node_pools]
    blocks.append(Grid(rows, "<<"))
    if part.hourly is not None:
        kinds = ", ".join(part.goes_on_costing) or "nothing that is known"
        blocks.append(
            point(Span("  goes on costing  ", "dim"), f"{hourly_sum(part.hourly)} ({kinds})")
        )
    return blocks


def _nodes(pool: PoolOfSleeper, *, asleep: bool) -> str:
    bounds = f", {pool.bounds} by itself" if pool.bounds else ""
    if pool.stays:
        return f"{count(pool.nodes, 'node')}, not put to sleep: {pool.stays}"
    if asleep:
        return f"{count(pool.nodes, 'node')}, {pool.nodes_awake} when awake{bounds}"
    return f"{count(pool.nodes, 'node')}{bounds}"
