"""Load balancers: classic ones, and network and application load balancers."""

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
    vswitch_id: str = ""


@dataclass(frozen=True)
class ZonalBalancer:
    """A network or application load balancer (NLB, ALB), as Services and Ingresses make them.

    ``state``: Provisioning, Active, Configuring, CreateFailed, Inactive, Deleting. ``vswitch_ids``:
    where its addresses are; the list of ALBs does not say.
    """

    id: str
    name: str
    address: str
    state: str
    vpc_id: str
    tags: Tags
    vswitch_ids: tuple[str, ...] = ()


class ZonalBalancerApi(Protocol):
    """Network load balancers, or application load balancers."""

    def load_balancers(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[ZonalBalancer]:
        """Those of a VPC, with a tag, or by id."""

    def delete_load_balancer(self, load_balancer_id: str) -> None:
        """Delete it with its listeners, protected or not."""


class BalancerApi(Protocol):
    """Classic load balancers."""

    def load_balancers(
        self,
        *,
        vpc_id: str = "",
        tags: Tags | None = None,
        ids: Sequence[str] = (),
    ) -> list[LoadBalancer]:
        """Those of a VPC, with a tag, or by id."""

    def listener_ports(self, load_balancer_id: str) -> tuple[int, ...]:
        """The ports that it listens on; none if it is gone."""

    def pay_as_you_go_count(self) -> int:
        """How many pay-as-you-go load balancers the region has."""

    def delete_load_balancer(self, load_balancer_id: str) -> None:
        """Delete it with its listeners, protected or not."""
