"""``list``: our clusters, and what is left of unfinished ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ackgpu.app import App
from ackgpu.cloud.api import Cloud, Cluster, Vpc
from ackgpu.commands.estates import does_not_expire
from ackgpu.commands.regions import Looked, sort_out
from ackgpu.commands.rows import cluster_row
from ackgpu.engine.gather import settle_all
from ackgpu.errors import UsageError
from ackgpu.naming import (
    cluster_name_from_tags,
    expiry_from_tags,
    is_held,
    unreadable_expiry,
)
from ackgpu.render.output import present
from ackgpu.render.results import ClusterList, ClusterRow, Result


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """What ``list`` was asked for. ``selectors`` are ``key=value`` pairs of tags."""

    all_regions: bool = False
    expired: bool = False
    selectors: tuple[str, ...] = ()


def run(options: ListOptions, app: App) -> int:
    """List the clusters; the exit code."""
    wanted = _selector(options.selectors)
    cloud = app.cloud()
    regions = cloud.compute.regions() if options.all_regions else [cloud.region]
    reads = {region: partial(_rows_of, app, cloud.in_region(region), wanted) for region in regions}
    settled = settle_all(app.reading(), reads)
    looked: Looked[ClusterRow] = sort_out({region: settled[region] for region in regions})
    rows = looked.rows
    doubts = tuple(
        does_not_expire(app, row.name, row.region, row.unreadable_expiry)
        for row in rows
        if row.unreadable_expiry
    )
    if options.expired:
        rows = [row for row in rows if row.expired and not row.held]
    part = ClusterList(
        clusters=tuple(rows),
        regions=tuple(looked.found),
        unread_regions=tuple(looked.failures),
        next_commands=() if rows else (app.command("create demo"),),
    )
    result = Result(
        command="list",
        part=part,
        warnings=(*looked.warnings, *doubts),
        error=app.complete(looked.error),
    )
    return present(app.streams, app.settings.output, result)


def _rows_of(app: App, cloud: Cloud, wanted: Mapping[str, str]) -> list[ClusterRow]:
    clusters = [
        cluster
        for cluster in cloud.containers.clusters(region=cloud.region)
        if cluster_name_from_tags(cluster.tags) and _carries(cluster.tags, wanted)
    ]
    vpcs = [vpc for vpc in cloud.network.vpcs() if _carries(vpc.tags, wanted)]
    unfinished = _unfinished(app, cloud.region, clusters, vpcs)
    return [*(cluster_row(app, cluster) for cluster in clusters), *unfinished]


def _unfinished(
    app: App, region: str, clusters: Sequence[Cluster], vpcs: Sequence[Vpc]
) -> list[ClusterRow]:
    """Networks of ours without a cluster: a create that did not get further, or half a delete."""
    known = {cluster.name for cluster in clusters}
    rows: dict[str, ClusterRow] = {}
    for vpc in vpcs:
        name = cluster_name_from_tags(vpc.tags)
        if name is None or name in known:
            continue
        expires = expiry_from_tags(vpc.tags)
        rows[name] = ClusterRow(
            name=name,
            id="",
            region=region,
            state="unfinished",
            version="",
            expires=expires,
            expired=expires is not None and expires <= app.clock.wall(),
            held=is_held(vpc.tags),
            unreadable_expiry=unreadable_expiry(vpc.tags),
        )
    return list(rows.values())


def _selector(pairs: Sequence[str]) -> dict[str, str]:
    wanted = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise UsageError(
                f"-l {pair} is no selector.", resolution="Give key=value, such as -l team=ml."
            )
        wanted[key] = value
    return wanted


def _carries(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(tags.get(key) == value for key, value in wanted.items())
