"""A pytest fixture for code that uses Alibaba Cloud: an emulated account, nothing real in reach.

Where ackgpu is installed pytest finds the fixture by itself::

    def test_my_code(ackgpu_emulator):
        my_code.create_network(endpoint=ackgpu_emulator.endpoint)
        assert [entry.action for entry in ackgpu_emulator.requests.writes()] == ["CreateVpc"]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ackgpu.emulator import Emulator

SPEED = 600.0
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def ackgpu_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty account, ten minutes a second fast, that the environment leads every client to."""
    from ackgpu.emulator import Emulator

    for name in PROXIES:  # the vendor's SDK would send calls to loopback through them
        monkeypatch.delenv(name, raising=False)
    with Emulator(speed=SPEED) as emulator:
        for name, value in emulator.env.items():
            monkeypatch.setenv(name, value)
        yield emulator
