"""``sleep`` and ``wake``: a cluster without its nodes overnight, and exactly as it was after it.

ACK publishes no way to stop a pool's instances without charge: its scaling group replaces what is
not running. So the nodes are released, and made anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ackgpu.cloud.api import Cloud, NodePool
from ackgpu.commands.account.costs import Paid, hourly_of, not_priced, pools_of
from ackgpu.commands.cluster.lookup import cluster_named
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.commands.cluster.what_stands import resources_of
from ackgpu.engine.run import Outcome
from ackgpu.errors import ConflictError
from ackgpu.inventory.discover import discover
from ackgpu.inventory.resources import INSTANCE
from ackgpu.naming import cluster_name_from_tags, is_asleep
from ackgpu.render.kind_words import kinds_of
from ackgpu.render.results import Result
from ackgpu.render.sleep_results import PoolOfSleeper, SleepSummary
from ackgpu.render.words import count
from ackgpu.session import Session
from ackgpu.steps.node_pool import taken_by
from ackgpu.steps.pool_change import GOING
from ackgpu.steps.sleep_graph import sleep_graph, wake_graph
from ackgpu.steps.sleep_record import PoolSize, from_tags, to_tags
from ackgpu.steps.staying_instances import staying_instances

LATER = 1.0
"""Cloud seconds after which a read is made anew."""
NOT_OURS = "ackgpu did not make it"


def sleep(options: ChangeOptions, session: Session) -> Result:
    """Put the cluster to sleep, or go on with it."""
    cloud = session.cloud()
    with changing(session, options, "sleep", "sleep") as change:
        _refuse_foreign(change)
        # The pools before the tags: what another run scales down, it has shown in the tags before.
        pools = cloud.containers.node_pools(change.cluster.id)
        session.until(change.run, change.run.clock.now() + LATER)
        change.cluster = cluster_named(cloud, options.name)
        stays = _staying(cloud, change, pools)
        sizes = from_tags(change.cluster.tags)
        if not is_asleep(change.cluster.tags):
            sleepers = [pool for pool in pools if pool.name not in stays]
            sizes = tuple(PoolSize.of(p) for p in sorted(sleepers, key=lambda p: p.name))
        if not sizes:
            raise ConflictError(
                f"Nothing of {options.name} can sleep.",
                details=[f"{pool}: {why}" for pool, why in stays.items()],
            )
        # From the tags if it sleeps already: the pools have no sizes any more that would tell.
        tags = to_tags(sizes)
        standing = {pool.name for pool in pools if pool.state not in GOING}
        steps = sleep_graph(change.standing, [s for s in sizes if s.pool in standing], tags)
        plan = change.look(steps)
        released = sum(pool.total for pool in pools if pool.name in {s.pool for s in sizes})
        if released:
            change.confirm(
                f"{count(released, 'node')} of {options.name} are released with their pods and"
                " disks, and made anew by wake. Go on?"
            )
        return _result(change, change.apply(steps, plan), sizes, stays)


def wake(options: ChangeOptions, session: Session) -> Result:
    """Give the cluster back what it had, and verify it."""
    cloud = session.cloud()
    with changing(session, options, "wake", "wake") as change:
        _refuse_foreign(change)
        found = from_tags(change.cluster.tags)
        rows = cloud.containers.node_pools(change.cluster.id)
        if not {size.pool for size in found} <= {row.name for row in rows}:
            # One list may be answered short, and what it lacks would be forgotten with the tags.
            session.until(change.run, change.run.believable)
            rows = cloud.containers.node_pools(change.cluster.id)
        pools = {
            pool.name: pool
            for pool in rows
            if pool.state not in GOING and cluster_name_from_tags(pool.tags) == options.name
        }
        sizes = [size for size in found if size.pool in pools]
        _check_growth(change, sizes, pools)
        steps = wake_graph(change.standing, sizes, pools)
        outcome = change.apply(steps, change.look(steps))
        lost = [size.pool for size in found if size.pool not in pools]
        warnings = [f"The node pool {pool} is gone, and is not made anew." for pool in lost]
        return _result(change, outcome, found, {}, warnings)


def _refuse_foreign(change: ClusterChange) -> None:
    if not cluster_name_from_tags(change.cluster.tags):
        raise ConflictError(f"The cluster {change.cluster.id} is not ackgpu's.")


def _staying(cloud: Cloud, change: ClusterChange, pools: Sequence[NodePool]) -> dict[str, str]:
    """The pools that are not put to sleep, and why.

    An instance that would leave the cluster without being released is not made anew by wake, and
    is billed all the same; which nodes a scale-in takes is ACK's choice. So its pool stays whole.
    """
    stays: dict[str, str] = {}
    for pool in pools:
        if cluster_name_from_tags(pool.tags) != change.options.name:
            stays[pool.name] = NOT_OURS
            continue
        nodes = cloud.containers.nodes(change.cluster.id, node_pool_id=pool.id)
        instances = staying_instances(cloud, nodes)
        if instances:
            stays[pool.name] = "; ".join(str(instance) for instance in instances)
        elif pool.charge_type == "PrePaid":
            stays[pool.name] = "its nodes are subscriptions"
    return stays


def _check_growth(
    change: ClusterChange, sizes: Sequence[PoolSize], pools: Mapping[str, NodePool]
) -> None:
    """Quotas for all that is to be made, before anything is."""
    needs: Counter[str] = Counter()
    specs = []
    for size in sizes:
        pool = pools[size.pool]
        # Nodes on their way count: their places are taken.
        more = size.nodes - max(pool.total, pool.desired)
        if more > 0:
            spec, _ = change.spec_of(pool, more)
            needs.update(taken_by(spec.node_pools[0], more, flannel=spec.network.is_flannel))
            specs.append(spec)
    if specs:
        change.check_growth(specs[0], dict(needs))


def _result(
    change: ClusterChange,
    outcome: Outcome,
    sizes: Sequence[PoolSize],
    stays: Mapping[str, str],
    warnings: Sequence[str] = (),
) -> Result:
    """What the cluster is now, read back."""
    session, cloud, name = change.session, change.cloud, change.options.name
    asleep = change.command == "sleep"
    inventory = discover(cloud, name, session.reading())
    pools = pools_of(cloud, inventory.clusters)
    nodes = {node.instance_id for each in pools for node in each.nodes}
    resources = tuple(
        resource
        for resource in resources_of(inventory, pools)
        # An instance that is no node any more is being released: it costs no next hour.
        if resource.type != INSTANCE.type or resource.id in nodes
    )
    had = {size.pool: size for size in sizes}
    rows = tuple(
        _row(each.pool, had.get(each.pool.name, PoolSize.of(each.pool)), stays) for each in pools
    )
    hourly = hourly_of(session, Paid(cloud, inventory.clusters, pools, resources))
    billed = [resource for resource in resources if resource.billable]
    part = SleepSummary(
        cluster_name=name,
        region=cloud.region,
        asleep=asleep,
        node_pools=rows,
        goes_on_costing=tuple(kinds_of(billed).split(" · ")) if billed else (),
        hourly=hourly,
    )
    unseen = () if asleep else (*change.doubts, *change.unverified())
    result = change.ended(part, outcome, (*warnings, *unseen, *not_priced(name, hourly)))
    return replace(result, resources=resources)


def _row(pool: NodePool, size: PoolSize, stays: Mapping[str, str]) -> PoolOfSleeper:
    bounds = size.bounds
    return PoolOfSleeper(
        name=pool.name,
        nodes=pool.total,
        nodes_awake=size.nodes,
        bounds=f"{bounds.least} to {bounds.most}" if bounds.enabled else "",
        stays=stays.get(pool.name, ""),
    )
