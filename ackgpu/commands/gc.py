"""``gc``: what is ours, and expired or forgotten, from the cloud's tags alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from ackgpu.app import App
from ackgpu.commands.delete import DeleteOptions, Deletion
from ackgpu.commands.estates import does_not_expire
from ackgpu.commands.regions import Looked, sort_out
from ackgpu.commands.running import locked
from ackgpu.errors import AckGpuError, CloudError, Interrupted, UsageError
from ackgpu.render.output import present
from ackgpu.render.results import GcResult, GcRow, Result
from ackgpu.spec import durations
from ackgpu.steps.owned import Holding, Owned, holdings

SKEW_SECONDS = 5 * 60.0
"""How far the clocks of two machines may differ: nothing is expired before so long after."""
ORPHAN_SECONDS = 60 * 60.0
"""A create has no cluster for its first minutes: no network is forgotten before so long."""


@dataclass(frozen=True, kw_only=True)
class GcOptions:
    """What ``gc`` was asked for; without any selection, what is expired."""

    older_than: str = ""
    expired: bool = False
    orphans: bool = False
    all_regions: bool = False
    dry_run: bool = False
    execute: bool = False
    yes: bool = False
    timeout: str = ""


@dataclass(frozen=True)
class Finding:
    """A holding that is to go, and why."""

    holding: Holding
    reason: str


@dataclass
class Collected:
    """What came of removing: the ids that are still there, and the first failure.

    ``stopped``: a signal ended it before all was tried.
    """

    left: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    error: AckGpuError | None = None
    stopped: Interrupted | None = None


def run(options: GcOptions, app: App) -> int:
    """Show what is found, and with --execute remove it; the exit code."""
    if options.dry_run and options.execute:
        raise UsageError("--dry-run and --execute exclude each other.")
    rules = Rules(options, app)
    looked = _look(options, app)
    found = _judged(looked.rows, rules)
    came = Collected()
    if options.execute and found:
        names = ", ".join(f"{f.holding.name} ({f.holding.region})" for f in found)
        if not options.yes and not app.streams.confirm(f"Remove {names}?"):
            raise UsageError("Nothing was removed.")
        came = _remove(options, app, rules, found)
    rows = [
        _row(app, finding, item, removed=options.execute and item.id not in came.left)
        for finding in found
        for item in finding.holding.items
    ]
    result = Result(
        command="gc",
        part=GcResult(
            found=tuple(rows), executed=options.execute, unread_regions=tuple(looked.failures)
        ),
        warnings=(*looked.warnings, *_doubts(app, looked.rows), *came.warnings),
        error=app.complete(came.stopped or looked.error or came.error),
    )
    return present(app.streams, app.settings.output, result)


class Rules:
    """Which holdings are to go. ``why`` is empty for one that stays."""

    def __init__(self, options: GcOptions, app: App) -> None:
        self._clock = app.clock
        self._orphans = options.orphans
        self._expired = options.expired or not (options.orphans or options.older_than)
        self._oldest: int | None = None
        if options.older_than:
            try:
                self._oldest = durations.parse_bounded(options.older_than)
            except ValueError as error:
                raise UsageError(f"--older-than {options.older_than}: {error}") from None

    def why(self, holding: Holding) -> str:
        """The reason for which it goes."""
        if holding.held:
            return ""
        if self._expired and self._is_expired(holding):
            return "expired"
        if self._orphans and self._is_orphan(holding):
            return "without a cluster"
        if self._oldest is not None and self._is_older(holding, self._oldest):
            return f"older than {durations.format_seconds(self._oldest)}"
        return ""

    def _is_expired(self, holding: Holding) -> bool:
        expires = holding.expires
        if expires is None or holding.unreadable_expiry:
            return False
        return self._clock.since(expires) > SKEW_SECONDS

    def _is_orphan(self, holding: Holding) -> bool:
        return not holding.has_cluster and self._is_older(holding, ORPHAN_SECONDS)

    def _is_older(self, holding: Holding, seconds: float) -> bool:
        """By what was made last: what somebody is working on is not old."""
        youngest = holding.youngest
        return youngest is not None and self._clock.since(youngest) > seconds


def _look(options: GcOptions, app: App) -> Looked[Holding]:
    cloud = app.cloud()
    regions = cloud.compute.regions() if options.all_regions else [cloud.region]
    # Each region's reads run at once; regions one after the other keep within the flow control.
    results: dict[str, list[Holding] | Exception] = {}
    for region in regions:
        try:
            results[region] = holdings(cloud.in_region(region), app.reading())
        except CloudError as error:
            results[region] = error
    return sort_out(results)


def _judged(seen: Sequence[Holding], rules: Rules) -> list[Finding]:
    judged = (Finding(holding, rules.why(holding)) for holding in seen)
    return [finding for finding in judged if finding.reason]


def _doubts(app: App, seen: Sequence[Holding]) -> tuple[str, ...]:
    return tuple(
        does_not_expire(app, holding.name, holding.region, holding.unreadable_expiry)
        for holding in seen
        if holding.unreadable_expiry and not holding.held
    )


def _remove(options: GcOptions, app: App, rules: Rules, found: Sequence[Finding]) -> Collected:
    """Remove one after the other, also after one that failed."""
    came = Collected()
    for number, finding in enumerate(found):
        name, region = finding.holding.name, finding.holding.region
        said: list[str] = []
        try:
            stays, failure = _attempt(options, app, rules, finding.holding, said)
        except Interrupted as stopped:
            came.left |= {item.id for later in found[number:] for item in later.holding.items}
            came.stopped = stopped
            break
        came.left |= {item.id for item in stays}
        came.error = came.error or failure
        if failure is not None:
            said.append(_in_one_line(failure))
        elif stays:
            said.append("it stays: it was extended or held meanwhile.")
        came.warnings += [f"{name} in {region}: {message}" for message in said]
    return came


def _attempt(
    options: GcOptions, app: App, rules: Rules, holding: Holding, said: list[str]
) -> tuple[Sequence[Owned], AckGpuError | None]:
    """What stays of it, and the failure that it stays for; its warnings are added to ``said``."""
    try:
        return _remove_one(options, app, rules, holding, said), None
    except Interrupted:
        raise
    except AckGpuError as failure:
        return _what_stays(app, holding), failure


def _remove_one(
    options: GcOptions, app: App, rules: Rules, holding: Holding, said: list[str]
) -> Sequence[Owned]:
    """Remove it, unless it was extended or held since it was looked at; what stays then."""
    cloud = app.cloud(holding.region)
    fresh = holdings(cloud, app.reading(), name=holding.name)
    if not any(rules.why(again) for again in fresh):
        return [item for again in fresh for item in again.items]
    wanted = DeleteOptions(name=holding.name, yes=True, timeout=options.timeout)
    with locked(app, holding.region, holding.name):
        deletion = Deletion(wanted, app, cloud)
        with closing(deletion.journal):
            result = deletion.carry_out()
    said += result.warnings
    if result.error is not None:
        raise result.error
    return ()


def _what_stays(app: App, holding: Holding) -> Sequence[Owned]:
    """What is still there of it; all of it where that cannot be read."""
    try:
        fresh = holdings(app.cloud(holding.region), app.reading(), name=holding.name)
    except CloudError:
        return holding.items
    return [item for again in fresh for item in again.items]


def _in_one_line(error: AckGpuError) -> str:
    return f"{error.message} ({'; '.join(error.details)})" if error.details else error.message


def _row(app: App, finding: Finding, item: Owned, *, removed: bool) -> GcRow:
    return GcRow(
        kind=item.kind,
        name=item.name,
        id=item.id,
        region=finding.holding.region,
        reason=finding.reason,
        age=app.clock.since(item.born) if item.born else None,
        removed=removed,
    )
