"""What Auto Scaling (ESS) says of the scaling groups behind node pools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ackgpu.errors import CloudError


@dataclass(frozen=True)
class ScalingActivity:
    """One time that a scaling group added or released instances, or was to.

    ``state`` is the cloud's word: Successful, Warning (a part came), Failed, InProgress, Rejected.
    ``added`` and ``released`` count instances. ``failure``: why not all came, as the class that
    says what to do; None of one that went well or has not ended. ``started`` is in UTC, to the
    minute.
    """

    id: str
    state: str
    description: str = ""
    started: datetime | None = None
    added: int = 0
    released: int = 0
    failure: CloudError | None = None

    @property
    def releases(self) -> bool:
        """Whether it made the group smaller, and so says nothing of nodes that do not come."""
        return self.released > 0 and self.added == 0


class ScalingApi(Protocol):
    """Auto Scaling."""

    def activities(self, group_id: str) -> list[ScalingActivity]:
        """The latest activities of a scaling group, 50 at most, the newest first.

        Of the same minute those that failed lead. The cloud keeps them for 30 days; of a group that
        there is not there are none.
        """
