"""The SDKs of compute, RAM, STS and Quota Center, and a network to put machines in."""

from __future__ import annotations

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_quotas20200510.models as quotas_models
import alibabacloud_ram20150501.models as ram_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_quotas20200510.client import Client as QuotasClient
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_vpc20160428.client import Client as VpcClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.machines import Machines
from tests.emulator.net.apis import Api


@pytest.fixture
def ecs(emulator: Emulator) -> Api:
    return Api(EcsClient, ecs_models, emulator)


@pytest.fixture
def vpc(emulator: Emulator) -> Api:
    return Api(VpcClient, vpc_models, emulator)


@pytest.fixture
def ram(emulator: Emulator) -> Api:
    return Api(RamClient, ram_models, emulator)


@pytest.fixture
def quotas(emulator: Emulator) -> Api:
    return Api(QuotasClient, quotas_models, emulator)


@pytest.fixture
def machines(ecs: Api, vpc: Api, clock: ManualClock) -> Machines:
    return Machines(ecs, vpc, clock)
