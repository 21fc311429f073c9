"""``nodepool list`` and ``nodepool add``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu.app import App
from ackgpu.cloud.api import VSwitch
from ackgpu.commands.changing import ChangeOptions, ClusterChange, cluster_of
from ackgpu.commands.node_password import node_password
from ackgpu.commands.pool_spec import (
    PoolFlags,
    blueprint_of,
    checked_spec,
    pool_document,
    standing_document,
)
from ackgpu.commands.rows import pool_row
from ackgpu.commands.running import locked
from ackgpu.engine.plan import Plan
from ackgpu.engine.step import Ready
from ackgpu.errors import CloudError, ConflictError, UsageError
from ackgpu.preflight.facts import needs_of
from ackgpu.render.output import present
from ackgpu.render.results import NodePoolList, Result
from ackgpu.steps.node_pool import POOL_ENDED
from ackgpu.steps.pool_change import pool_named
from ackgpu.steps.pool_graph import add_graph

CHECKS = ("quota", "stock", "key-pair", "vgpu")


@dataclass(frozen=True, kw_only=True)
class AddOptions(ChangeOptions):
    """What ``nodepool add`` was asked for. ``zones`` and ``vswitch_ids`` pick of the cluster's."""

    way_out = "Fix what is said with each; --skip-preflight goes on without."
    flags: PoolFlags
    zones: tuple[str, ...] = ()
    vswitch_ids: tuple[str, ...] = ()
    password_file: Path | None = None
    ask_password: bool = False
    skip_preflight: bool = False


def list_pools(name: str, app: App) -> int:
    """List the pools; the exit code."""
    cloud = app.cloud()
    cluster = cluster_of(cloud, name)
    rows = tuple(pool_row(pool) for pool in cloud.containers.node_pools(cluster.id))
    result = Result(command="nodepool list", part=NodePoolList(cluster_name=name, node_pools=rows))
    return present(app.streams, app.settings.output, result)


def add(options: AddOptions, app: App) -> int:
    """Make a pool beside the others; again, it goes on. The exit code."""
    document, gpu = pool_document(options.pool, options.flags, app)
    password = node_password(app, file=options.password_file, ask=options.ask_password)
    cloud = app.cloud()
    with locked(app, cloud.region, options.name):
        change = ClusterChange(app, options, "nodepool add", f"add {options.pool}")
        vswitches = _chosen(change, options)
        whole = standing_document(change.cluster, vswitches, document) | {"gpu": gpu}
        spec, warnings = checked_spec(whole)
        blueprint = replace(blueprint_of(spec, change.cluster, vswitches), login_password=password)
        steps = add_graph(change.standing, blueprint)
        size = spec.node_pools[0].desired_size
        with _advising(change, size):
            plan = change.look(steps)
        _refuse_drift(plan)
        new = [p.step.consumes for p in plan.steps if p.action in {"CREATE", "CHANGE"}]
        if new and not options.skip_preflight:
            zones = [zone.zone_id for zone in blueprint.zones]
            change.check(spec, needs_of(new), zones, CHECKS)
        if options.dry_run:
            shown = change.shown(blueprint, plan, warnings)
            return present(app.streams, app.settings.output, shown)
        with _advising(change, size):
            outcome = change.apply(steps, plan)
        result = change.result(outcome, warnings)
    return present(app.streams, app.settings.output, result)


@contextmanager
def _advising(change: ClusterChange, nodes: int) -> Iterator[None]:
    """Name what goes on where the pool exists and has failed: making it again does not."""
    try:
        yield
    except CloudError as error:
        name, pool = change.options.name, change.options.pool
        found = pool_named(change.cloud, change.cluster.id, pool)
        if found is not None and found.state in POOL_ENDED:
            error.resolution = (
                f"The pool exists: `ackgpu nodepool scale {name} {pool} --nodes {nodes}` asks for"
                f" its nodes again, `ackgpu nodepool delete {name} {pool}` removes it."
            )
        raise


def _chosen(change: ClusterChange, options: AddOptions) -> list[VSwitch]:
    """The cluster's vSwitches, or those that were named by id or by zone."""
    found = change.vswitches(options.vswitch_ids)
    missing = set(options.vswitch_ids) - {vswitch.id for vswitch in found}
    if missing:
        raise UsageError(f"{', '.join(sorted(missing))}: no such vSwitch in {change.cloud.region}.")
    strangers = [v.id for v in found if v.vpc_id != change.cluster.vpc_id]
    if strangers:
        raise UsageError(f"{', '.join(strangers)}: not in the VPC {change.cluster.vpc_id}.")
    if not options.zones:
        return found
    inside = [vswitch for vswitch in found if vswitch.zone_id in options.zones]
    lacking = set(options.zones) - {vswitch.zone_id for vswitch in inside}
    if lacking:
        zones = ", ".join(sorted({vswitch.zone_id for vswitch in found}))
        raise UsageError(
            f"The cluster has no vSwitch in {', '.join(sorted(lacking))}.",
            resolution=f"It has some in {zones}; --vswitch-id names any other of its VPC.",
        )
    return inside


def _refuse_drift(plan: Plan) -> None:
    """A pool of that name exists: it is gone on with only if it is what was asked for."""
    for planned in plan.steps:
        drift = planned.finding.drift if isinstance(planned.finding, Ready) else ()
        if drift:
            raise ConflictError(
                f"{planned.step.name} {planned.id} exists and is not what was asked for.",
                details=[f"{d.field}: asked for {d.wanted}, found {d.found}" for d in drift],
                resolution="Choose another name, or change it: `ackgpu nodepool scale`.",
            )
