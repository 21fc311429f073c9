"""Causes in node pools: what ACK's tasks and Auto Scaling say of nodes that do not come."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ackgpu import flag
from ackgpu.cloud.api import NodePool, ScalingActivity, Task
from ackgpu.commands.diagnose.reads import SCALING_GROUP, ClusterReads, lacks_nodes
from ackgpu.errors import AccessDenied, CloudError, OutOfStock, QuotaExceeded
from ackgpu.naming import is_asleep
from ackgpu.render.causes import Cause, Likelihood
from ackgpu.steps.cluster import UP
from ackgpu.steps.node_pool import POOL_ENDED

EVENTS_QUOTED = 3
HARMLESS = re.compile(
    r"cooldown period|scaling activity in progress|total capacity will not change", re.IGNORECASE
)
"""Requests that are turned away with nothing to be mended (page on activity exceptions)."""
SWITCHED_OFF = re.compile(r"status of the specified scaling group", re.IGNORECASE)
ADDRESSES = re.compile(r"PrivateIp|IpNotEnough", re.IGNORECASE)
"""Codes of a vSwitch, or a security group, without an address left."""
UNKNOWN = frozenset({"task-failed", "scaling-failed"})
Sort = tuple[str, str, tuple[str, ...]]
"""A cause's word, its title, and what to run before the pool's nodes are requested again."""


def causes_in_pools(seen: ClusterReads) -> Iterator[Cause]:
    """Why the cluster has no pool, or its pools fewer nodes than they want."""
    if not seen.pools and seen.cluster.state in UP and "node pools" in seen.looked_at:
        yield _no_pool(seen)
    for pool in seen.pools:
        tasks = [task for task in seen.tasks if task.target in {pool.id, seen.cluster.id}]
        task = next((task for task in tasks if task.failure), None) if lacks_nodes(pool) else None
        activity = _trouble(seen.activities.get(pool.id, ()))
        if task is not None or activity is not None:
            yield _refused(seen, pool, task, activity)
        elif pool.state in POOL_ENDED:
            yield Cause(
                id="task-failed",
                likelihood="certain",
                title=f"node pool {pool.name} is {pool.state}",
                evidence=quoted_events(seen),
                commands=_again(seen, pool),
            )


def said_by_task(task: Task) -> str:
    """A failed task in one line."""
    error = task.failure
    return f"task {task.id} ({task.kind}) {task.state}: {error.message if error else 'no reason'}"


def quoted_events(seen: ClusterReads) -> tuple[str, ...]:
    """The newest events that are no mere information."""
    loud = [event for event in seen.events if event.level not in {"", "info"}]
    return tuple(
        f"event {event.time} {event.reason}: {event.message}" for event in loud[:EVENTS_QUOTED]
    )


def said_by_scaling(activity: ScalingActivity) -> str:
    """A scaling activity in one line."""
    began = f"{activity.started:%Y-%m-%d %H:%MZ} " if activity.started else ""
    error = activity.failure
    why = f": {error.message}" if error else ""
    return f"Auto Scaling {began}{activity.id} ({activity.description}) {activity.state}{why}"


def _trouble(activities: tuple[ScalingActivity, ...]) -> ScalingActivity | None:
    """The latest activity that was to add instances, if it failed; a later one mends it."""
    latest = next(
        (each for each in activities if not each.releases and not _is_harmless(each)), None
    )
    return latest if latest is not None and latest.failure is not None else None


def _is_harmless(activity: ScalingActivity) -> bool:
    error = activity.failure
    return activity.state == "InProgress" or (
        activity.state == "Rejected" and error is not None and bool(HARMLESS.search(error.message))
    )


def _no_pool(seen: ClusterReads) -> Cause:
    """A cluster without any pool: a create that found no stock leaves none."""
    name = seen.cluster.name
    failed = next((task for task in seen.tasks if task.failure is not None), None)
    sold_out = failed is not None and isinstance(failed.failure, OutOfStock)
    return Cause(
        id="out-of-stock" if sold_out else "no-node-pool",
        likelihood="very likely" if sold_out else "certain",
        title="no instance could be had: the cluster has no node pool"
        if sold_out
        else "the cluster has no node pool",
        evidence=tuple(said_by_task(task) for task in seen.tasks[:1]),
        commands=(seen.command("offers"), seen.command(f"create {name}")),
        note="create goes on from what stands; give it a type and zone that offers shows in stock.",
    )


def _refused(
    seen: ClusterReads, pool: NodePool, task: Task | None, activity: ScalingActivity | None
) -> Cause:
    """What ACK's task says; what Auto Scaling does where that is more, or there is no task."""
    failures = [each.failure for each in (task, activity) if each is not None and each.failure]
    sorts = [(_sort_of(seen, pool, error, told=task is not None), error) for error in failures]
    # Whichever of the two says what it is: ACK's task often only quotes that scaling failed.
    known = (each for each in sorts if each[0][0] not in UNKNOWN)
    (kind, title, commands), error = next(known, sorts[0])
    return Cause(
        id=kind,
        likelihood=_likelihood(seen, pool, kind),
        title=title,
        evidence=(
            *([said_by_task(task)] if task else ()),
            *([said_by_scaling(activity)] if activity else ()),
            f"node pool {pool.name} is {pool.state}: {pool.healthy} of {pool.desired} nodes",
            *quoted_events(seen),
        ),
        commands=(*commands, *_again(seen, pool)),
        note=error.resolution or "",
    )


def _likelihood(seen: ClusterReads, pool: NodePool, kind: str) -> Likelihood:
    """Nodes that are there and broken show by themselves why a pool is short: a task repeats it."""
    broken = any(
        node.node_pool_id == pool.id and node.node_status != "Ready" for node in seen.nodes
    )
    return "possible" if not lacks_nodes(pool) or (kind in UNKNOWN and broken) else "certain"


def _sort_of(seen: ClusterReads, pool: NodePool, error: CloudError, *, told: bool) -> Sort:
    """What an error means. ``told``: ACK's task says it, too."""
    if isinstance(error, OutOfStock):
        types = ", ".join(pool.instance_types)
        return "out-of-stock", f"{types} is out of stock for {pool.name}", (seen.command("offers"),)
    if ADDRESSES.search(error.cloud_code or ""):
        return "no-address", f"no private address is left for {pool.name}", _switches(seen, pool)
    if isinstance(error, QuotaExceeded):
        check = seen.command(f"check-quota {flag.NODES} {max(pool.desired, 1)}")
        return "quota", f"a quota keeps {pool.name} small: {error.error_code}", (check,)
    if isinstance(error, AccessDenied):
        policy = seen.command(f"policy generate {flag.FOR} create")
        return "access-denied", f"RAM refuses what {pool.name} needs", (policy,)
    return _unsorted(seen, pool, error, told=told)


def _unsorted(seen: ClusterReads, pool: NodePool, error: CloudError, *, told: bool) -> Sort:
    if SWITCHED_OFF.search(error.message):
        switch = f"aliyun ess EnableScalingGroup --RegionId {seen.cluster.region}"
        group = f"{switch} --ScalingGroupId {pool.settings.get(SCALING_GROUP)}"
        return "scaling-group-off", f"the scaling group of {pool.name} is switched off", (group,)
    explain = (seen.command(f"explain {error.cloud_code}"),) if error.cloud_code else ()
    if told:
        return "task-failed", f"ACK's task on {pool.name} failed: {error.error_code}", explain
    title = f"Auto Scaling adds no nodes to {pool.name}: {error.error_code}"
    return "scaling-failed", title, explain


def _switches(seen: ClusterReads, pool: NodePool) -> tuple[str, ...]:
    """The lines that show how many addresses the pool's vSwitches have left."""
    line = f"aliyun vpc DescribeVSwitchAttributes --RegionId {seen.cluster.region} --VSwitchId"
    return tuple(f"{line} {each}" for each in pool.vswitch_ids)


def _again(seen: ClusterReads, pool: NodePool) -> tuple[str, ...]:
    """The command that asks for a pool's nodes again.

    ACK does not retry what failed; a pool that scales by itself is asked again by its autoscaler,
    and one of a cluster that sleeps gets back what it had by waking.
    """
    if is_asleep(seen.cluster.tags):
        return (seen.command(f"wake {seen.cluster.name}"),)
    if pool.auto_scaling.enabled:
        return ()
    return (
        seen.command(f"nodepool scale {seen.cluster.name} {pool.name} {flag.NODES} {pool.desired}"),
    )
