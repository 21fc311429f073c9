"""What was read before anything is made: each read's result, or the reason why it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ackgpu.clock import Clock
from ackgpu.cloud.api import Cloud
from ackgpu.engine.reads import Read
from ackgpu.preflight.calls import CloudCall
from ackgpu.spec.model import ClusterSpec

Reads = Mapping[Read[Any], CloudCall[Any]]
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
    clock: Clock
    needs: Mapping[str, int]
    owns: Mapping[str, int]
    zones: tuple[str, ...] = ()
    image_registry: str = ""

    @property
    def region(self) -> str:
        """The region that it is made in."""
        return self.spec.region


def in_account(reads: Reads, cloud: Cloud) -> dict[Read[Any], Callable[[], Any]]:
    """The reads, ready to be made in an account."""
    return {read: asked.in_account(cloud) for read, asked in reads.items()}


def needs_of(consumptions: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """How much of each limit steps take together (:attr:`ackgpu.engine.step.Step.consumes`)."""
    needs: dict[str, int] = {}
    for taken in consumptions:
        for limit, amount in taken.items():
            needs[limit] = needs.get(limit, 0) + amount
    return {limit: amount for limit, amount in needs.items() if amount}
