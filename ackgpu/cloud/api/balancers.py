"""Classic load balancers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ackgpu.cloud.api.tags import Tags


@dataclass(frozen=True)
class LoadBalancer:
    """A classic load balancer (CLB). ``address_type``: internet or intranet."""

    id: str
    name: str
    address: str
    address_type: str
    state: str
    vpc_id: str
    tags: Tags
    ports: tuple[int, ...] = ()
    vswitch_id: str = ""


class BalancerApi(Protocol):
    """Classic load balancers."""

    def load_balancers(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[LoadBalancer]:
        """Those of a VPC, with a tag, or by id, with the ports that they listen on."""

    def pay_as_you_go_count(self) -> int:
        """How many pay-as-you-go load balancers the region has."""

    def delete_load_balancer(self, load_balancer_id: str) -> None:
        """Delete it with its listeners, protected or not."""
