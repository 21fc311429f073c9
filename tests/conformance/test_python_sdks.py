"""The official Python SDKs make, read and delete a cluster with its network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.conformance.life import REGION, Life, left_over
from tests.conformance.old_sdk import OldClient
from tests.conformance.tea import TeaClient

REAL_HOSTS = {product: f"{product}.{REGION}.aliyuncs.com" for product in ("vpc", "ecs", "cs")}


def live(client: Any, emulator: Emulator, clock: ManualClock) -> None:
    Life(client, clock).live()
    assert left_over(emulator) == {}
    assert [entry.action for entry in emulator.requests if entry.status >= 500] == []


@pytest.mark.parametrize("algorithm", ["ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "v2"])
def test_todays_sdks_live_with_every_signature(
    emulator: Emulator,
    clock: ManualClock,
    any_keys: dict[str, str],
    hosts: dict[str, str],
    algorithm: str,
) -> None:
    client = TeaClient(any_keys, hosts, protocol="http", signature_algorithm=algorithm)
    live(client, emulator, clock)


def test_todays_sdks_live_over_https_with_the_emulators_authority(
    emulator: Emulator,
    clock: ManualClock,
    keys: dict[str, str],
    hosts: dict[str, str],
    authority: Path,
) -> None:
    client = TeaClient(keys, hosts, protocol="https", ca=str(authority))
    live(client, emulator, clock)


def test_todays_sdks_live_with_real_hosts_through_the_emulator_as_a_proxy(
    emulator: Emulator, clock: ManualClock, keys: dict[str, str]
) -> None:
    client = TeaClient(keys, REAL_HOSTS, protocol="http", http_proxy=emulator.endpoint)
    live(client, emulator, clock)
    assert {entry.region for entry in emulator.requests} == {REGION}


def test_todays_sdks_live_with_real_hosts_through_a_tunnel(
    emulator: Emulator, clock: ManualClock, keys: dict[str, str], authority: Path
) -> None:
    client = TeaClient(
        keys, REAL_HOSTS, protocol="https", https_proxy=emulator.endpoint, ca=str(authority)
    )
    live(client, emulator, clock)


def test_the_old_sdks_live(
    emulator: Emulator, clock: ManualClock, any_keys: dict[str, str], host: str
) -> None:
    live(OldClient(any_keys, host), emulator, clock)


def test_the_old_sdks_live_over_https(
    emulator: Emulator, clock: ManualClock, keys: dict[str, str], host: str, authority: Path
) -> None:
    live(OldClient(keys, host, protocol="https", verify=str(authority)), emulator, clock)
