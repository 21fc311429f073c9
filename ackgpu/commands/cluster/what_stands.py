"""What stands of a cluster, whose it is, and what it costs an hour, as far as can be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from ackgpu.cloud.api import Cloud, Cluster
from ackgpu.commands.account.costs import Paid, PoolNodes, hourly_of, pools_of
from ackgpu.engine.aftermath import Aftermath, KnownSum
from ackgpu.engine.gather import all_of
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Resource
from ackgpu.errors import AckGpuError, CloudError, Interrupted, TimedOut, Unreachable
from ackgpu.inventory.discover import discover
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.resources import KINDS, SNAT_ENTRY, by_ack
from ackgpu.session import Session
from ackgpu.steps.node_pool import instance_resource, pool_resource

SAID_AFTER = frozenset({7, 8, 9, 10, 11, 13, 14, 129, 130, 143})
"""The exit codes after which something may stand and cost."""
LAST_LOOK_SECONDS = 10.0
"""Real seconds for the look at what stands after a failure: ten times what it takes."""


def resources_of(
    inventory: Inventory, pools: Sequence[PoolNodes], made: Iterable[Resource] = ()
) -> tuple[Resource, ...]:
    """Everything of the inventory and its pools, each id once: ACK lists what it uses as well."""
    region = inventory.region
    rows = [kind.resource(row, region) for kind in KINDS for row in inventory.of(kind)]
    rows += [SNAT_ENTRY.resource(entry, region) for _, entry in inventory.snat_entries]
    for each in pools:
        rows.append(pool_resource(each.pool, region))
        rows += [instance_resource(n, region) for n in each.nodes if n.instance_id]
    rows += [by_ack(row, region) for row in inventory.by_ack]
    found: dict[str, Resource] = {}
    for resource in (*rows, *made):
        # The inventory's row first: it has a name and a state, ACK's has neither name nor price.
        found.setdefault(resource.id, resource)
    return tuple(found.values())


def with_aftermath(  # noqa: PLR0913 -- keyword-only, each named where it is given
    session: Session,
    run: Run,
    error: Exception,
    outcome: Outcome,
    *,
    name: str,
    region: str,
    way_on: str,
) -> None:
    """Say in the error what stands: what the run saw, and what a last look finds beside it.

    A look that fails leaves it at what the run saw.
    """
    if not isinstance(error, AckGpuError):
        return
    seconds = {r.step.name: r.seconds for r in outcome.reports} | {"total": run.elapsed}
    seen = tuple(
        resource
        for report in outcome.reports
        if report.status != "gone"
        for resource in report.resources
        if resource.owned
    )
    hourly = KnownSum()
    # The cloud has just been insisted on for two minutes: another look would take as long.
    if not isinstance(error, Unreachable):
        try:
            cloud = session.cloud(region)
            look = _last_look(session, run)
            inventory = discover(cloud, name, look)
            pools = _pools_of(cloud, inventory.clusters, look)
            seen = resources_of(inventory, pools, seen)
            hourly = hourly_of(session, Paid(cloud, inventory.clusters, pools, seen), look)
        except (CloudError, AckGpuError):
            # What costs is told without its price rather than not at all.
            hourly = KnownSum(unpriced=tuple(sorted({r.type for r in seen if r.billable})))
    error.aftermath = Aftermath(seen, seconds, hourly, way_on if seen else "")


def say_what_stands(session: Session, error: AckGpuError) -> None:
    """The same for an error that no run was under way for: what a look finds of the subject.

    Whatever the look fails of, the error stays the one that is told: a stop in the middle of an
    import leaves modules half loaded, of which each call fails then.
    """
    name, region = session.subject
    if error.aftermath is not None or not name or error.exits_with not in SAID_AFTER:
        return
    if isinstance(error, Unreachable):
        return
    with suppress(Exception, KeyboardInterrupt):
        cloud = session.cloud(region)
        run = _last_look(session, session.reading())
        inventory = discover(cloud, name, run)
        pools = _pools_of(cloud, inventory.clusters, run)
        seen = resources_of(inventory, pools)
        hourly = hourly_of(session, Paid(cloud, inventory.clusters, pools, seen), run)
        removal = session.command(f"delete {name}")
        stopped = isinstance(error, Interrupted | TimedOut) and not error.resolution
        again = f"`{session.again()}` tries again, " if stopped else ""
        way_on = f"{again}`{removal}` deletes it." if seen else ""
        error.aftermath = Aftermath(seen, {"total": run.elapsed}, hourly, way_on)


def _last_look(session: Session, run: Run) -> Run:
    """A run to look once more after a failure or a stop.

    Its deadline is in real seconds: the cloud that has just failed to answer may fail again, and
    whoever is told that the time is up is not to wait for the whole patience once more.
    """
    end = run.clock.now() + LAST_LOOK_SECONDS * run.clock.speed
    return replace(session.afresh(run), deadline=end)


def _pools_of(cloud: Cloud, clusters: Sequence[Cluster], run: Run) -> list[PoolNodes]:
    read = partial(pools_of, cloud, clusters)
    pools: list[PoolNodes] = all_of(run, {"node pools": read})["node pools"]
    return pools
