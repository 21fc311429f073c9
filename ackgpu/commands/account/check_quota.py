"""``check-quota``: whether the account's limits leave room for a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu import flag
from ackgpu.commands.cluster.plan_report import sketch
from ackgpu.commands.load_spec import SpecOptions, load_spec
from ackgpu.engine.gather import settle_all
from ackgpu.engine.reads import ReadResults
from ackgpu.errors import AckGpuError, PreflightFailed
from ackgpu.preflight.facts import Target, in_account, needs_of
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.limits import Edition, checked_profile, overrides_of
from ackgpu.preflight.quota import LimitCheck, check_limits, offline
from ackgpu.preflight.quota_reads import OtherRegions, quota_reads
from ackgpu.preflight.reads import IDENTITY
from ackgpu.render.results import Result, shown_as
from ackgpu.render.verdicts import QuotaResult, QuotaRow
from ackgpu.session import Session
from ackgpu.steps.reads import REGIONS


@dataclass(frozen=True, kw_only=True)
class CheckQuotaOptions:
    """The options of ``check-quota``. ``limits``: the documented profile to fall back on."""

    wants: SpecOptions
    strict: bool = False
    offline: bool = False
    limits: str = "2020"
    overrides: tuple[str, ...] = ()


def execute(options: CheckQuotaOptions, session: Session) -> Result:
    """Show every limit that the cluster touches; exit code 3 where one is short."""
    rules = LimitRules(checked_profile(options.limits), overrides_of(options.overrides))
    spec = load_spec(options.wants, session, unnamed="new", offline=options.offline).spec
    steps = sketch(session, spec, session.offline_cloud(spec.region))
    needs = needs_of(step.consumes for step in steps)
    began = session.clock.now()
    if options.offline:
        edition = Edition(spec.cluster.spec, spec.network.plugin)
        rows, account = offline(needs, edition, rules), ""
    else:
        rows, account = _online(session, Target(spec, session.clock, needs, needs), rules)
    return Result(
        command="check-quota",
        part=QuotaResult(
            quotas=tuple(quota_row(row) for row in rows),
            nodes=spec.node_count,
            network_plugin="Flannel" if spec.network.is_flannel else "Terway",
            region=spec.region,
            account=account,
        ),
        durations={"total": session.clock.now() - began},
        error=session.complete(limits_error(rows, strict=options.strict)),
    )


def quota_row(row: LimitCheck) -> QuotaRow:
    """A limit as results show it."""
    return shown_as(QuotaRow, row, id=row.key, name=row.title)


def limits_error(rows: list[LimitCheck], *, strict: bool) -> AckGpuError | None:
    """The error of limits that are short, or not known where that is asked to count."""
    short = [row for row in rows if row.verdict == "short"]
    unknown = [row for row in rows if row.verdict == "unknown" or row.why_unknown]
    if short:
        noun = "limit is" if len(short) == 1 else "limits are"
        return PreflightFailed(
            f"{len(short)} {noun} short: {', '.join(row.title for row in short)}.",
            resolution="Make room or ask for more, as said with each.",
        )
    if unknown and strict:
        noun = "limit is" if len(unknown) == 1 else "limits are"
        return PreflightFailed(
            f"{len(unknown)} {noun} not known, and {flag.STRICT} makes that an error.",
            details=[f"{row.title}: {row.why_unknown}" for row in unknown],
            resolution=f"Run it again, or give what you know: {flag.LIMIT} NAME=N.",
        )
    return None


def _online(session: Session, target: Target, rules: LimitRules) -> tuple[list[LimitCheck], str]:
    cloud = session.cloud(target.region)
    reads = in_account(quota_reads(target), cloud) | {IDENTITY: lambda: session.identity}
    facts = ReadResults(settle_all(session.reading(), reads, OtherRegions(target, cloud, rules)))
    _refuse_unknown_region(facts, target.region)
    return check_limits(target, facts, rules), facts[IDENTITY].account_id


def _refuse_unknown_region(facts: ReadResults, region: str) -> None:
    regions = facts.get(REGIONS)
    if regions and region not in regions:
        raise PreflightFailed(
            f"The region {region} does not exist, or is not open to this account.",
            details=[", ".join(regions)],
            resolution="Choose one of these.",
        )
