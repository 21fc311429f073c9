"""``nodepool scale`` and ``nodepool delete``."""

from __future__ import annotations

from ackgpu.app import App
from ackgpu.cloud.api import NodePool
from ackgpu.commands.changing import ChangeOptions, ClusterChange
from ackgpu.commands.pool_spec import blueprint_of, spec_of_pool
from ackgpu.commands.rows import pool_row
from ackgpu.commands.running import locked
from ackgpu.engine.plan import Plan
from ackgpu.errors import UsageError
from ackgpu.render.output import present
from ackgpu.render.results import NodePoolList, PlanResult, PlanRow, Result
from ackgpu.render.words import count
from ackgpu.steps.node_pool import taken_by
from ackgpu.steps.pool_graph import removal_graph, scale_graph

PREPAID_STAYS = (
    "Subscription instances leave the cluster and are not released: they stay in the VPC, paid for"
    " their term, until they are converted back or released in the ECS console: "
)


def scale(options: ChangeOptions, nodes: int, app: App) -> int:
    """Set a pool's absolute size; the exit code."""
    if nodes < 0:
        raise UsageError(f"--nodes {nodes} is no size.")
    cloud = app.cloud()
    with locked(app, cloud.region, options.name):
        change = ClusterChange(app, options, "nodepool scale", f"scale {options.pool} to {nodes}")
        pool = change.pool()
        change.refuse_autoscaled(pool, "it takes no size")
        steps = scale_graph(change.standing, pool, nodes=nodes)
        plan = change.look(steps)
        settled = pool.state in {"active", "failed"}
        standing = pool.total if settled else max(pool.total, pool.desired)
        more = nodes - standing
        if more > 0:
            _check_quota(change, pool, more)
        warnings = _prepaid(change, pool) if more < 0 else ()
        if options.dry_run:
            shown = _shown(change, pool, nodes, plan, warnings)
            return present(app.streams, app.settings.output, shown)
        if more < 0:
            said = f"{-more} of the {standing} nodes of {pool.name} go, with their pods; ACK"
            change.confirm(" ".join((f"{said} decides which.", *warnings, "Go on?")))
        outcome = change.apply(steps, plan)
        result = change.result(outcome, warnings)
    return present(app.streams, app.settings.output, result)


def delete(options: ChangeOptions, app: App) -> int:
    """Remove a pool with its nodes; what is not there is removed already. The exit code."""
    cloud = app.cloud()
    with locked(app, cloud.region, options.name):
        change = ClusterChange(app, options, "nodepool delete", f"delete {options.pool}")
        pools = cloud.containers.node_pools(change.cluster.id)
        pool = next((pool for pool in pools if pool.name == options.pool), None)
        if pool is None:
            rows = tuple(pool_row(row) for row in pools)
            part = NodePoolList(cluster_name=options.name, node_pools=rows)
            gone = Result(command=change.command, part=part)
            return present(app.streams, app.settings.output, gone)
        change.refuse_foreign(pool)
        steps = removal_graph(change.standing, name=pool.name, pool_id=pool.id)
        plan = change.look(steps, removing=True)
        warnings = _prepaid(change, pool)
        if options.dry_run:
            shown = _removal(change, pool, warnings)
            return present(app.streams, app.settings.output, shown)
        change.confirm(_question(pool, warnings))
        outcome = change.destroy(steps, plan)
        result = change.result(outcome, warnings)
    return present(app.streams, app.settings.output, result)


def _check_quota(change: ClusterChange, pool: NodePool, more: int) -> None:
    spec = spec_of_pool(change.cluster, change.vswitches(pool.vswitch_ids), pool, more)
    taken = taken_by(spec.node_pools[0], more, flannel=spec.network.is_flannel)
    change.check_growth(spec, taken)


def _shown(
    change: ClusterChange, pool: NodePool, nodes: int, plan: Plan, warnings: tuple[str, ...]
) -> Result:
    vswitches = change.vswitches(pool.vswitch_ids)
    spec = spec_of_pool(change.cluster, vswitches, pool, nodes)
    return change.shown(blueprint_of(spec, change.cluster, vswitches), plan, warnings)


def _prepaid(change: ClusterChange, pool: NodePool) -> tuple[str, ...]:
    nodes = change.cloud.containers.nodes(change.cluster.id, node_pool_id=pool.id)
    ids = [node.instance_id for node in nodes if node.instance_id]
    instances = change.cloud.compute.instances(ids=ids) if ids else []
    paid = [instance.id for instance in instances if instance.charge_type == "PrePaid"]
    return (PREPAID_STAYS + ", ".join(paid),) if paid else ()


def _removal(change: ClusterChange, pool: NodePool, warnings: tuple[str, ...]) -> Result:
    row = PlanRow(
        action="DELETE", step=f"node pool {pool.name}", id=pool.id, detail=count(pool.total, "node")
    )
    part = PlanResult(cluster_name=change.options.name, region=change.cloud.region, steps=(row,))
    return Result(command=change.command, part=part, warnings=warnings)


def _question(pool: NodePool, warnings: tuple[str, ...]) -> str:
    types = " or ".join(pool.instance_types)
    said = " ".join((*warnings, "Go on?"))
    nodes = count(pool.total, "node")
    return f"This deletes the node pool {pool.name} with its {nodes} ({types}). {said}"
