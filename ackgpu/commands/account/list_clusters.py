"""``list``: our clusters, and what is left of unfinished ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import Cloud, Cluster, Vpc
from ackgpu.commands.account.costs import Paid, hourly_sums, not_priced, pools_of
from ackgpu.commands.account.regions import Looked, sort_out
from ackgpu.commands.cluster.lookup import does_not_expire
from ackgpu.commands.cluster.rows import cluster_row, unfinished_row, with_costs
from ackgpu.engine.aftermath import KnownSum
from ackgpu.engine.gather import settle_all
from ackgpu.engine.step import Resource
from ackgpu.engine.workers import Call
from ackgpu.errors import UsageError
from ackgpu.inventory.resources import BALANCER, EIP, INSTANCE, NAT_GATEWAY, ResourceKind, by_ack
from ackgpu.naming import RUN_TAG, cluster_name_from_tags, start_of_run
from ackgpu.render.results import ClusterList, ClusterRow, Result
from ackgpu.session import Session


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """The options of ``list``. ``selectors`` are ``key=value`` pairs of tags."""

    all_regions: bool = False
    expired: bool = False
    selectors: tuple[str, ...] = ()


Prices = dict[tuple[object, ...], KnownSum]
"""What clusters cost an hour, by what they are made of: in a watch it is read once."""


def watch(options: ListOptions, session: Session) -> int:
    """List the clusters again and again until a signal ends it; the exit code."""
    from ackgpu.commands.watch import watch as watched

    known: Prices = {}
    return watched(session, lambda: execute(options, session, known))


def execute(options: ListOptions, session: Session, known: Prices | None = None) -> Result:
    """List the clusters. Prices that are ``known`` are not read; those that are read join them."""
    wanted = _selector(options.selectors)
    known = {} if known is None else known
    cloud = session.cloud()
    regions = cloud.compute.regions() if options.all_regions else [cloud.region]
    reads = {
        region: partial(_seen_in, session, cloud.in_region(region), wanted) for region in regions
    }
    settled = settle_all(session.reading(), reads)
    looked: Looked[CostRow] = sort_out({region: settled[region] for region in regions})
    seen = [each for each in looked.rows if not options.expired or each.is_over]
    rows = [each.row for each in seen]
    # Bare names need no prices, which are further calls for each cluster.
    if session.settings.output != "name":
        rows = _priced(session, seen, known)
    doubts = tuple(
        does_not_expire(session, row.name, row.region, row.unreadable_expiry)
        for row in (each.row for each in looked.rows)
        if row.unreadable_expiry
    )
    part = ClusterList(
        clusters=tuple(rows),
        regions=tuple(looked.found),
        unread_regions=tuple(looked.failures),
        next_commands=() if rows else (_next_command(options, session),),
        selection=_selection(options),
    )
    return Result(
        command="list",
        part=part,
        warnings=(*looked.warnings, *doubts, *_not_priced(rows)),
        error=session.complete(looked.error),
    )


def _selection(options: ListOptions) -> tuple[str, ...]:
    return (*([flag.EXPIRED] if options.expired else []), *(f"-l {it}" for it in options.selectors))


def _next_command(options: ListOptions, session: Session) -> str:
    """What to type where nothing is listed: others may be there than those that were wanted."""
    everywhere = f" {flag.ALL_REGIONS}" if options.all_regions else ""
    return session.command(f"list{everywhere}" if _selection(options) else "create demo")


def _priced(session: Session, seen: Sequence[CostRow], known: Prices) -> list[ClusterRow]:
    """The rows with their costs; prices are read of those that are not ``known`` as they are."""
    keys = [(each.row.region, each.row.id, each.row.state, each.row.nodes) for each in seen]
    fresh = [each for each, key in zip(seen, keys, strict=True) if key not in known]
    read = iter(with_costs_of(session, fresh) if fresh else ())
    rows = []
    for each, key in zip(seen, keys, strict=True):
        if key in known:
            born = each.cluster.created if each.cluster else each.born
            rows.append(with_costs(session, each.row, known[key], born))
            continue
        row = next(read)
        if row.hourly is not None and row.id:  # more may be made of an unfinished one
            known[key] = row.hourly
        rows.append(row)
    return rows


def _not_priced(rows: Sequence[ClusterRow]) -> list[str]:
    """The warnings on prices that could not be read, each reason once."""
    told = [row.hourly for row in rows if row.hourly]
    why = dict.fromkeys(reason for each in told for reason in each.why)
    return not_priced("the clusters" if len(told) > 1 else "the cluster", KnownSum(why=tuple(why)))


def _seen_in(session: Session, cloud: Cloud, wanted: Mapping[str, str]) -> list[CostRow]:
    clusters = [
        cluster
        for cluster in cloud.containers.clusters(region=cloud.region)
        if cluster_name_from_tags(cluster.tags)
    ]
    vpcs = [vpc for vpc in cloud.network.vpcs() if _carries(vpc.tags, wanted)]
    listed = (each for each in clusters if _carries(each.tags, wanted))
    seen = [CostRow(cluster_row(session, each), cloud, each) for each in listed]
    return [*seen, *_unfinished(session, cloud, clusters, vpcs)]


def _unfinished(
    session: Session, cloud: Cloud, clusters: Sequence[Cluster], vpcs: Sequence[Vpc]
) -> list[CostRow]:
    """Networks of ours without a cluster: a create that did not get further, or half a delete."""
    known = {cluster.name for cluster in clusters}
    found: dict[str, CostRow] = {}
    for vpc in vpcs:
        name = cluster_name_from_tags(vpc.tags)
        if name is not None and name not in known:
            row = unfinished_row(session, name, cloud.region, vpc.tags)
            found[name] = CostRow(row, cloud, born=start_of_run(vpc.tags.get(RUN_TAG, "")))
    return list(found.values())


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


OF_A_REGION = (NAT_GATEWAY, EIP)
"""What costs and carries our tag: listed once for all clusters of a region."""


@dataclass(frozen=True)
class CostRow:
    """A row of the list, and by what its costs are found. ``born``: when it began to cost."""

    row: ClusterRow
    cloud: Cloud
    cluster: Cluster | None = None
    born: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is past its expiry, and not held."""
        return self.row.expired and not self.row.held


def with_costs_of(session: Session, seen: Sequence[CostRow]) -> list[ClusterRow]:
    """The rows with what each costs and has cost; what cannot be read is not known."""
    reads: dict[str, Call] = {}
    for each in seen:
        for kind in OF_A_REGION:
            reads[_listed(kind, each.cloud)] = kind.listing(each.cloud)
        if each.cluster is not None:
            id_, cloud = each.cluster.id, each.cloud
            reads[f"pools of {id_}"] = partial(pools_of, cloud, [each.cluster])
            reads[f"resources of {id_}"] = partial(cloud.containers.resources, id_)
    found = settle_all(session.reading(), reads)
    sums = hourly_sums(session, {str(index): _paid(each, found) for index, each in enumerate(seen)})
    births = [each.cluster.created if each.cluster else each.born for each in seen]
    return [
        with_costs(session, each.row, sums[str(index)], birth)
        for index, (each, birth) in enumerate(zip(seen, births, strict=True))
    ]


def _paid(seen: CostRow, found: Mapping[str, Any]) -> Paid:
    unread: dict[str, Exception] = {}

    def rows_of(read: str, type_: str) -> Sequence[Any]:
        rows = found.get(read, ())
        if isinstance(rows, Exception):
            unread[type_] = rows
            return ()
        return rows  # type: ignore[no-any-return]  # a read forgets the type

    resources: dict[str, Resource] = {}
    for kind in OF_A_REGION:
        for row in rows_of(_listed(kind, seen.cloud), kind.type):
            if cluster_name_from_tags(row.tags) == seen.row.name:
                resources[row.id] = kind.resource(row, seen.cloud.region)
    id_ = seen.cluster.id if seen.cluster else ""
    for row in rows_of(f"resources of {id_}", BALANCER.type):
        if row.auto_created:
            resources.setdefault(row.id, by_ack(row, seen.cloud.region))
    pools = rows_of(f"pools of {id_}", INSTANCE.type)
    clusters = (seen.cluster,) if seen.cluster else ()
    return Paid(seen.cloud, clusters, pools, tuple(resources.values()), unread)


def _listed(kind: ResourceKind, cloud: Cloud) -> str:
    return f"{kind.plural} in {cloud.region}"
