"""What stands after a command that failed or was stopped, and what it costs an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ackgpu.engine.step import Resource


@dataclass(frozen=True)
class KnownSum:
    """What things cost, an hour or until now, as far as prices are known.

    ``amount``: the sum of the known ones, None without any. ``unpriced``: the kinds that cost and
    whose price nobody tells, so that the sum is the least that it can be. ``why``: for what reasons
    prices could not be read; empty if there is only none that anybody tells.
    """

    amount: float | None = None
    currency: str = ""
    unpriced: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the price of everything is known."""
        return not self.unpriced

    def over(self, seconds: float) -> KnownSum:
        """What it comes to in so long, if this is the sum of an hour."""
        if self.amount is None:
            return self
        return replace(self, amount=round(self.amount * max(0.0, seconds) / 3600, 2))


@dataclass(frozen=True)
class Aftermath:
    """What stands. ``durations``: cloud seconds by step; ``way_on``: what continues and removes."""

    resources: tuple[Resource, ...] = ()
    durations: Mapping[str, float] = field(default_factory=dict)
    hourly: KnownSum = field(default_factory=KnownSum)
    way_on: str = ""
