"""``plan``: what ``create`` would do now, and what the cluster costs. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.cloud.api import Cloud
from ackgpu.commands.account.preflight import (
    before_creation,
    doubts_of,
    images_in_doubt,
    target_of,
    target_of_new,
)
from ackgpu.commands.cluster.build_plan import (
    decided,
    graph,
    refuse_broken,
    refuse_conflicts,
    warnings_of,
)
from ackgpu.commands.cluster.plan_report import plan_result
from ackgpu.commands.load_spec import SpecOptions, load_spec
from ackgpu.engine.gather import settle_all
from ackgpu.engine.plan import Plan, survey
from ackgpu.engine.reads import ReadResults
from ackgpu.engine.run import Run
from ackgpu.errors import AckGpuError, OverBudget
from ackgpu.preflight.facts import Target, in_account
from ackgpu.preflight.price import Estimate, estimate, over_budget, price_reads
from ackgpu.render.results import Result
from ackgpu.session import Session
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.cluster_drift import uncompared
from ackgpu.steps.placement import refuse_name_elsewhere

CHANGES_PENDING = 12


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """The options of ``plan``; ``command`` is what the result calls itself.

    ``skip_preflight``: checks that are left out; None makes none, as a plan does.
    """

    wants: SpecOptions
    kubeconfig: Path | None = None
    detailed_exitcode: bool = False
    command: str = "plan"
    skip_preflight: tuple[str, ...] | None = None


def execute(options: PlanOptions, session: Session) -> Result:
    """Show the plan with its price; exit code 13 where it costs too much."""
    want = load_spec(options.wants, session)
    reading = session.reading()
    began = session.clock.now()
    refuse_name_elsewhere(session.cloud(want.spec.region), want.spec, reading)
    blueprint = decided(session, want.spec, reading)
    plan = survey(graph(session, blueprint, options.kubeconfig), reading)
    refuse_broken(plan)
    refuse_conflicts(session, reading, blueprint, plan, file=options.wants.file)
    price = priced(session, blueprint)
    error, doubts = _checked(options, session, blueprint, plan)
    return Result(
        command=options.command,
        part=plan_result(blueprint, plan, price),
        resources=plan.resources,
        warnings=(*warnings_of(want, blueprint), *uncompared(want.spec, plan), *doubts),
        durations={"total": session.clock.now() - began},
        error=error or budget_error(session, blueprint.spec, price),
        exit_code=CHANGES_PENDING if options.detailed_exitcode and plan.changes else 0,
    )


def _checked(
    options: PlanOptions, session: Session, blueprint: Blueprint, plan: Plan
) -> tuple[AckGpuError | None, tuple[str, ...]]:
    """What the preflight of a creation says, if it would be made: an error, and doubts.

    A plan makes none of the checks, and says alone what a creation says before it makes anything.
    """
    skip = options.skip_preflight
    if not plan.count("CREATE") or "all" in (skip or ()):
        return None, ()
    if skip is None:
        return None, images_in_doubt(target_of(session, blueprint.spec))
    target, cloud = target_of_new(session, blueprint, plan), session.cloud(blueprint.region)
    try:
        report, _ = before_creation(target, cloud, skip, session.reading())
    except AckGpuError as error:
        return session.complete(error), ()
    return None, doubts_of(report)


def priced(session: Session, blueprint: Blueprint) -> Estimate:
    """What the blueprint costs an hour, once it stands."""
    zones = [zone.zone_id for zone in blueprint.zones]
    target = target_of(session, blueprint.spec, zones=zones)
    return price_of(target, session.cloud(blueprint.region), session.reading())


def price_of(target: Target, cloud: Cloud, run: Run) -> Estimate:
    """What the target costs an hour."""
    return estimate(target, ReadResults(settle_all(run, in_account(price_reads(target), cloud))))


def budget_error(session: Session, spec: ClusterSpec, price: Estimate) -> OverBudget | None:
    """The error of what costs more than the spec allows; None if it does not."""
    problem, fix = over_budget(target_of(session, spec), price)
    return OverBudget(problem, resolution=fix) if problem else None
