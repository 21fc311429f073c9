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
from ackgpu.cloud.aliyun.zonal_balancers import AliyunZonalBalancers, unprotect_alb, unprotect_nlb

_log = logging.getLogger(__name__)


class AliyunCloud:
    """The adapters of one account in ``region``; nothing is imported or called until used."""

    def __init__(self, region: str, *, account: Clients, retrier: Retrier) -> None:
        self.region = region
        self.emulated = account.endpoints.emulated
        self._account = account
        self._retrier = retrier
        self.network = AliyunNetwork(self._calls("VPC"))
        self.compute = AliyunCompute(self._calls("ECS"))
        self.balancers = AliyunBalancers(self._calls("SLB"))
        self.nlb = AliyunZonalBalancers(self._calls("NLB"), unprotect_nlb)
        self.alb = AliyunZonalBalancers(self._calls("ALB"), unprotect_alb)
        self.containers = AliyunContainers(self._calls("CS"))
        self.quota_center = AliyunQuotaCenter(self._calls("QUOTAS"))
        self.billing = AliyunBilling(self._calls("BSS"))
        self.scaling = AliyunScaling(self._calls("ESS"))

    @property
    def credentials(self) -> str:
        return self._account.credentials.name

    @cached_property
    def identity(self) -> AliyunIdentity:
        """STS, with the credentials that there are when it is first asked."""
        return AliyunIdentity(self._calls("STS"), self._account.credentials)

    def in_region(self, region: str) -> AliyunCloud:
        """The same account in another region; credentials, clients and connections are shared."""
        return AliyunCloud(region, account=self._account, retrier=self._retrier)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._account.close()

    def _calls(self, product: Product) -> Calls:
        return Calls(product, self.region, account=self._account, retrier=self._retrier)


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

    # Now, so that a command without credentials ends before it has asked or shown anything.
    source = found_later(look) if later else look()
    _log.debug("The credentials are those of %s", source.name)
    patience = INSIST_SECONDS if insist is None else insist
    retrier = Retrier(clock, cancel, rng, insist=patience, tell=tell)
    where = region or source.region or default_region
    patience_of_a_call = CALL_SECONDS if bounded else math.inf
    shared = SharedReads(clock)
    account = Clients(source, endpoints, look, patience_of_a_call, shared=shared)
    return AliyunCloud(where, account=account, retrier=retrier)
