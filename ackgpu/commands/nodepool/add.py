"""``nodepool list`` and ``nodepool add``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import VSwitch
from ackgpu.commands.cluster.alternatives import with_other_type
from ackgpu.commands.cluster.operation import ChangeOptions, ClusterChange, changing, cluster_of
from ackgpu.commands.cluster.plan_report import words_of
from ackgpu.commands.cluster.rows import pool_row
from ackgpu.commands.nodepool.fallback import PoolFallback
from ackgpu.commands.nodepool.new_zone import commands_into, made_for
from ackgpu.commands.nodepool.node_password import node_password
from ackgpu.commands.nodepool.spec import (
    PoolFlags,
    blueprint_of,
    checked_spec,
    pool_document,
    said_of,
    standing_document,
)
from ackgpu.engine.plan import Plan
from ackgpu.engine.reads import ReadResults
from ackgpu.engine.step import Drift, Ready
from ackgpu.errors import (
    AccessDenied,
    CloudError,
    ConflictError,
    NoCapacity,
    OutOfStock,
    UsageError,
)
from ackgpu.preflight.facts import needs_of
from ackgpu.render.results import NodePoolList, Result
from ackgpu.session import Session
from ackgpu.spec.validate import warnings_in
from ackgpu.steps.node_pool import POOL_ENDED
from ackgpu.steps.placement import refuse_unfit_nodes
from ackgpu.steps.pool_change import pool_named
from ackgpu.steps.pool_graph import add_graph
from ackgpu.steps.reads import GIVEN_VSWITCHES
from ackgpu.steps.type_choice import choose_types

CHECKS = ("quota", "stock", "key-pair", "vgpu")


@dataclass(frozen=True, kw_only=True)
class AddOptions(ChangeOptions):
    """The options of ``nodepool add``. ``zones`` and ``vswitch_ids`` pick of the cluster's."""

    way_out = f"Fix what is said with each; {flag.SKIP_PREFLIGHT} goes on without."
    flags: PoolFlags
    zones: tuple[str, ...] = ()
    vswitch_ids: tuple[str, ...] = ()
    password_file: Path | None = None
    ask_password: bool = False
    skip_preflight: bool = False


def list_pools(name: str, session: Session) -> Result:
    """List the pools."""
    cloud = session.cloud()
    cluster = cluster_of(cloud, name)
    rows = tuple(pool_row(pool) for pool in cloud.containers.node_pools(cluster.id))
    return Result(command="nodepool list", part=NodePoolList(cluster_name=name, node_pools=rows))


def add(options: AddOptions, session: Session) -> Result:
    """Make a pool beside the others; again, it goes on."""
    document, gpu = pool_document(options.pool, options.flags, session)
    password = node_password(session, file=options.password_file, ask=options.ask_password)
    cloud = session.cloud()
    with changing(session, options, "nodepool add", f"add {options.pool}") as change:
        change.refuse_asleep()
        vswitches = _chosen(change, options)
        whole = standing_document(change.cluster, vswitches, document) | {"gpu": gpu}
        spec, warnings = checked_spec(whole)
        refuse_unfit_nodes(spec, change.cluster.version)
        facts = ReadResults({GIVEN_VSWITCHES: vswitches})
        spec, choice, _ = choose_types(cloud, spec, change.run, [change.cluster], facts)
        if choice is not None:
            warnings = said_of(warnings_in(spec))
        decided = blueprint_of(spec, change.cluster, vswitches)
        blueprint = replace(decided, login_password=password, choice=choice)
        steps = add_graph(change.standing, blueprint)
        size = spec.node_pools[0].desired_size
        with _advising(change, size):
            plan = change.look(steps)
        _refuse_drift(plan)
        new = [p.step.consumes for p in plan.steps if p.action in {"CREATE", "CHANGE"}]
        # Nothing is checked of a pool that stands already:
        # it may have taken the last of the quota itself.
        if new and not options.skip_preflight:
            zones = [zone.zone_id for zone in blueprint.zones]
            try:
                change.check(spec, needs_of(new), zones, _checks(options))
            except NoCapacity as error:
                types = spec.node_pools[0].instance_types
                raise with_other_type(session, error, types, vswitches, begun=False) from None
        if options.dry_run:
            return change.shown(blueprint, plan, warnings)
        with _advising(change, size):
            blueprint, outcome = PoolFallback(change).carry_out(blueprint, steps, plan)
        return change.result(outcome, warnings, choice=words_of(blueprint.choice))


def _checks(options: AddOptions) -> tuple[str, ...]:
    """The ids of the checks; whether the cluster's own vSwitches get out, its creation has seen."""
    elsewhere = options.vswitch_ids or options.zones
    return (*CHECKS, "egress") if elsewhere else CHECKS


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
                f"The pool exists: `ackgpu nodepool scale {name} {pool} {flag.NODES} {nodes}` asks"
                f" for its nodes again, `ackgpu nodepool delete {name} {pool}` removes it."
            )
        if isinstance(error, OutOfStock) and found is not None:
            with_other_type(change.session, error, found.instance_types, change.vswitches())
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
    if not lacking:
        return inside
    # ackgpu may have made one there for this cluster, which the cluster does not know of.
    beside = change.cloud.network.vswitches(vpc_id=change.cluster.vpc_id)
    more = [v for v in made_for(change.cluster, beside) if v.zone_id in lacking]
    lacking -= {vswitch.zone_id for vswitch in more}
    if lacking:
        zones = ", ".join(sorted({vswitch.zone_id for vswitch in found}))
        raise UsageError(
            f"The cluster has no vSwitch in {', '.join(sorted(lacking))}.",
            resolution=f"It has some in {zones}; {flag.VSWITCH_ID} names any other of its VPC."
            f"{_into(change, lacking)}",
        )
    return [*inside, *more]


def _into(change: ClusterChange, lacking: set[str]) -> str:
    """The commands that make vSwitches where there are none; empty if there are none to give.

    Raises UsageError for zones that the region does not have.
    """
    cluster, network = change.cluster, change.cloud.network
    try:
        there = change.cloud.compute.zones()
        ways = [commands_into(zone, cluster, network) for zone in sorted(lacking)]
    except AccessDenied as error:
        return f" What makes one cannot be told: {error.message} {error.resolution}"
    wrong = ", ".join(sorted(lacking - set(there)))
    if wrong:
        raise UsageError(
            f"{cluster.region} has no zone {wrong}.", resolution=f"It has {', '.join(there)}."
        )
    if not all(ways):
        return ""
    lines = ", ".join(f"`{line}`" for way in ways for line in way)
    return f" To make it one: {lines}, then `{change.session.again()}`."


def _ways(drift: Sequence[Drift]) -> str:
    commands = dict.fromkeys(d.command for d in drift if d.command)
    named = ", then ".join(f"`ackgpu {command}`" for command in commands)
    return f", or change the pool: {named}" if named else ""


def _refuse_drift(plan: Plan) -> None:
    """A pool of that name exists: it is continued only if it is what was requested."""
    for planned in plan.steps:
        drift = planned.finding.drift if isinstance(planned.finding, Ready) else ()
        if drift:
            raise ConflictError(
                f"{planned.step.name} {planned.id} exists and differs from what was requested.",
                details=[f"{d.field}: requested {d.wanted}, found {d.found}" for d in drift],
                resolution=f"Choose another name{_ways(drift)}.",
            )
