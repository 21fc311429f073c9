"""One account in one region: every product behind one door."""

from __future__ import annotations

from typing import Protocol

from ackgpu.cloud.api.balancers import BalancerApi, ZonalBalancerApi
from ackgpu.cloud.api.billing import BillingApi
from ackgpu.cloud.api.compute import ComputeApi
from ackgpu.cloud.api.containers import ContainerApi
from ackgpu.cloud.api.identity import IdentityApi
from ackgpu.cloud.api.network import NetworkApi
from ackgpu.cloud.api.quotas import QuotaApi
from ackgpu.cloud.api.scaling_groups import ScalingApi


class Cloud(Protocol):
    """One account in one region. Each property is built when it is first used."""

    @property
    def region(self) -> str:
        """The region's id."""

    @property
    def emulated(self) -> bool:
        """Whether every endpoint is on loopback."""

    @property
    def credentials(self) -> str:
        """Where the credentials come from, for people; no secret."""

    @property
    def identity(self) -> IdentityApi:
        """STS."""

    @property
    def network(self) -> NetworkApi:
        """VPC, NAT gateways, EIPs."""

    @property
    def compute(self) -> ComputeApi:
        """ECS."""

    @property
    def balancers(self) -> BalancerApi:
        """SLB."""

    @property
    def nlb(self) -> ZonalBalancerApi:
        """Network load balancers."""

    @property
    def alb(self) -> ZonalBalancerApi:
        """Application load balancers."""

    @property
    def containers(self) -> ContainerApi:
        """ACK."""

    @property
    def quota_center(self) -> QuotaApi:
        """Quota Center."""

    @property
    def billing(self) -> BillingApi:
        """The billing API."""

    @property
    def scaling(self) -> ScalingApi:
        """Auto Scaling."""

    def in_region(self, region: str) -> Cloud:
        """The same account in another region; connections are shared."""
