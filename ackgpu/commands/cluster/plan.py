"""``plan``: what ``create`` would do now, and what the cluster costs. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.commands.account.preflight import before_creation, doubts_of, images_in_doubt, target_of
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
from ackgpu.errors import AckGpuError, OverBudget
from ackgpu.preflight.facts import in_account, needs_of
from ackgpu.preflight.price import Estimate, estimate, over_budget, price_reads
from ackgpu.render.results import Result
from ackgpu.session import Session
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
        error=error or _over_budget(session, blueprint, price),
        exit_code=CHANGES_PENDING if options.detailed_exitcode and plan.changes else 0,
    )


def _checked(
    options: PlanOptions, session: Session, blueprint: Blueprint, plan: Plan
) -> tuple[AckGpuError | None, tuple[str, ...]]:
    """What the preflight of a creation says, if it would be made: an error, and doubts.

    A plan makes none of the checks, and says alone what a creation says before it makes anything.
    """
    skip = options.skip_preflight
    if not plan.count("CREATE"):
        return None, ()
    if skip is None:
        return None, images_in_doubt(target_of(session, blueprint.spec))
    if "all" in skip:
        return None, ()
    new = (p.step.consumes for p in plan.steps if p.action == "CREATE")
    zones = [zone.zone_id for zone in blueprint.zones]
    target = target_of(session, blueprint.spec, needs=needs_of(new), zones=zones)
    try:
        report, _ = before_creation(
            target, session.cloud(blueprint.region), skip, session.reading()
        )
    except AckGpuError as error:
        return session.complete(error), ()
    return None, doubts_of(report)


def priced(session: Session, blueprint: Blueprint) -> Estimate:
    """What the blueprint costs an hour, once it stands."""
    zones = [zone.zone_id for zone in blueprint.zones]
    target = target_of(session, blueprint.spec, zones=zones)
    reads = in_account(price_reads(target), session.cloud(blueprint.region))
    facts = ReadResults(settle_all(session.reading(), reads))
    return estimate(target, facts)


def _over_budget(session: Session, blueprint: Blueprint, price: Estimate) -> AckGpuError | None:
    problem, fix = over_budget(target_of(session, blueprint.spec), price)
    return OverBudget(problem, resolution=fix) if problem else None
