"""Fixtures of the adapters' tests."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun import transport
from ackgpu.cloud.aliyun.clients import CALL_SECONDS, Clients
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.cloud.aliyun.credentials import static
from ackgpu.cloud.aliyun.endpoints import Endpoints
from ackgpu.cloud.aliyun.retry import Retrier
from tests.cloud.scripted_servers import Answer, Answering, Authority, new_authority


@pytest.fixture
def answering() -> Iterator[Answer]:
    """Make servers; they stop with the test."""
    servers: list[Answering] = []

    def make(*answers: bytes, tls: ssl.SSLContext | None = None) -> Answering:
        server = Answering(list(answers), tls)
        server.start()
        servers.append(server)
        return server

    yield make
    transport.close_sessions()
    for server in servers:
        server.stop()


@pytest.fixture
def cloud_at(clock: ManualClock) -> Callable[..., AliyunCloud]:
    """The adapters, at an endpoint."""

    def make(url: str, call_seconds: float = CALL_SECONDS) -> AliyunCloud:
        retrier = Retrier(clock, CancelToken(), random.Random(1))  # noqa: S311
        account = Clients(
            static("LTAI-test", "secret-of-the-test"), Endpoints.at(url), call_seconds=call_seconds
        )
        return AliyunCloud("cn-hangzhou", account=account, retrier=retrier)

    return make


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority that no trust store has."""
    directory = tmp_path / "authority"
    directory.mkdir()
    return new_authority(directory)
