"""``preflight``: everything that can be known before anything is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import Cloud
from ackgpu.commands.cluster.plan_report import sketch
from ackgpu.commands.load_spec import SpecOptions, load_spec
from ackgpu.engine.plan import Plan
from ackgpu.engine.reads import ReadResults
from ackgpu.engine.run import Run
from ackgpu.preflight import images, name, stock
from ackgpu.preflight.check import CheckFinding
from ackgpu.preflight.checks import PreflightReport, all_checks, carry_out, chosen
from ackgpu.preflight.facts import Target, needs_of
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.limits import checked_profile, overrides_of
from ackgpu.preflight.price import Estimate, estimate
from ackgpu.render.junit import write_junit
from ackgpu.render.results import Result
from ackgpu.render.verdicts import CheckList, CheckRow, Verdict
from ackgpu.render.words import count, hourly
from ackgpu.session import Session
from ackgpu.small_file import check_directory
from ackgpu.spec.model import ClusterSpec
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.type_choice import choose_types

OF_TYPES = frozenset({"stock", "price", "vgpu", "terway"})
"""Checks that look at instance types: pools that name none get the one that create would take."""
UNNAMED = "new"
"""Stands for a name that was not given, which is looked for nowhere."""
VERDICTS: dict[str, Verdict] = {
    "ok": "passed",
    "warning": "warning",
    "unknown": "unknown",
    "error": "failed",
    "skipped": "skipped",
}


@dataclass(frozen=True, kw_only=True)
class PreflightOptions:
    """The options of ``preflight``. ``only``: ids of checks, all where empty."""

    wants: SpecOptions
    only: tuple[str, ...] = ()
    junit: Path | None = None
    limits: str = "2020"
    overrides: tuple[str, ...] = ()


def execute(options: PreflightOptions, session: Session) -> Result:
    """Carry the checks out and show what each found; exit code 3 where one failed."""
    check_directory(flag.JUNIT, options.junit)
    rules = LimitRules(checked_profile(options.limits), overrides_of(options.overrides))
    spec = load_spec(options.wants, session, unnamed=UNNAMED).spec
    skip = (name.ID,) if spec.name == UNNAMED else ()
    checks = chosen(all_checks(rules), only=options.only, skip=skip)
    if not OF_TYPES.isdisjoint(check.id for check in checks):
        cloud, run = session.cloud(spec.region), session.reading()
        spec, *_ = choose_types(cloud, spec, run, [], ReadResults({}))
    began = session.clock.now()
    target, cloud = target_of(session, spec), session.cloud(spec.region)
    report = carry_out(target, cloud, checks, rules, session.reading())
    part = check_list(f"ackgpu preflight · {spec.region}", report.findings, session)
    if options.junit:
        write_junit(options.junit, part, emulated=session.emulated)
        session.display.wrote(options.junit)
    return Result(
        command="preflight",
        part=part,
        durations={"total": session.clock.now() - began},
        error=session.complete(report.error()),
    )


def target_of(
    session: Session,
    spec: ClusterSpec,
    *,
    needs: dict[str, int] | None = None,
    zones: Sequence[str] = (),
) -> Target:
    """What the checks look at. Without ``needs``: all that the spec takes, as if nothing stood."""
    owns = needs_of(step.consumes for step in sketch(session, spec, session.cloud(spec.region)))
    named = [v.zone for v in spec.network.vswitches if not v.id and v.zone != "auto"]
    return Target(
        spec,
        session.clock,
        needs=owns if needs is None else needs,
        owns=owns,
        zones=tuple(zones or named),
        image_registry=session.settings.image_registry,
    )


def target_of_new(session: Session, blueprint: Blueprint, plan: Plan) -> Target:
    """What the checks look at before what is missing by the plan is made."""
    new = (p.step.consumes for p in plan.steps if p.action == "CREATE")
    zones = [zone.zone_id for zone in blueprint.zones]
    return target_of(session, blueprint.spec, needs=needs_of(new), zones=zones)


def check_list(title: str, findings: Iterable[CheckFinding], session: Session) -> CheckList:
    """Findings as results show them."""
    return CheckList(title=title, checks=tuple(_row(found, session) for found in findings))


def refuse_unknown(ids: Sequence[str]) -> None:
    """Raise UsageError for a check to skip that is none; ``all`` is every one."""
    if "all" not in ids:
        chosen(all_checks(LimitRules()), only=(), skip=ids)


def before_creation(
    target: Target, cloud: Cloud, skip: Sequence[str], run: Run
) -> tuple[PreflightReport, Estimate | None]:
    """Check, and raise what stands in the way; the report and the price, where it was asked."""
    rules = LimitRules()
    report = carry_out(target, cloud, chosen(all_checks(rules), only=(), skip=skip), rules, run)
    report.raise_errors(
        f"Fix what is said with each; {flag.SKIP_PREFLIGHT} CHECK goes on without one."
    )
    return report, estimate(target, report.facts) if "price" in report.ids else None


def in_one_line(report: PreflightReport, target: Target, price: Estimate | None) -> str:
    """``Preflight ✓ 17 checks   quota 6/6 · stock cn-hangzhou-k ✓ · ¥ 9.84 an hour``."""
    said = []
    if "quota" in report.ids:
        touched = len(target.needs)
        unknown = sum(f.id == "quota" and f.severity == "unknown" for f in report.findings)
        said.append(f"quota {touched - unknown}/{touched}")
    if stock.ID in report.ids and target.zones:
        said.append(f"stock {', '.join(target.zones)} ✓")
    if price is not None:
        least = "" if price.complete else "at least "
        known = price.total.amount is not None
        said.append(f"{least if known else ''}{hourly(price.total)}")
    return f"Preflight ✓ {count(len(report.ids), 'check')}   {' · '.join(said)}"


def doubts_of(report: PreflightReport, *, at_once: bool = False) -> tuple[str, ...]:
    """What is worth a warning beside a result; what the spec's own rules say is not repeated.

    ``at_once``: only what is to be said before anything is made, with its remedy.
    """
    return tuple(_in_words(found) for found in report.doubts if found.at_once or not at_once)


def images_in_doubt(target: Target) -> tuple[str, ...]:
    """That nodes may not reach the image of a verification: known without asking the cloud."""
    found = images.CHECK.run(target, ReadResults({}))
    return tuple(_in_words(each) for each in found if each.severity == "warning")


def _in_words(found: CheckFinding) -> str:
    why = f" ({found.why})" if found.why else ""
    return f"{found.id}: {found.what}{why}{f'. {found.fix}' if found.at_once else ''}"


def _row(found: CheckFinding, session: Session) -> CheckRow:
    message = f"{found.what}: {found.why}" if found.why else found.what
    return CheckRow(
        name=found.id,
        verdict=VERDICTS[found.severity],
        message=message,
        remedy=session.completed(found.fix),
    )
