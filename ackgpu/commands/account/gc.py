"""``gc``: what is ours, and expired or forgotten, only from the cloud's tags."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from ackgpu import flag
from ackgpu.commands.account.regions import Looked, sort_out
from ackgpu.commands.cluster.delete import DeleteOptions, Deletion
from ackgpu.commands.cluster.lookup import does_not_expire
from ackgpu.commands.side_by_side import side_by_side
from ackgpu.errors import AckGpuError, CloudError, Interrupted, UsageError
from ackgpu.inventory.owned import Holding, Owned, holdings
from ackgpu.render.deletions import DeleteResult, GcReceipt, GcResult, GcRow
from ackgpu.render.results import Result, shown_as
from ackgpu.render.words import count
from ackgpu.session import Session
from ackgpu.spec import durations

SKEW_SECONDS = 5 * 60.0
"""How far the clocks of two machines may differ: nothing is expired before so long after."""
ORPHAN_SECONDS = 60 * 60.0
"""A create has no cluster for its first minutes: no network is forgotten before so long."""


@dataclass(frozen=True, kw_only=True)
class GcOptions:
    """The options of ``gc``; without any selection, what is expired.

    ``print_schedule``: the form of the job that is printed instead of doing it.
    """

    older_than: str = ""
    expired: bool = False
    orphans: bool = False
    all_regions: bool = False
    dry_run: bool = False
    execute: bool = False
    yes: bool = False
    timeout: str = ""
    print_schedule: str = ""


@dataclass(frozen=True)
class Collectable:
    """A holding that is to go, and why."""

    holding: Holding
    reason: str


@dataclass
class Tried:
    """One removal: what stays and why, what is to be said, its receipt if all of it is gone."""

    stays: Sequence[Owned] = ()
    failure: AckGpuError | None = None
    said: list[str] = field(default_factory=list)
    receipt: GcReceipt | None = None


@dataclass
class Collected:
    """What came of removing: the ids that are still there, and the first failure.

    ``stopped``: a signal ended it before all was tried.
    """

    left: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    receipts: list[GcReceipt] = field(default_factory=list)
    error: AckGpuError | None = None
    stopped: Interrupted | None = None


def execute(options: GcOptions, session: Session) -> Result:
    """Show what is found, and remove it if that is wanted."""
    if options.dry_run and options.execute:
        raise UsageError(f"{flag.DRY_RUN} and {flag.EXECUTE} exclude each other.")
    rules = Rules(options, session)
    looked = _look(options, session)
    found = _judged(looked.rows, rules)
    came = Collected()
    if options.execute and found:
        if not options.yes:
            _ask(session, found)
        came = _remove(options, session, rules, found)
    rows = [
        _row(session, finding, item, removed=options.execute and item.id not in came.left)
        for finding in found
        for item in finding.holding.items
    ]
    return Result(
        command="gc",
        part=GcResult(
            found=tuple(rows),
            executed=options.execute,
            deleted=tuple(came.receipts),
            unread_regions=tuple(looked.failures),
        ),
        warnings=(*looked.warnings, *_doubts(session, looked.rows), *came.warnings),
        error=session.complete(came.stopped or looked.error or came.error),
    )


def _ask(session: Session, found: Sequence[Collectable]) -> None:
    """Show the clusters and what each consists of, and ask. Raises UsageError."""
    rows = [_row(session, f, item, removed=False) for f in found for item in f.holding.items]
    session.display.preview(GcResult(found=tuple(rows), executed=False))
    clusters = count(len(found), "cluster")
    if not session.streams.confirm(f"Delete {clusters} with all that was made for them?"):
        raise UsageError("Nothing was deleted.")


class Rules:
    """Which holdings are to go. ``why`` is empty for one that stays."""

    def __init__(self, options: GcOptions, session: Session) -> None:
        self._clock = session.clock
        self._orphans = options.orphans
        self._expired = options.expired or not (options.orphans or options.older_than)
        self._oldest: int | None = None
        if options.older_than:
            try:
                self._oldest = durations.parse_bounded(options.older_than)
            except ValueError as error:
                raise UsageError(f"{flag.OLDER_THAN} {options.older_than}: {error}") from None

    def why(self, holding: Holding) -> str:
        """The reason for which it goes."""
        if holding.held:
            return ""
        if self._expired and self._is_expired(holding):
            return "expired"
        if self._orphans and not holding.has_cluster and self._is_older(holding, ORPHAN_SECONDS):
            return "without a cluster"
        if self._oldest is not None and self._is_older(holding, self._oldest):
            return f"older than {durations.format_seconds(self._oldest)}"
        return ""

    def _is_expired(self, holding: Holding) -> bool:
        expires = holding.expires
        # One part with an expiry that cannot be read may
        # have been meant to last: nothing of it goes.
        if expires is None or holding.unreadable_expiry:
            return False
        return self._clock.since(expires) > SKEW_SECONDS

    def _is_older(self, holding: Holding, seconds: float) -> bool:
        """By what was made last: what somebody is working on is not old."""
        youngest = holding.youngest
        return youngest is not None and self._clock.since(youngest) > seconds


def _look(options: GcOptions, session: Session) -> Looked[Holding]:
    cloud = session.cloud()
    regions = cloud.compute.regions() if options.all_regions else [cloud.region]
    # Each region's reads run at once; regions one after the other keep within the flow control.
    results: dict[str, list[Holding] | Exception] = {}
    for region in regions:
        try:
            results[region] = holdings(cloud.in_region(region), session.reading())
        except CloudError as error:
            results[region] = error
    return sort_out(results)


def _judged(seen: Sequence[Holding], rules: Rules) -> list[Collectable]:
    judged = (Collectable(holding, rules.why(holding)) for holding in seen)
    return [finding for finding in judged if finding.reason]


def _doubts(session: Session, seen: Sequence[Holding]) -> tuple[str, ...]:
    return tuple(
        does_not_expire(session, holding.name, holding.region, holding.unreadable_expiry)
        for holding in seen
        if holding.unreadable_expiry and not holding.held
    )


def _remove(
    options: GcOptions, session: Session, rules: Rules, found: Sequence[Collectable]
) -> Collected:
    """Remove several at once; one that fails ends no other. The first that failed is the error."""
    works = {
        _label(finding.holding, found): partial(_attempt, options, rules, finding.holding)
        for finding in found
    }
    came = Collected()
    for finding, tried in zip(found, side_by_side(session, works).values(), strict=True):
        failure = tried.failure
        came.left |= {item.id for item in tried.stays}
        came.receipts += [tried.receipt] if tried.receipt else []
        if isinstance(failure, Interrupted):
            # A stop is no failure of the others, which are still told of.
            came.stopped = came.stopped or failure
        elif failure is not None:
            came.error = came.error or failure
            why = f" ({'; '.join(failure.details)})" if failure.details else ""
            tried.said.append(f"{failure.message}{why}")
        elif tried.stays:
            tried.said.append("it stays: it was extended or held meanwhile.")
        name, region = finding.holding.name, finding.holding.region
        came.warnings += [f"{name} in {region}: {message}" for message in tried.said]
    return came


def _label(holding: Holding, found: Sequence[Collectable]) -> str:
    """What lines on the display call it: with its region if another one has the name as well."""
    alone = sum(other.holding.name == holding.name for other in found) == 1
    return holding.name if alone else f"{holding.name} in {holding.region}"


def _attempt(options: GcOptions, rules: Rules, holding: Holding, session: Session) -> Tried:
    """Remove one cluster, unless the command is to stop by now."""
    tried = Tried(stays=holding.items)
    if session.cancel.requested:
        number = session.cancel.signal_number
        tried.failure = Interrupted(
            "Stopped.", signal_number=number, resolution=session.same_again()
        )
        return tried
    try:
        tried.stays = _remove_one(options, session, rules, holding, tried)
    except Interrupted as stopped:
        tried.failure = stopped
    except AckGpuError as failure:
        tried.failure, tried.stays = failure, _what_stays(session, holding)
    return tried


def _remove_one(
    options: GcOptions, session: Session, rules: Rules, holding: Holding, tried: Tried
) -> Sequence[Owned]:
    """Remove it, unless it was extended or held since it was looked at; what stays then."""
    cloud = session.cloud(holding.region)
    # Minutes after the look, and perhaps after another cluster's removal: it may be held by now.
    fresh = holdings(cloud, session.reading(), name=holding.name)
    if not any(rules.why(again) for again in fresh):
        return [item for again in fresh for item in again.items]
    wanted = DeleteOptions(name=holding.name, yes=True, timeout=options.timeout)
    with session.locked(holding.region, holding.name, needed=False):
        deletion = Deletion(wanted, session, cloud)
        with closing(deletion.journal):
            result = deletion.carry_out()
    tried.said += result.warnings
    if result.error is not None:
        raise result.error
    if isinstance(result.part, DeleteResult):
        tried.receipt = shown_as(GcReceipt, result.part, cluster=holding.name)
    return ()


def _what_stays(session: Session, holding: Holding) -> Sequence[Owned]:
    """What is still there of it; all of it where that cannot be read."""
    try:
        fresh = holdings(session.cloud(holding.region), session.reading(), name=holding.name)
    except CloudError:
        return holding.items
    return [item for again in fresh for item in again.items]


def _row(session: Session, finding: Collectable, item: Owned, *, removed: bool) -> GcRow:
    return GcRow(
        cluster=finding.holding.name,
        kind=item.kind.noun.lower(),
        name=item.name,
        id=item.id,
        region=finding.holding.region,
        reason=f"{finding.reason}, asleep" if finding.holding.asleep else finding.reason,
        age=session.clock.since(item.born) if item.born else None,
        removed=removed,
    )
