"""The SDKs of the two network products, and a network to build with them."""

from __future__ import annotations

import alibabacloud_slb20140515.models as slb_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest
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
def network(vpc: Api, clock: ManualClock) -> Network:
    return Network(vpc, clock)
