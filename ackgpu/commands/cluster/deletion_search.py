"""What a deletion looks at, before and after, and what its rounds came to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ackgpu.cloud.api import Cloud
from ackgpu.engine.gather import kind_of_read, settle_all
from ackgpu.engine.run import Outcome, Run
from ackgpu.engine.step import Absent
from ackgpu.errors import Interrupted, TimedOut, Unreachable
from ackgpu.inventory.blockers import Blocker, blockers_in, untagged_by
from ackgpu.inventory.discover import OPTIONAL_READS
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.search import search
from ackgpu.session import Session


@dataclass(frozen=True)
class Look:
    """What was there, and what of others was in the way. ``at``: when the look began."""

    inventory: Inventory
    blockers: tuple[Blocker, ...]
    at: float

    @property
    def unread(self) -> list[str]:
        """A line on each thing that could not be read."""
        return self._unread(without=())

    def unread_after(self, whole: Inventory) -> list[str]:
        """The same at the end of a deletion of ``whole``.

        What lies in a VPC and nowhere else is gone with it: the cloud deletes none that is in use.
        """
        # Without permission to list NLB and ALB: a VPC that the cloud deleted had none in it.
        network_is_gone = whole.vpcs and not self.inventory.vpcs
        return self._unread(without=OPTIONAL_READS if network_is_gone else ())

    def _unread(self, *, without: Collection[str]) -> list[str]:
        kinds = {kind_of_read(name): error for name, error in self.inventory.unread.items()}
        return [
            f"{kind} could not be read: {error.message}"
            for kind, error in kinds.items()
            if kind not in without
        ]


class DeletionSearch:
    """Looks for what a deletion of ``name`` is about; ``made``: what the journal remembers."""

    def __init__(
        self,
        session: Session,
        cloud: Cloud,
        name: str,
        made: Mapping[str, str],
        retain: Sequence[str],
    ) -> None:
        self._session = session
        self._cloud = cloud
        self._name = name
        self._made = made
        self._retain = retain

    def look(self, run: Run, gone: Collection[str] = ()) -> Look:
        """Look now; ``gone``: ids of what was deleted and read back as gone."""
        # When the look began, as the window counts from there: a look may take a while itself.
        at = run.clock.now()
        inventory = search(self._cloud, self._name, run, self._made, gone)
        found = blockers_in(self._cloud, inventory, run, self._retain)
        doubted = {step: id_ for step, id_ in self._made.items() if id_ not in gone}
        untagged = untagged_by(self._cloud, doubted, inventory, run)
        blockers = {blocker.id: blocker for blocker in (*untagged, *found)}
        return Look(inventory, tuple(blockers.values()), at)

    def look_again(self, run: Run, first: Look, gone: Collection[str] = ()) -> Look:
        """Look once more, as late as it takes for an absence to be believed.

        Raises TimedOut if the run's deadline is earlier.
        """
        self._session.until(run, first.at + run.visibility)
        return self.look(run, gone)


@dataclass(frozen=True)
class Removed:
    """What removing came to. ``inventory``: what any look found; ``last``: the look after it."""

    inventory: Inventory
    outcome: Outcome
    last: Look | None

    @property
    def stopped(self) -> bool:
        """Whether it was stopped, ran out of time, or lost the cloud before its end."""
        return isinstance(self.outcome.error, Interrupted | TimedOut | Unreachable)

    @property
    def gone(self) -> frozenset[str]:
        """The ids of what was read back as gone; an EIP that only came off its gateway is not."""
        reports = self.outcome.reports
        # One id may have two steps: an EIP, and its binding.
        stays = {report.id for report in reports if report.status != "gone"}
        return frozenset(report.id for report in reports) - stays

    def seen(self, look: Look) -> Removed:
        """With one more look."""
        return replace(self, inventory=self.inventory.joined(look.inventory), last=look)

    def gone_meanwhile(self, run: Run) -> Removed:
        """With what nobody asked to go, and what went all the same, counted as gone.

        It is blocked by something that stays, such as a group by a subscription, and the cloud may
        have taken it along with the cluster. The last look does not have it; a look by its id
        has to agree, since its tag may have been taken off.
        """
        there = set(self.last.inventory.ids) if self.last else None
        reports = {r.step.name: r for r in self.outcome.reports if r.status == "left" and r.id}
        if there is None or not reports:
            return self
        looks = {
            name: partial(report.step.find, self.outcome.values)
            for name, report in reports.items()
            if report.id not in there
        }
        found = settle_all(run, looks)
        gone = [name for name in looks if isinstance(found[name], Absent)]
        ended = tuple(
            replace(report, status="gone", outcome="deleted")
            if report.step.name in gone
            else report
            for report in self.outcome.reports
        )
        return replace(self, outcome=replace(self.outcome, reports=ended))

    def then(self, later: Outcome) -> Removed:
        """With one more round, whose word on a thing counts."""
        ids = {report.id for report in later.reports if report.id}
        earlier = [report for report in self.outcome.reports if report.id not in ids]
        outcome = replace(
            later,
            reports=(*earlier, *later.reports),
            seconds=self.outcome.seconds + later.seconds,
        )
        return replace(self, outcome=outcome, last=None)
