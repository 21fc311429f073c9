"""The tables of clusters, node pools and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ackgpu import flag
from ackgpu.cloud.api import Price
from ackgpu.engine.step import Resource
from ackgpu.render.deletions import DeletePreview, DeleteResult, GcResult, GcRow
from ackgpu.render.kind_words import hourly_sum, kinds_of, noun_of, nouns_of, receipt
from ackgpu.render.layout import DONE, FAILED, NOTHING, TIMES, Block, Cell, Grid, Span, line, point
from ackgpu.render.money_tables import least_hourly
from ackgpu.render.results import (
    ClusterDescription,
    ClusterList,
    ClusterRow,
    CreateSummary,
    NodeList,
    NodePoolList,
    NodePoolRow,
)
from ackgpu.render.words import amount, count, duration, in_words, money, short_id

ShowId = Callable[[str], str]

GOOD_STATES = {"running", "active", "Running", "Available", "InUse"}
BILLING = {"PostPaid": "pay-as-you-go", "PrePaid": "subscription"}
BAD_STATES = {"failed", "unavailable", "deleteFailed", "delete_failed"}


def cluster_list(part: ClusterList) -> list[Block]:
    """``list``: one cluster a line."""
    if not part.clusters:
        where = f" in {', '.join(part.regions)}" if part.regions else ""
        kind = f" with {' '.join(part.selection)}" if part.selection else ""
        return [line(f"No clusters of ackgpu{where}{kind}."), *_next_commands(part.next_commands)]
    signs = {row.hourly.currency for row in part.clusters if row.hourly and row.hourly.currency}
    hour = f"{'/'.join(sorted(signs)) or 'price'}/hour"
    header = ("name", "id", "region", "state", "version", "nodes", "expires", hour, "so far")
    rows = [_cluster_row(row) for row in part.clusters]
    table = Grid(rows, "<<<<<>>>>", header, ids=1, indent=0, optional=(4, 1))
    partial = any(row.hourly and row.hourly.amount and row.hourly.unpriced for row in part.clusters)
    note = "+ at least: not every price is known" if partial else ""
    return [table, line(Span(note, "dim"))] if note else [table]


def created(part: CreateSummary) -> list[Block]:
    """``create``: what was made, what it costs, how to go on."""
    pairs = zip(_summary(part, str), _summary(part, short_id), strict=True)
    shown = [
        point(Span(f"  {label:<12}", "dim"), text, narrow=narrow)
        for (label, text), (_, narrow) in pairs
        if text
    ]
    head = line(*_verdict(part), f"   {duration(part.seconds)}")
    note = [point("  ", Span(note, "dim")) for note in part.note.splitlines()]
    return [head, line(), *shown, *_next_commands(part.next_commands), *note]


def description(part: ClusterDescription) -> list[Block]:
    """``describe``: the cluster, its pools and, if requested, its resources and events."""
    row = part.cluster
    facts: list[tuple[Cell, ...]] = [
        (Span("id", "dim"), row.id),
        (Span("region", "dim"), row.region),
        (Span("state", "dim"), _state(_state_of(row))),
        (Span("Kubernetes", "dim"), row.version),
        (Span("created", "dim"), f"{row.created:%Y-%m-%d %H:%M} UTC" if row.created else ""),
        (Span("expires", "dim"), _expiry(row)),
        (Span("costs", "dim"), _costs_of(row)),
        *((Span(_label(fact.name), "dim"), fact.value) for fact in part.facts),
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
    choice = [point("  type  ", part.type_choice)] if part.type_choice else []
    return [_pool_grid(part.node_pools), *choice]


def nodes(part: NodeList) -> list[Block]:
    """``node list``: one node a line, and below why one did not join."""
    if not part.nodes:
        return [line(f"{part.cluster_name} has no nodes.")]
    header = ("node", "instance", "type", "pool", "state", "kubelet")
    rows = [
        (
            row.name or row.instance_id,
            row.instance_id if row.name else NOTHING,
            row.instance_type,
            row.node_pool or NOTHING,
            row.state,
            Span(row.status, "green" if row.status == "Ready" else "red"),
        )
        for row in part.nodes
    ]
    troubled = [
        point(Span("! ", "yellow"), f"{row.name or row.instance_id}: {row.error}")
        for row in part.nodes
        if row.error
    ]
    return [Grid(rows, "<<<<<<", header, ids=1, optional=(1,)), *troubled]


def preview(part: DeletePreview) -> list[Block]:
    """What a deletion is about to delete, by kind and with the ids, and what it keeps."""
    known = f" ({part.id})" if part.id else ""
    verb = "would be deleted" if part.dry_run else "is about to be deleted"
    blocks: list[Block] = [line(f"{part.cluster_name}{known} in {part.region} {verb}:"), line()]
    if part.counted:
        blocks.append(point(Span("  deleted   ", "dim"), Span(kinds_of(part.counted), "bold")))
    ids = ", ".join(part.removes) or "nothing"
    blocks.append(point("            " if part.counted else "  deleted   ", ids))
    blocks += [point(Span("  kept      ", "dim"), kept) for kept in part.keeps]
    blocks += [point(Span("  ! ", "yellow"), note) for note in part.notes]
    if part.dry_run:
        blocks += [line(), line("Nothing was deleted: this is a dry run.")]
    return blocks


def deleted(part: DeleteResult) -> list[Block]:
    """``delete``: that it is gone, and what it came to."""
    if not part.existed:
        return [line(f"Nothing to delete: there is no {part.cluster_name} in {part.region}.")]
    if not part.waited:
        return _under_way(part)
    if part.left or not part.complete:
        head = f"{part.cluster_name}: not all of it could be deleted"
        left = [_resource_grid(part.left)] if part.left else []
        return [line(Span(f"{FAILED} ", "red"), head + (":" if left else "")), *left]
    text = f"{part.cluster_name} is deleted, and read back as gone   {duration(part.seconds)}"
    blocks: list[Block] = [line(Span(f"{DONE} ", "green"), text)]
    for kept in part.retained:
        what = f"{noun_of(kept.resource)} {kept.resource.id}: {kept.why}"
        blocks.append(point("  kept: ", what))
    lived = receipt(part.lived, part.cost)
    return [*blocks, point("  ", Span(lived, "dim"))] if lived else blocks


def _under_way(part: DeleteResult) -> list[Block]:
    kinds = Counter(resource.type for resource in part.left)
    rest = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    billed = any(resource.billable for resource in part.left)
    text = f"{part.cluster_name} is being deleted. Its network is not"
    text += f" ({rest}{'; billed until then' if billed else ''})" if rest else ""
    return [
        line(f"{text}: run the next command once the cluster is gone."),
        *_next_commands(part.next_commands),
    ]


def collected(part: GcResult) -> list[Block]:
    """``gc``: what was found, a cluster a line, and what of it is gone."""
    if not part.found:
        return [line("Nothing to collect.")]
    clusters: dict[tuple[str, str], list[GcRow]] = {}
    for row in part.found:
        clusters.setdefault((row.cluster, row.region), []).append(row)
    left = {key for key, rows in clusters.items() if not all(row.removed for row in rows)}
    header = ("cluster", "region", "age", "why", "what", "outcome")
    grid = [
        (
            Span(name, "bold"),
            region,
            _age(rows),
            rows[0].reason,
            nouns_of(row.kind for row in rows),
            _outcome(rows) if part.executed and left else "",
        )
        for (name, region), rows in clusters.items()
    ]
    found = f"{count(len(clusters), 'cluster')}, {count(len(part.found), 'resource')}"
    end = f"{found} found. Nothing was deleted: {flag.EXECUTE} deletes them."
    if part.executed:
        gone = sum(row.removed for row in part.found)
        rest = len(part.found) - gone
        end = f"{count(gone, 'resource')} deleted{f', {rest:,} left' if rest else ''}."
    ids = [point("  left  ", f"{r.kind} {r.id}") for r in part.found if not r.removed]
    optional = (1,) if len({region for _, region in clusters}) == 1 else ()
    table = Grid(grid, "<<><<<", header, indent=0, optional=optional)
    bills = [(row.cluster, receipt(row.lived, row.cost)) for row in part.deleted]
    lived = [point(f"  {name}  ", Span(bill, "dim")) for name, bill in bills if bill]
    return [table, *(ids if part.executed else ()), *lived, line(end)]


def _age(rows: Sequence[GcRow]) -> str:
    ages = [row.age for row in rows if row.age is not None]
    return duration(max(ages)) if ages else ""


def _outcome(rows: Sequence[GcRow]) -> Cell:
    left = sum(not row.removed for row in rows)
    return Span(f"{left:,} left", "red") if left else Span("deleted", "green")


def _cluster_row(row: ClusterRow) -> tuple[Cell, ...]:
    nodes = NOTHING if row.nodes is None else f"{row.nodes:,}"
    return (
        Span(row.name, "bold"),
        row.id,
        row.region,
        _state(_state_of(row)),
        row.version,
        nodes,
        Span(_expiry(row), "red" if row.expired else ""),
        *_money_cells(row),
    )


def _money_cells(row: ClusterRow) -> tuple[str, str]:
    """What an hour costs, and what it has cost so far; + if it is the least that it can be."""
    if row.hourly is None:
        return "", ""
    more = "+" if row.hourly.amount is not None and not row.hourly.complete else ""
    figures = (row.hourly.amount, row.cost_so_far)
    hour, so_far = (amount(Price(each, row.hourly.currency, "")) for each in figures)
    return f"{hour}{more}", f"{so_far}{more if row.cost_so_far is not None else ''}"


def _expiry(row: ClusterRow) -> str:
    if row.held:
        return "held"
    if row.unreadable_expiry:
        return "unreadable"
    if row.expires is None:
        return ""
    return "expired" if row.expired else f"{row.expires:%m-%d %H:%M} UTC"


def _costs_of(row: ClusterRow) -> str:
    """What it costs an hour, and has cost so far."""
    if row.hourly is None:
        return ""
    if row.cost_so_far is None:
        return hourly_sum(row.hourly)
    so_far = money(Price(row.cost_so_far, row.hourly.currency, ""))
    least = "" if row.hourly.complete else "at least "
    return f"{hourly_sum(row.hourly)}, {least}{so_far} so far"


def _verdict(part: CreateSummary) -> tuple[Cell, ...]:
    name, version = part.cluster.name, part.cluster.version.partition("-")[0]
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
        ("type", part.type_choice),
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
            "spot" if pool.spot else BILLING.get(pool.charge_type, pool.charge_type),
        )
        for pool in pools
    ]
    return Grid(rows, "<<<<>><", header, ids=1, optional=(1,))


def _nodes(pool: NodePoolRow) -> str:
    if pool.auto_scaling:
        return f"{pool.healthy} of {pool.auto_scaling}"
    return f"{pool.healthy}/{pool.desired}"


def _resource_grid(resources: Sequence[Resource]) -> Grid:
    header = ("resource", "id", "name", "state", "")
    rows = [
        (
            noun_of(resource),
            resource.id,
            resource.name,
            _state(resource.state),
            "ours" if resource.owned else "given",
        )
        for resource in resources
    ]
    return Grid(rows, "<<<<<", header, optional=(2,))


def _label(name: str) -> str:
    """A fact's name as the other labels are written; ``VPC`` stays as it is."""
    return f"{name[0].lower()}{name[1:]}" if name[1:2].islower() else name


def _state_of(row: ClusterRow) -> str:
    return f"{row.state}, asleep" if row.asleep else row.state


def _state(state: str) -> Span:
    style = "green" if state in GOOD_STATES else "red" if state in BAD_STATES else ""
    return Span(in_words(state), style)
