"""Whose credentials these are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Identity:
    """Who the credentials are. ``kind``: Account, RAMUser or AssumedRoleUser.

    ``renewed`` is False for a security token that nothing replaces when it ends; ``expires`` is its
    end, where that is known.
    """

    account_id: str
    arn: str
    kind: str
    expires: datetime | None = None
    renewed: bool = True


class IdentityApi(Protocol):
    """STS."""

    def whoami(self) -> Identity:
        """Whose credentials these are; raises Unauthenticated where the gateway refuses them."""
