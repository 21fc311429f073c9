"""Steps for one record of a list: made by us and found by its tag, or given by its id."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from ackgpu.cloud.api import Cloud, Vpc
from ackgpu.engine.step import Absent, Broken, Context, Drift, Finding, Pending, Ready, Step
from ackgpu.inventory.ownership import Tagged
from ackgpu.inventory.resources import ResourceKind
from ackgpu.naming import cluster_name_from_tags
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, the_one

REMOVING = frozenset({"Deleting", "Releasing"})
"""States of what is on its way out (VPC API reference)."""


class Named(Tagged, Protocol):
    """A record with an id, a name and tags."""

    @property
    def name(self) -> str:
        """Its name."""


R = TypeVar("R", bound=Named)


class SelectedStep(Step[R]):
    """One record of the kind ``what``, which is listed and deleted as the kind's row says.

    A subclass says by which call it is made (``makes``) and how it is requested. ``vpc``: where one
    of ours must be.
    """

    what: ClassVar[ResourceKind]
    makes: ClassVar[str]

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        *,
        pick: Pick,
        name: str = "",
        vpc: Step[Vpc] | None = None,
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        kind = self.what.noun.lower()
        super().__init__(name or kind, kind, (vpc, *needs) if vpc else needs)
        self.reads, self.writes = (self.what.lists,), (self.makes, str(self.what.deletes))
        self._cloud = cloud
        self._plan = plan
        self._pick = pick
        self._vpc = vpc
        self._made = ""
        self.given = pick.given
        self.title = pick.id or self._words()

    @property
    def consumes(self) -> Mapping[str, int]:
        return {} if self.given else {self.what.limit: 1}

    def find(self, ctx: Context) -> Finding[R]:
        """Look by id, or by tag.

        Where this process has asked for one, it must see that one: another create of the same name
        may have made its own meanwhile, and only both together tell which of them counts.
        """
        rows = self._rows(ctx)
        # Counts as unseen, whatever else there is (ADR 0011): the engine waits until reads show it.
        if self._made and all(row.id != self._made for row in rows):
            return Absent()
        found = the_one(rows, self.what.noun, self._pick, self._plan.region, run=self._plan.run)
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        state = getattr(found, "state", "")
        given = self._is_given(found)
        resource = self.what.resource(found, self._plan.region, owned=not given)
        # What has lost our tag and is on its way is waited for by nobody: it is not ours to remove.
        if not self._usable(state) and (self.given or not given):
            removing = state in REMOVING
            return Pending(state, id=found.id, removing=removing, resources=(resource,))
        # What the spec names by id is as it is.
        drift = () if self._pick.id else self._drift(found)
        detail = self._detail(found)
        return Ready(found, found.id, detail, "given" if given else "ours", drift, (resource,))

    def _is_given(self, found: R) -> bool:
        """Whether it is not ours to change, whatever state it is in."""
        untagged = cluster_name_from_tags(found.tags) != self._plan.name
        return self.given or (self._pick.by_tag and untagged)

    def create(self, ctx: Context, token: str) -> None:
        self._made = self._ask(ctx, token)
        # The tag finds it, too; the id is for a list that
        # is short, and for a tag that was taken off.
        ctx.remember(self, "id", self._made)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while something lives in it or is bound to it."""
        del ctx
        self.what.deletion(self._cloud)(found_id)

    @abstractmethod
    def _words(self) -> str:
        """What one that is made will be."""

    @abstractmethod
    def _ask(self, ctx: Context, token: str) -> str:
        """Ask the cloud for it; its id."""

    def _rows(self, ctx: Context) -> Sequence[Any]:
        """The records that may be it: those with our tag, or that of the id."""
        tags = None if self._pick.id else self._plan.ours
        rows = self.what.listing(self._cloud)(tags=tags, ids=self._pick.ids)
        if self._pick.id:
            return rows
        vpc = ctx.get(self._vpc) if self._vpc else None
        # Two creates at once make two VPCs: what is in the other one must not be mistaken for ours.
        return [r for r in rows if self._fits(r) and (vpc is None or r.vpc_id == vpc.id)]

    def _fits(self, row: R) -> bool:
        """Whether one of ours, in the right VPC, may be it."""
        del row
        return True

    def _vpc_id(self, ctx: Context) -> str:
        if self._vpc is None:
            raise AssertionError(f"{self.name} is in no VPC")
        return ctx[self._vpc].id

    def _usable(self, state: str) -> bool:
        """Whether a record in ``state`` is ready."""
        return state == "Available"

    def _detail(self, found: R) -> str:
        """What is worth saying of it once it is there."""
        del found
        return ""

    def _drift(self, found: R) -> tuple[Drift, ...]:
        """Where one of ours is not as the spec wants it."""
        del found
        return ()
