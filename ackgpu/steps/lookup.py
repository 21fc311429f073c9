"""Telling ours from given from foreign: the three kinds of finding a thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ackgpu import flag
from ackgpu.engine.step import Broken, Ownership
from ackgpu.errors import ConflictError, Overtaken, PreflightFailed
from ackgpu.inventory.ownership import Tagged
from ackgpu.naming import RUN_TAG

R = TypeVar("R", bound=Tagged)


@dataclass(frozen=True)
class Pick:
    """How a step finds its resource.

    Without ``id``: by our tag. With it: that one, *given* by the spec or, for a deletion that has
    looked for everything of ours already, *ours*. ``must_exist``: that a given one is missing is an
    error, and not just so. ``by_tag``: nobody has seen it yet, so its own tags tell whose it is.
    """

    id: str = ""
    ownership: Ownership = "ours"
    must_exist: bool = True
    by_tag: bool = False

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
    found: Sequence[R], what: str, pick: Pick = TAGGED, region: str = "", *, run: str = ""
) -> R | Broken | None:
    """What was picked, None where there is none, or what is wrong with the findings.

    Of several that carry the cluster's tag, those of two creates at once, the one of the earlier
    ``run`` counts: the other run finds :class:`~ackgpu.errors.Overtaken`.
    """
    if pick.given and pick.must_exist and not found:
        return Broken(absent(what, pick.id, region), id=pick.id)
    if len(found) > 1:
        return _first(found, what, run)
    return found[0] if found else None


def absent(what: str, resource_id: str, region: str) -> PreflightFailed:
    """The error of a spec that names by its id what is not there; the preflight check's, too."""
    return PreflightFailed(
        f"The {what} {resource_id} that the spec names does not exist in {region}.",
        resolution="Check the id and the region.",
    )


def overtaken(what: str, by: str) -> Overtaken:
    """The error of the run that stops; ``by`` is the id of the other one's resource."""
    return Overtaken(
        f"Another create of this cluster began earlier and has made the {what} {by}: this one"
        " stops.",
        resolution=f"Wait for the other one: `ackgpu wait NAME {flag.FOR} gpu`.",
    )


def _first(found: Sequence[R], what: str, run: str) -> R | Broken:
    # Run ids sort by time, so that both runs come to the same without talking to each other.
    first, *others = sorted(found, key=lambda item: (item.tags.get(RUN_TAG, ""), item.id))
    if run and first.tags.get(RUN_TAG) == run:
        return first
    # Only a run that has made one of them gives way. Any other
    # (a delete, a later create) cannot tell which one is in use.
    if run and any(item.tags.get(RUN_TAG) == run for item in others):
        return Broken(overtaken(what, first.id), id=first.id)
    ids = ", ".join(item.id for item in found)
    conflict = ConflictError(
        f"{len(found)} {what}s carry this cluster's tag: {ids}.",
        resolution="`ackgpu delete NAME` removes all that carry it; or take the tag ackgpu:cluster"
        " off all but one.",
    )
    return Broken(conflict, id=found[0].id)
