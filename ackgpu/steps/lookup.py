"""Telling ours from given from foreign: the three kinds of finding a thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ackgpu.engine.step import Broken, Ownership
from ackgpu.errors import ConflictError, ResourceNotFound


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str:
        """The cloud's id."""


R = TypeVar("R", bound=Identified)


@dataclass(frozen=True)
class Pick:
    """How a step finds its resource.

    Without ``id``: by our tag. With it: that one, *given* by the spec or, for a deletion that has
    looked for everything of ours already, *ours*. ``must_exist``: that a given one is missing is an
    error, and not just so.
    """

    id: str = ""
    ownership: Ownership = "ours"
    must_exist: bool = True

    @property
    def given(self) -> bool:
        """Whether the spec named it: used, never changed or deleted."""
        return self.ownership == "given"

    @property
    def ids(self) -> list[str]:
        """The id as adapters take it."""
        return [self.id] if self.id else []


TAGGED = Pick()


def given(resource_id: str) -> Pick:
    """The pick for an id of the spec; by tag where it is empty."""
    return Pick(resource_id, "given") if resource_id else TAGGED


def the_one(
    found: Sequence[R], what: str, pick: Pick = TAGGED, region: str = ""
) -> R | Broken | None:
    """What was picked, None where there is none, or what is wrong with the findings."""
    if pick.given and pick.must_exist and not found:
        error = ResourceNotFound(
            f"The {what} {pick.id} that the spec names does not exist in {region}.",
            resolution="Check the id and the region.",
        )
        return Broken(error, id=pick.id)
    if len(found) > 1:
        ids = ", ".join(item.id for item in found)
        conflict = ConflictError(
            f"{len(found)} {what}s carry this cluster's tag: {ids}.",
            resolution="ackgpu delete removes all that carry it; or take the tag ackgpu:cluster"
            " off all but one.",
        )
        return Broken(conflict, id=found[0].id)
    return found[0] if found else None
