"""The tables of clusters, node pools and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ackgpu.engine.step import Resource
from ackgpu.render.money_tables import least_hourly
from ackgpu.render.pen import DONE, FAILED, NOTHING, TIMES, Block, Cell, Grid, Span, line, point
from ackgpu.render.results import (
    ClusterDescription,
    ClusterList,
    ClusterRow,
    CreateSummary,
    DeletePreview,
    DeleteResult,
    GcResult,
    GcRow,
    NodePoolList,
    NodePoolRow,
)
from ackgpu.render.words import count, duration, short_id

ShowId = Callable[[str], str]

GOOD_STATES = {"running", "active", "Running", "Available", "InUse"}
BAD_STATES = {"failed", "unavailable", "deleteFailed", "delete_failed"}


def cluster_list(part: ClusterList) -> list[Block]:
    """``list``: one cluster a line."""
    if not part.clusters:
        where = f" in {', '.join(part.regions)}" if part.regions else ""
        return [line(f"No clusters of ackgpu{where}."), *_next_commands(part.next_commands)]
    header = ("name", "id", "region", "state", "version", "nodes", "expires")
    rows = [_cluster_row(row) for row in part.clusters]
    return [Grid(rows, "<<<<<>>", header, ids=1, indent=0)]


def created(part: CreateSummary) -> list[Block]:
    """``create``: what was made, what it costs, how to go on."""
    pairs = zip(_summary(part, str), _summary(part, short_id), strict=True)
    shown = [
        point(Span(f"  {label:<12}", "dim"), text, narrow=narrow)
        for (label, text), (_, narrow) in pairs
        if text
    ]
    head = line(*_verdict(part), f"   {duration(part.seconds)}")
    note = [point("  ", Span(part.note, "dim"))] if part.note else []
    return [head, line(), *shown, *_next_commands(part.next_commands), *note]


def description(part: ClusterDescription) -> list[Block]:
    """``describe``: the cluster, its pools and, where asked for, its resources and events."""
    row = part.cluster
    facts: list[tuple[Cell, ...]] = [
        (Span("id", "dim"), row.id),
        (Span("region", "dim"), row.region),
        (Span("state", "dim"), _state(row.state)),
        (Span("Kubernetes", "dim"), row.version),
        (Span("created", "dim"), f"{row.created:%Y-%m-%d %H:%M} UTC" if row.created else ""),
        (Span("expires", "dim"), _expiry(row)),
        *((Span(label, "dim"), value) for label, value in part.facts),
    ]
    blocks: list[Block] = [line(Span(row.name, "bold"))]
    blocks.append(Grid([fact for fact in facts if fact[1]], "<<"))
    if part.node_pools:
        blocks += [line(), _pool_grid(part.node_pools)]
    if part.listed:
        blocks += [line(), _resource_grid(part.listed)]
    if part.events:
        events = [(e.time, e.level, e.reason, e.message) for e in part.events]
        header = ("time", "level", "reason", "event")
        blocks += [line(), Grid(events, "<<<<", header)]
    return blocks


def node_pools(part: NodePoolList) -> list[Block]:
    """``nodepool list``."""
    if not part.node_pools:
        return [line(f"{part.cluster_name} has no node pools.")]
    return [_pool_grid(part.node_pools)]


def preview(part: DeletePreview) -> list[Block]:
    """What a deletion is about to remove, and what it keeps."""
    what = f"This deletes {part.cluster_name} ({part.id}) and what ackgpu made for it"
    kept = " · ".join(part.keeps)
    return [
        line(f"{what} in {part.region}:"),
        point("  ", ", ".join(part.removes) or "nothing"),
        *([point("Kept: ", kept)] if part.keeps else []),
        *(point(Span("! ", "yellow"), note) for note in part.notes),
    ]


def deleted(part: DeleteResult) -> list[Block]:
    """``delete``: that it is gone, and what it came to."""
    if not part.existed:
        return [line(f"Nothing to delete: there is no {part.cluster_name} in {part.region}.")]
    if part.left:
        head = line(Span(f"{FAILED} ", "red"), f"{part.cluster_name}: not all of it could go:")
        return [head, _resource_grid(part.left)]
    if not part.waited:
        text = (
            f"{part.cluster_name} is being deleted; what it leaves behind goes with the next delete"
        )
        return [line(text), *_next_commands(part.next_commands)]
    text = f"{part.cluster_name} is deleted, and read back as gone   {duration(part.seconds)}"
    blocks: list[Block] = [line(Span(f"{DONE} ", "green"), text)]
    blocks += [point("  kept: ", f"{_called(r.resource)}: {r.why}") for r in part.retained]
    lived = f"lived {duration(part.lived)}" if part.lived is not None else ""
    return [*blocks, line(Span(f"  {lived}", "dim"))] if lived else blocks


def collected(part: GcResult) -> list[Block]:
    """``gc``: what was found, and what of it is gone."""
    if not part.found:
        return [line("Nothing to collect.")]
    left = sum(not row.removed for row in part.found) if part.executed else 0
    header = ("kind", "name", "id", "region", "age", "why", "outcome")
    rows = [
        (
            row.kind,
            row.name,
            row.id,
            row.region,
            duration(row.age) if row.age is not None else "",
            row.reason,
            _outcome(row) if left else "",
        )
        for row in part.found
    ]
    end = f"{count(len(rows), 'thing')} found; --execute removes them."
    if part.executed:
        end = f"{count(len(rows) - left, 'thing')} removed{f', {left:,} left' if left else ''}."
    return [Grid(rows, "<<<<><<", header, ids=2, indent=0), line(end)]


def _outcome(row: GcRow) -> Cell:
    return Span("removed", "green") if row.removed else Span("left", "red")


def _called(resource: Resource) -> str:
    return f"{resource.type} {resource.id}"


def _cluster_row(row: ClusterRow) -> tuple[Cell, ...]:
    nodes = NOTHING if row.nodes is None else f"{row.nodes:,}"
    return (
        Span(row.name, "bold"),
        row.id,
        row.region,
        _state(row.state),
        row.version,
        nodes,
        Span(_expiry(row), "red" if row.expired else ""),
    )


def _expiry(row: ClusterRow) -> str:
    if row.held:
        return "held"
    if row.unreadable_expiry:
        return "unreadable"
    if row.expires is None:
        return ""
    return "expired" if row.expired else f"{row.expires:%m-%d %H:%M} UTC"


def _verdict(part: CreateSummary) -> tuple[Cell, ...]:
    name, version = part.cluster.name, part.cluster.version
    if not part.waited:
        return (f"{name} is being made; the next create goes on with the rest",)
    text = f"{name} is running: Kubernetes {version}"
    if part.gpu_nodes_verified is None:
        text += f", {count(part.gpu_nodes, 'GPU node')}, not verified"
    else:
        text += f", {part.gpu_nodes_verified} of {count(part.gpu_nodes, 'GPU node')} verified"
    unchanged = "" if part.changed else ", no changes"
    return (Span(f"{DONE} ", "green"), Span(text, "bold"), unchanged)


def _summary(part: CreateSummary, show: ShowId) -> list[tuple[str, str]]:
    return [
        ("cluster", f"{show(part.cluster.id)}  {part.endpoint}"),
        *(("node pool", _pool_line(pool, show)) for pool in part.node_pools),
        ("network", "  ".join(show(resource.id) for resource in part.network)),
        ("by ACK", "  ".join(_by_ack(resource, show) for resource in part.by_ack)),
        ("costs", _costs(part)),
        ("kubeconfig", part.kubeconfig),
    ]


def _pool_line(pool: NodePoolRow, show: ShowId) -> str:
    nodes = f"{pool.name}: {pool.total} {TIMES} {', '.join(pool.instance_types)}"
    return "  ".join(filter(None, (nodes, pool.slice, show(pool.id))))


def _by_ack(resource: Resource, show: ShowId) -> str:
    return f"{show(resource.id)} ({resource.name})" if resource.name else show(resource.id)


def _costs(part: CreateSummary) -> str:
    if part.price is None:
        return ""
    price = least_hourly(part.price, part.price_parts)
    until = f"{price} until you delete it"
    return f"{until}   (prices of {part.prices_of})" if part.prices_of else until


def _next_commands(commands: Sequence[str]) -> list[Block]:
    return [line(), *(line(f"  {command}") for command in commands)] if commands else []


def _pool_grid(pools: Sequence[NodePoolRow]) -> Grid:
    header = ("node pool", "id", "state", "instance types", "nodes", "failed", "billing")
    rows = [
        (
            Span(pool.name, "bold"),
            pool.id,
            _state(pool.state),
            ", ".join(pool.instance_types),
            _nodes(pool),
            str(pool.failed) if pool.failed else "",
            f"{pool.charge_type} spot" if pool.spot else pool.charge_type,
        )
        for pool in pools
    ]
    return Grid(rows, "<<<<>><", header, ids=1)


def _nodes(pool: NodePoolRow) -> str:
    if pool.auto_scaling:
        return f"{pool.healthy} of {pool.auto_scaling}"
    return f"{pool.healthy}/{pool.desired}"


def _resource_grid(resources: Sequence[Resource]) -> Grid:
    header = ("resource", "id", "name", "state", "")
    rows = [
        (
            f"{resource.product} {resource.type}",
            resource.id,
            resource.name,
            _state(resource.state),
            "ours" if resource.owned else "given",
        )
        for resource in resources
    ]
    return Grid(rows, "<<<<<", header, ids=1)


def _state(state: str) -> Span:
    style = "green" if state in GOOD_STATES else "red" if state in BAD_STATES else ""
    return Span(state, style)
