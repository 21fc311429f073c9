"""A client of the library and the emulated account that it works on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.programs import around

import ackgpu
from ackgpu.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(speed=600, seed=7) as emulator:
        yield emulator


@pytest.fixture
def cloud(emulator: Emulator, tmp_path: Path) -> Iterator[ackgpu.Ackgpu]:
    with ackgpu.Ackgpu(emulator=emulator, env=around(tmp_path)) as cloud:
        yield cloud
