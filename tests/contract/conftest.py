"""The adapters over the real SDKs, against the emulator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud, connect
from ackgpu.emulator import Emulator


@pytest.fixture
def cloud(emulator: Emulator, clock: ManualClock, tmp_path: Path) -> Iterator[AliyunCloud]:
    """The emulated account in the emulator's own region."""
    cloud = connect(
        emulator.region,
        env=emulator.env,
        home=tmp_path,
        clock=clock,
        cancel=CancelToken(),
        rng=random.Random(5),  # noqa: S311
    )
    yield cloud
    cloud.close()
