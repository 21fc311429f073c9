"""Causes in the cloud: the cluster itself, its tasks, stock, its images."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.cloud.api import NodePool, Task
from ackgpu.commands.diagnose_reads import KUBERNETES, ClusterReads
from ackgpu.errors import (
    AccessDenied,
    CloudError,
    OutOfStock,
    QuotaExceeded,
    Transient,
)
from ackgpu.render.causes import Cause
from ackgpu.render.kind_words import kinds_of
from ackgpu.spec.images import default_image_type, problem_with_image
from ackgpu.steps.cluster import ENDED, STARTING, UP
from ackgpu.steps.node_pool import POOL_ENDED

EVENTS_QUOTED = 3
IMAGE_TYPE = "scaling_group.image_type"


def causes_in_the_cloud(seen: ClusterReads) -> Iterator[Cause]:
    """Every cause that the cloud's own answers show."""
    yield from _cluster(seen)
    yield from _api_server(seen)
    yield from _pools(seen)
    yield from _images(seen)


def _cluster(seen: ClusterReads) -> Iterator[Cause]:
    name, state = seen.cluster.name, seen.cluster.state
    if seen.remains:
        yield Cause(
            id="no-cluster",
            likelihood="certain",
            title="there is no cluster: only a part of what belongs to one stands",
            evidence=(kinds_of(seen.remains), *(f"{each.type} {each.id}" for each in seen.remains)),
            commands=(seen.command(f"create {name}"), seen.command(f"delete {name}")),
            note="The first goes on from what stands, the second removes it; a cluster of a file"
            " takes -f as before.",
        )
    elif state in ENDED:
        yield Cause(
            id="cluster-failed",
            likelihood="certain",
            title=f"the cluster is {state}",
            evidence=(*_said_by_tasks(seen, seen.cluster.id), *_quoted(seen)),
            commands=(seen.command(f"delete {name}"), seen.command(f"create {name}")),
            note="It does not recover by itself: remove what exists, then create it anew.",
        )
    elif state in STARTING or state == "deleting":
        goal = "deleted" if state == "deleting" else "cluster"
        yield Cause(
            id="cluster-not-ready",
            likelihood="certain",
            title=f"the cluster is {state}: nothing of it can be used now",
            evidence=_quoted(seen),
            commands=(seen.command(f"wait {name} --for {goal}"),),
        )


def _said_by_tasks(seen: ClusterReads, target: str) -> tuple[str, ...]:
    return tuple(_failure(task) for task in seen.tasks if task.target in {target, ""})


def _failure(task: Task) -> str:
    error = task.failure
    return f"task {task.id} ({task.kind}) {task.state}: {error.message if error else 'no reason'}"


def _quoted(seen: ClusterReads) -> tuple[str, ...]:
    """The newest events that are no mere information."""
    loud = [event for event in seen.events if event.level not in {"", "info"}]
    return tuple(
        f"event {event.time} {event.reason}: {event.message}" for event in loud[:EVENTS_QUOTED]
    )


def _api_server(seen: ClusterReads) -> Iterator[Cause]:
    error = seen.refused.get(KUBERNETES)
    if not isinstance(error, Transient):
        return
    cluster = seen.cluster
    yield Cause(
        id="api-server-unreachable",
        likelihood="certain",
        title="the API server does not answer from here",
        evidence=(
            f"{cluster.public_endpoint or cluster.private_endpoint}: {error.message}",
            f"ACK says that the cluster is {cluster.state}",
        ),
        commands=(seen.command("doctor"), seen.command(f"describe {cluster.name} --resources")),
        note="The first tests this machine and its proxies; the second shows whether the load"
        " balancer and the EIP of the API server are there and active.",
    )


def _pools(seen: ClusterReads) -> Iterator[Cause]:
    if not seen.pools and seen.cluster.state in UP and "node pools" in seen.looked_at:
        yield _no_pool(seen)
    for pool in seen.pools:
        if pool.state not in POOL_ENDED and pool.healthy >= pool.desired:
            continue
        tasks = [task for task in seen.tasks if task.target in {pool.id, seen.cluster.id}]
        failed = next((task for task in tasks if task.failure is not None), None)
        if failed is not None:
            yield _failed_task(seen, pool, failed)
        elif pool.state in POOL_ENDED:
            yield Cause(
                id="task-failed",
                likelihood="certain",
                title=f"node pool {pool.name} is {pool.state}",
                evidence=_quoted(seen),
                commands=(_again(seen, pool),),
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
        evidence=tuple(_failure(task) for task in seen.tasks[:1]),
        commands=(seen.command("offers"), seen.command(f"create {name}")),
        note="create goes on from what stands; give it a type and zone that offers shows in stock.",
    )


def _failed_task(seen: ClusterReads, pool: NodePool, task: Task) -> Cause:
    error = task.failure or CloudError("no reason given")
    kind, title, commands = _sort_of(seen, pool, error)
    return Cause(
        id=kind,
        likelihood="possible" if kind == "task-failed" and _has_broken(seen, pool) else "certain",
        title=title,
        evidence=(
            _failure(task),
            f"node pool {pool.name} is {pool.state}: {pool.healthy} of {pool.desired} nodes",
            *_quoted(seen),
        ),
        commands=(*commands, _again(seen, pool)),
        note=error.resolution or "",
    )


def _has_broken(seen: ClusterReads, pool: NodePool) -> bool:
    """Whether nodes of the pool show by themselves why it is short: the task repeats it."""
    return any(node.node_pool_id == pool.id and node.node_status != "Ready" for node in seen.nodes)


def _sort_of(
    seen: ClusterReads, pool: NodePool, error: CloudError
) -> tuple[str, str, tuple[str, ...]]:
    """The cause's word, its title, and what to run before the pool is requested again."""
    if isinstance(error, OutOfStock):
        types = ", ".join(pool.instance_types)
        return "out-of-stock", f"{types} is out of stock for {pool.name}", (seen.command("offers"),)
    if isinstance(error, QuotaExceeded):
        check = seen.command(f"check-quota --nodes {max(pool.desired, 1)}")
        return "quota", f"a quota keeps {pool.name} small: {error.error_code}", (check,)
    if isinstance(error, AccessDenied):
        policy = seen.command("policy generate --for create")
        return "access-denied", f"RAM refuses what {pool.name} needs", (policy,)
    explain = (seen.command(f"explain {error.cloud_code}"),) if error.cloud_code else ()
    return "task-failed", f"ACK's task on {pool.name} failed: {error.error_code}", explain


def _again(seen: ClusterReads, pool: NodePool) -> str:
    """The command that asks for a pool's nodes again; ACK does not retry what failed."""
    return seen.command(f"nodepool scale {seen.cluster.name} {pool.name} --nodes {pool.desired}")


def _images(seen: ClusterReads) -> Iterator[Cause]:
    """Pools whose image the kubelet of the cluster's version refuses."""
    name, version = seen.cluster.name, seen.cluster.version
    for pool in seen.pools:
        problem = problem_with_image(str(pool.settings.get(IMAGE_TYPE) or ""), version)
        if not problem or pool.healthy >= pool.desired:
            continue
        types = " ".join(f"--instance-type {each}" for each in pool.instance_types)
        anew = f"nodepool add {name} {pool.name}-2 {types} --nodes {max(pool.desired, 1)}"
        yield Cause(
            id="image-too-old",
            likelihood="certain",
            title=f"the nodes of {pool.name} boot an image that Kubernetes {version} refuses",
            evidence=(problem, f"{pool.healthy} of {pool.desired} nodes are Ready"),
            commands=(
                seen.command(anew),
                seen.command(f"nodepool delete {name} {pool.name}"),
            ),
            note=f"A new pool gets {default_image_type(version)}, ACK's own choice.",
        )
