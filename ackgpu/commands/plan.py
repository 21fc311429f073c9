"""``plan``: what ``create`` would do now, and what the cluster costs. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ackgpu.app import App
from ackgpu.commands.planning import plan_result
from ackgpu.commands.preflight import target_of
from ackgpu.commands.preparing import prepare, refuse_conflicts
from ackgpu.commands.specs import SpecOptions, wanted
from ackgpu.engine.gather import settle_all
from ackgpu.engine.plan import survey
from ackgpu.errors import AckGpuError, OverBudget
from ackgpu.preflight.facts import Facts
from ackgpu.preflight.price import Estimate, estimate, over_budget, price_reads
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.steps.blueprint import Blueprint

CHANGES_PENDING = 12


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """What ``plan`` was asked for; ``command`` is what the result calls itself."""

    wants: SpecOptions
    kubeconfig: Path | None = None
    detailed_exitcode: bool = False
    command: str = "plan"


def run(options: PlanOptions, app: App) -> int:
    """Show the plan with its price; exit code 13 where it costs too much."""
    want = wanted(options.wants, app)
    reading = app.reading()
    began = app.clock.now()
    blueprint, steps = prepare(app, want.spec, reading, "", options.kubeconfig)
    plan = survey(steps, reading)
    refuse_conflicts(plan)
    price = priced(app, blueprint)
    result = Result(
        command=options.command,
        part=plan_result(blueprint, plan, price),
        resources=plan.resources,
        warnings=want.warnings,
        durations={"total": app.clock.now() - began},
        error=_over_budget(app, blueprint, price),
        exit_code=CHANGES_PENDING if options.detailed_exitcode and plan.changes else 0,
    )
    return present(app.streams, app.settings.output, result)


def priced(app: App, blueprint: Blueprint) -> Estimate:
    """What the blueprint costs an hour, once it stands."""
    zones = [zone.zone_id for zone in blueprint.zones]
    target = target_of(app, blueprint.spec, zones=zones)
    facts = Facts(settle_all(app.reading(), price_reads(target)))
    return estimate(target, facts)


def _over_budget(app: App, blueprint: Blueprint, price: Estimate) -> AckGpuError | None:
    problem = over_budget(target_of(app, blueprint.spec), price.total)
    if not problem:
        return None
    return OverBudget(
        problem, resolution="Use fewer or smaller nodes, or raise --max-hourly-price."
    )
