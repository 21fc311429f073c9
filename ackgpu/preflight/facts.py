"""What was read before anything is made: each read's result, or the reason why it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ackgpu.clock import Clock
from ackgpu.cloud.api import Cloud
from ackgpu.errors import AccessDenied, AckGpuError
from ackgpu.preflight.reads import Read
from ackgpu.spec.model import ClusterSpec

T = TypeVar("T")
Reads = Mapping[str, Callable[[], Any]]
STOOD_IN_FOR = frozenset({"ListProductQuotas", "GetPayAsYouGoPrice"})
"""Actions whose refusal stops nothing: documented figures stand in for what they would tell, or
its price is unknown."""


@dataclass(frozen=True)
class Target:
    """What is to be made.

    ``needs``: how much of each limit creating it takes now (see :func:`needs_of`); ``owns``: how
    much it has of each once it stands. ``zones`` are those decided or named; empty leaves them
    open. ``image_registry``: the environment's, which comes before the spec's.
    """

    spec: ClusterSpec
    cloud: Cloud
    clock: Clock
    needs: Mapping[str, int]
    owns: Mapping[str, int]
    zones: tuple[str, ...] = ()
    image_registry: str = ""

    @property
    def region(self) -> str:
        """The region that it is made in."""
        return self.spec.region


@dataclass(frozen=True)
class ReadResults:
    """The results of the reads by their keys. A read that failed holds its error."""

    results: Mapping[str, Any]

    def __getitem__(self, read: Read[T]) -> T:
        """The result of a read; raises its error where it failed."""
        found: T = self.results[read]
        if isinstance(found, Exception):
            raise found
        return found

    def __contains__(self, name: str) -> bool:
        return name in self.results

    def get(self, read: Read[T]) -> T | None:
        """The result, or None where there is none or the read failed."""
        found: T | None = self.results.get(read)
        return None if isinstance(found, Exception) else found

    def error(self, name: str) -> AckGpuError | None:
        """Why the read failed, or None."""
        found = self.results.get(name)
        return found if isinstance(found, AckGpuError) else None

    def denied(self) -> list[AccessDenied]:
        """Every refusal by RAM, one for each action."""
        found = [error for error in self.results.values() if isinstance(error, AccessDenied)]
        return list({error.action: error for error in found}.values())


def needs_of(consumptions: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """How much of each limit steps take together (:attr:`ackgpu.engine.step.Step.consumes`)."""
    needs: dict[str, int] = {}
    for taken in consumptions:
        for limit, amount in taken.items():
            needs[limit] = needs.get(limit, 0) + amount
    return {limit: amount for limit, amount in needs.items() if amount}
