"""Quota Center."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Quota:
    """A row of Quota Center. ``used`` None where the service does not count it.

    ``regional``: it says that it holds for the region that was asked.
    """

    action_code: str
    name: str
    limit: float
    used: float | None
    regional: bool = False


class QuotaApi(Protocol):
    """Quota Center."""

    def quotas(self, product: str) -> list[Quota]:
        """Every general quota of the product, in this region where it has regions."""
