"""What every test may use: a clock that moves when told to, an emulator, a clean environment."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from ackgpu.clock import ManualClock
from ackgpu.engine.workers import WORKER

if TYPE_CHECKING:
    from ackgpu.emulator import Emulator

hypothesis.settings.register_profile("ackgpu", deadline=None)  # no test fails by the clock
hypothesis.settings.load_profile("ackgpu")

pytest_plugins = ("support.tiers",)
FOREIGN = ("ALIBABA_CLOUD_", "ALICLOUD_", "ALIYUN_", "ACKGPU_")
PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, endpoints or proxies of the machine that runs the tests."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """What a test began ends with it: a call that goes on would disturb the tests after it."""
    yield
    for thread in threading.enumerate():
        if thread.name == WORKER:
            thread.join(10)
            assert not thread.is_alive(), "a command's calls outlive it"


@pytest.fixture
def clock() -> ManualClock:
    """Time that passes only when the test says so; cloud seconds are real seconds."""
    return ManualClock()


@pytest.fixture
def emulator(clock: ManualClock) -> Iterator[Emulator]:
    """An empty emulated account on loopback, whose time is the ``clock`` fixture's."""
    from ackgpu.emulator import Emulator

    with Emulator(clock=clock, seed=7) as emulator:
        yield emulator
