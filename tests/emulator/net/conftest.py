"""The SDKs of the network products and of ECS, and a network to build with them."""

from __future__ import annotations

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_slb20140515.models as slb_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_slb20140515.client import Client as SlbClient
from alibabacloud_vpc20160428.client import Client as VpcClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import Api, Network


@pytest.fixture
def vpc(emulator: Emulator) -> Api:
    return Api(VpcClient, vpc_models, emulator)


@pytest.fixture
def slb(emulator: Emulator) -> Api:
    return Api(SlbClient, slb_models, emulator)


@pytest.fixture
def ecs(emulator: Emulator) -> Api:
    return Api(EcsClient, ecs_models, emulator)


@pytest.fixture
def network(vpc: Api, clock: ManualClock) -> Network:
    return Network(vpc, clock)
