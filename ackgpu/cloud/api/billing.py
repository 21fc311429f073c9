"""What the billing API tells of prices before anything is made."""

from __future__ import annotations

from typing import Literal, Protocol

from ackgpu.cloud.api.compute import Price

PaidByUse = Literal["NAT", "EIP", "SLB"]
"""What a cluster has beside its nodes that is paid by the hour."""


class BillingApi(Protocol):
    """The billing API."""

    def hourly_price(self, what: PaidByUse) -> Price:
        """What one costs an hour, without what is paid by traffic or use; unknown if not told."""
