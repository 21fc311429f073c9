"""A region with a network, and its Container Service."""

from __future__ import annotations

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import Ack


@pytest.fixture
def ack(emulator: Emulator, clock: ManualClock) -> Ack:
    ack = Ack(emulator, clock)
    ack.make_network()
    return ack
