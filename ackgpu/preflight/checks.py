"""Every check, in the order in which they are shown, and how they are carried out together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import settle_all
from ackgpu.engine.reads import ReadResults
from ackgpu.engine.run import Run
from ackgpu.errors import AckGpuError, OverBudget, PreflightFailed, Unreachable, UsageError
from ackgpu.preflight import (
    credentials,
    egress,
    images,
    key_pair,
    name,
    network,
    permissions,
    price,
    region,
    roles,
    security_group,
    stock,
    version,
    vgpu,
)
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import STOOD_IN_FOR, Target, in_account
from ackgpu.preflight.limit_values import LimitRules
from ackgpu.preflight.limits_check import quota_check
from ackgpu.preflight.quota_reads import OtherRegions


@dataclass(frozen=True)
class PreflightReport:
    """What the checks found, and the facts that they found it in. ``ids``: those that ran."""

    ids: tuple[str, ...]
    findings: tuple[CheckFinding, ...]
    facts: ReadResults

    @property
    def errors(self) -> tuple[CheckFinding, ...]:
        """What stands in the way."""
        return tuple(found for found in self.findings if found.severity == "error")

    @property
    def doubts(self) -> tuple[CheckFinding, ...]:
        """What the user should know, and what could not be told."""
        return tuple(f for f in self.findings if f.severity in {"warning", "unknown"})

    def error(self) -> AckGpuError | None:
        """The error of the checks themselves, whose findings are shown beside it.

        PreflightFailed, or OverBudget for the price alone.
        """
        if not self.errors:
            return None
        if self._kinds == {OverBudget}:
            return self._over_budget()
        return PreflightFailed(self._words)

    def raise_errors(self, way_out: str) -> None:
        """Raise what a creation ends with: the failure that all errors share, or PreflightFailed.

        So that a price is OverBudget, and a lack of stock NoCapacity, as it is later on.
        ``way_out`` says what to do.
        """
        if not self.errors:
            return
        if self._kinds == {OverBudget}:
            raise self._over_budget()
        # The exit code says what to do next (ADR 0006): only a lack of stock is 8, as it is later
        # on.
        kind = next(iter(self._kinds)) if len(self._kinds) == 1 else PreflightFailed
        raise kind(
            f"{self._words} Nothing was requested.",
            details=[_line(found) for found in self.errors],
            resolution=way_out,
        )

    @property
    def _kinds(self) -> set[type[AckGpuError]]:
        return {found.failure for found in self.errors}

    @property
    def _words(self) -> str:
        noun = "check" if len(self.errors) == 1 else "checks"
        ids = dict.fromkeys(found.id for found in self.errors)
        return f"{len(self.errors)} {noun} failed: {', '.join(ids)}."

    def _over_budget(self) -> OverBudget:
        return OverBudget(self.errors[0].what, resolution=self.errors[0].fix)


def all_checks(rules: LimitRules) -> tuple[Check, ...]:
    """Every check."""
    return (
        credentials.CHECK,
        permissions.CHECK,
        region.CHECK,
        name.CHECK,
        roles.SERVICE,
        roles.ROLES,
        version.CHECK,
        quota_check(rules),
        stock.CHECK,
        network.CHECK,
        security_group.CHECK,
        egress.CHECK,
        images.CHECK,
        key_pair.CHECK,
        vgpu.FAMILIES,
        vgpu.TERWAY,
        price.CHECK,
    )


def chosen(checks: Sequence[Check], *, only: Sequence[str], skip: Sequence[str]) -> list[Check]:
    """The checks to carry out. Raises UsageError for an id that is none."""
    ids = [check.id for check in checks]
    for asked in (*only, *skip):
        if asked not in ids:
            raise UsageError(
                f"There is no check {asked!r}.", resolution=f"One of: {', '.join(ids)}."
            )
    return [c for c in checks if (not only or c.id in only) and c.id not in skip]


def carry_out(
    target: Target, cloud: Cloud, checks: Sequence[Check], rules: LimitRules, run: Run
) -> PreflightReport:
    """Make every read at once, and judge. What RAM allows is judged by the reads of all checks.

    Raises Unreachable where the cloud cannot be reached: what is unknown then says nothing of the
    account. Quota Center is spared, as documented defaults stand in for it.
    """
    # What RAM refuses is told of all that a creation reads, whichever checks were chosen.
    every = all_checks(rules) if permissions.CHECK in checks else checks
    reads = {read: call for check in every for read, call in check.reads(target).items()}
    calls = in_account(reads, cloud)
    facts = ReadResults(settle_all(run, calls, OtherRegions(target, cloud, rules)))
    for result in facts.results.values():
        # "unknown" at every check would hide that the network is to blame.
        if isinstance(result, Unreachable) and result.action not in STOOD_IN_FOR:
            raise result
    findings = [found for check in checks for found in check.run(target, facts)]
    return PreflightReport(tuple(check.id for check in checks), tuple(findings), facts)


def _line(found: CheckFinding) -> str:
    why = f": {found.why}" if found.why else ""
    fix = f" → {found.fix}" if found.fix else ""
    return f"{found.id}: {found.what}{why}{fix}"
