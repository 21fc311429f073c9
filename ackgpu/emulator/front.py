"""The emulator as Python code uses it: a context manager that serves on loopback."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from ackgpu.clock import Clock, SystemClock
from ackgpu.emulator.account import ACCESS_KEY_ID, ACCESS_KEY_SECRET, REGION
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.server import LOOPBACK, Server

SPEED = 60.0
FILE = "emulator.sqlite3"


class Emulator:
    """An emulated account, served while the context lasts."""

    access_key_id = ACCESS_KEY_ID
    access_key_secret = ACCESS_KEY_SECRET
    region = REGION

    def __init__(
        self,
        state: Path | None = None,
        *,
        speed: float | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        port: int = 0,
        kube_port: int = 0,
    ) -> None:
        self.clock = clock or SystemClock(speed or SPEED)
        self.speed = speed or self.clock.speed
        self.backend = Backend(
            state / FILE if state else None, self.clock, speed=self.speed, seed=seed
        )
        self._server = Server(self.backend, Gateway(self.backend), port=port, kube_port=kube_port)

    @property
    def endpoint(self) -> str:
        """The base URL of every product."""
        return f"http://{LOOPBACK}:{self._server.port}"

    @property
    def kube_endpoint(self) -> str:
        """The base URL of every cluster's Kubernetes API."""
        return f"https://{LOOPBACK}:{self._server.kube_port}"

    @property
    def env(self) -> dict[str, str]:
        """What to export so that ackgpu, or any SDK, uses this emulator."""
        return {
            "ACKGPU_ENDPOINT_URL": self.endpoint,
            "ACKGPU_CLOCK_SPEED": f"{self.speed:g}",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.access_key_secret,
            "ALIBABA_CLOUD_REGION_ID": self.region,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        self.backend.close()
