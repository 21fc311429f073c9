"""``nodepool scale`` and ``nodepool delete``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ackgpu import flag
from ackgpu.cloud.api import NodePool
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing
from ackgpu.commands.cluster.rows import pool_row
from ackgpu.errors import LeftoversError, UsageError
from ackgpu.render.results import NodePoolList, PlanRow, Result
from ackgpu.render.words import count
from ackgpu.session import Session
from ackgpu.steps.node_pool import taken_by
from ackgpu.steps.pool_graph import removal_graph, scale_graph
from ackgpu.steps.staying_instances import StayingInstance


@dataclass(frozen=True, kw_only=True)
class ScaleOptions(ChangeOptions):
    """The options of ``nodepool scale``."""

    nodes: int


def scale(options: ScaleOptions, session: Session) -> Result:
    """Set a pool's absolute size."""
    nodes = options.nodes
    if nodes < 0:
        raise UsageError(f"{flag.NODES} {nodes} is no size.")
    with changing(session, options, "nodepool scale", f"scale {options.pool} to {nodes}") as change:
        change.refuse_asleep()  # wake gives it the size that it had, and would take nodes away
        pool = change.pool()
        change.refuse_autoscaled(pool, "it takes no size")
        steps = scale_graph(change.standing, pool, nodes=nodes)
        plan = change.look(steps)
        settled = pool.state in {"active", "failed"}
        # Nodes that are on their way have been counted by who requested them.
        standing = pool.total if settled else max(pool.total, pool.desired)
        more = nodes - standing
        if more > 0:
            check_quota(change, pool, more)
        staying = change.staying(pool) if more < 0 else ()
        warnings = told_of_staying(staying)
        if options.dry_run:
            return change.shown(change.spec_of(pool, nodes)[1], plan, warnings)
        if more < 0:
            said = (
                f"{-more} of the {standing} nodes of {pool.name} are removed with their pods; ACK"
            )
            change.confirm(" ".join((f"{said} decides which.", *warnings, "Go on?")))
        result = change.result(change.apply(steps, plan))
        return replace(result, error=left_behind(change, pool, staying))


def delete(options: ChangeOptions, session: Session) -> Result:
    """Remove a pool with its nodes; what is not there is removed already."""
    cloud = session.cloud()
    with changing(session, options, "nodepool delete", f"delete {options.pool}") as change:
        pools = cloud.containers.node_pools(change.cluster.id)
        pool = next((pool for pool in pools if pool.name == options.pool), None)
        if pool is None and not options.dry_run:  # one list may be answered short
            session.until(change.run, change.run.believable)
            pools = cloud.containers.node_pools(change.cluster.id)
            pool = next((pool for pool in pools if pool.name == options.pool), None)
        if pool is None:
            rows = tuple(pool_row(row) for row in pools)
            part = NodePoolList(cluster_name=options.name, node_pools=rows)
            return Result(command=change.command, part=part)
        change.refuse_foreign(pool)
        steps = removal_graph(change.standing, name=pool.name, pool_id=pool.id)
        plan = change.look(steps, removing=True)
        # Before the deletion: afterwards no node leads to them.
        staying = change.staying(pool)
        if options.dry_run:
            detail = count(pool.total - len(staying), "node")
            row = PlanRow(action="DELETE", step=f"node pool {pool.name}", id=pool.id, detail=detail)
            return change.planned([row], told_of_staying(staying))
        types, nodes = " or ".join(pool.instance_types), count(pool.total, "node")
        said = " ".join((*told_of_staying(staying), "Go on?"))
        change.confirm(f"This deletes the node pool {pool.name} with its {nodes} ({types}). {said}")
        result = change.result(change.destroy(steps, plan))
        if options.wait:
            result = replace(result, error=left_behind(change, pool, staying))
    return result


def check_quota(change: ClusterChange, pool: NodePool, more: int) -> None:
    """Raise what forbids ``more`` nodes of the pool."""
    spec, _ = change.spec_of(pool, more)
    change.check_growth(spec, taken_by(spec.node_pools[0], more, flannel=spec.network.is_flannel))


def told_of_staying(staying: Sequence[StayingInstance]) -> tuple[str, ...]:
    """What is said before the question of instances that outlive their node; a line, or none."""
    if not staying:
        return ()
    each = "; ".join(str(instance) for instance in staying)
    return (f"Those that leave the cluster without being released stay billed: {each}.",)


def left_behind(
    change: ClusterChange, pool: NodePool, staying: Sequence[StayingInstance]
) -> LeftoversError | None:
    """The error for instances that have left the pool and still stand: read back, not assumed."""
    nodes = change.cloud.containers.nodes(change.cluster.id, node_pool_id=pool.id)
    inside = {node.instance_id for node in nodes}
    outside = [instance.id for instance in staying if instance.id not in inside]
    rows = change.cloud.compute.instances(ids=outside) if outside else []
    standing = {row.id for row in rows}
    left = [str(instance) for instance in staying if instance.id in standing]
    if not left:
        return None
    return LeftoversError(
        f"{count(len(left), 'instance')} left {change.options.name} and stayed, billed as before.",
        details=left,
        resolution="They are yours to release: an attached one at any time, a subscription after"
        " its term or a refund.",
    )
