"""Alibaba Cloud as :class:`~ackgpu.cloud.api.Cloud`: one account, one region."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ackgpu.cancel import CancelToken
from ackgpu.clock import Clock
from ackgpu.cloud.aliyun.balancers import AliyunBalancers
from ackgpu.cloud.aliyun.billing import AliyunBilling
from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.clients import CALL_SECONDS, Clients
from ackgpu.cloud.aliyun.compute import AliyunCompute
from ackgpu.cloud.aliyun.containers import AliyunContainers
from ackgpu.cloud.aliyun.credentials import CredentialSource, find, found_later
from ackgpu.cloud.aliyun.endpoints import Endpoints, Product
from ackgpu.cloud.aliyun.identity import AliyunIdentity
from ackgpu.cloud.aliyun.network import AliyunNetwork
from ackgpu.cloud.aliyun.quota_center import AliyunQuotaCenter
from ackgpu.cloud.aliyun.retry import INSIST_SECONDS, Retrier, Tell
from ackgpu.cloud.aliyun.scaling_groups import AliyunScaling
from ackgpu.cloud.aliyun.shared_reads import SharedReads
from ackgpu.cloud.aliyun.zonal_balancers import (
    AliyunZonalBalancers,
    unprotect_alb,
    unprotect_nlb,
)

_log = logging.getLogger(__name__)


class AliyunCloud:
    """The adapters of one account in ``region``; nothing is imported or called until used."""

    def __init__(self, region: str, *, account: Clients, retrier: Retrier) -> None:
        self._region = region
        self._account = account
        self._retrier = retrier

    @property
    def region(self) -> str:
        """The region's id."""
        return self._region

    @property
    def emulated(self) -> bool:
        """Whether every endpoint is on loopback."""
        return self._account.endpoints.emulated

    @property
    def credentials(self) -> str:
        """Where the credentials come from, for people; no secret."""
        return self._account.credentials.name

    @cached_property
    def identity(self) -> AliyunIdentity:
        """STS."""
        return AliyunIdentity(self._calls("STS"), self._account.credentials)

    @cached_property
    def network(self) -> AliyunNetwork:
        """VPC."""
        return AliyunNetwork(self._calls("VPC"))

    @cached_property
    def compute(self) -> AliyunCompute:
        """ECS."""
        return AliyunCompute(self._calls("ECS"))

    @cached_property
    def balancers(self) -> AliyunBalancers:
        """SLB."""
        return AliyunBalancers(self._calls("SLB"))

    @cached_property
    def nlb(self) -> AliyunZonalBalancers:
        """Network load balancers."""
        return AliyunZonalBalancers(self._calls("NLB"), unprotect_nlb)

    @cached_property
    def alb(self) -> AliyunZonalBalancers:
        """Application load balancers."""
        return AliyunZonalBalancers(self._calls("ALB"), unprotect_alb)

    @cached_property
    def containers(self) -> AliyunContainers:
        """ACK."""
        return AliyunContainers(self._calls("CS"))

    @cached_property
    def quota_center(self) -> AliyunQuotaCenter:
        """Quota Center."""
        return AliyunQuotaCenter(self._calls("QUOTAS"))

    @cached_property
    def billing(self) -> AliyunBilling:
        """The billing API."""
        return AliyunBilling(self._calls("BSS"))

    @cached_property
    def scaling(self) -> AliyunScaling:
        """Auto Scaling."""
        return AliyunScaling(self._calls("ESS"))

    def in_region(self, region: str) -> AliyunCloud:
        """The same account in another region; credentials, clients and connections are shared."""
        return AliyunCloud(region, account=self._account, retrier=self._retrier)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._account.close()

    def _calls(self, product: Product) -> Calls:
        return Calls(product, self._region, account=self._account, retrier=self._retrier)


def connect(  # noqa: PLR0913 -- keyword-only: what the composition root passes in
    region: str,
    *,
    env: Mapping[str, str],
    home: Path,
    clock: Clock,
    cancel: CancelToken,
    rng: random.Random,
    profile: str = "",
    default_region: str = "cn-hangzhou",
    insist: float | None = None,
    tell: Tell | None = None,
    bounded: bool = True,
    later: bool = False,
) -> AliyunCloud:
    """The cloud that the environment and the profile name; no call is made.

    ``insist``: how many real seconds a cloud that answered before is tried to be reached again;
    ``tell`` is told when that begins. ``bounded``: whether a call is given up after
    :data:`~ackgpu.cloud.aliyun.clients.CALL_SECONDS`. ``later``: credentials are looked for by the
    first call, which raises what is said here.

    The region is ``region``, else the profile's, else ``default_region``. Raises CredentialsError
    where there are no credentials, UsageError on a malformed endpoint.
    """
    endpoints = Endpoints.from_environment(env)

    def look() -> CredentialSource:
        return find(env, home, profile=profile, endpoints=endpoints)

    source = found_later(look) if later else look()
    _log.debug("The credentials are those of %s", source.name)
    patience = INSIST_SECONDS if insist is None else insist
    retrier = Retrier(clock, cancel, rng, insist=patience, tell=tell)
    where = region or source.region or default_region
    patience_of_a_call = CALL_SECONDS if bounded else math.inf
    shared = SharedReads(clock)
    account = Clients(source, endpoints, look, patience_of_a_call, shared=shared)
    return AliyunCloud(where, account=account, retrier=retrier)
