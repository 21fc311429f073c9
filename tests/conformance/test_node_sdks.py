"""The official Node SDKs make, read and delete a cluster with its network."""

from __future__ import annotations

from pathlib import Path

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.conformance.life import REGION, Life, left_over
from tests.conformance.node_clients import NodeTea, PopCore, PopCorePost, node

CAMEL = {
    "access_key_id": "accessKeyId",
    "access_key_secret": "accessKeySecret",
    "security_token": "securityToken",
}


def camel(keys: dict[str, str]) -> dict[str, str]:
    """Keys by the names that the Node SDKs give them."""
    return {CAMEL[name]: value for name, value in keys.items()}


@pytest.mark.parametrize("algorithm", ["ACS3-HMAC-SHA256", "v2"])
def test_todays_sdks_live(
    emulator: Emulator,
    clock: ManualClock,
    hosts: dict[str, str],
    any_keys: dict[str, str],
    algorithm: str,
) -> None:
    settings = {**camel(any_keys), "hosts": hosts, "protocol": "http", "regionId": REGION}
    with node("tea.cjs", settings | {"signatureAlgorithm": algorithm}) as process:
        Life(NodeTea(process), clock).live()
    assert left_over(emulator) == {}


def test_todays_sdks_live_over_https(
    emulator: Emulator,
    clock: ManualClock,
    keys: dict[str, str],
    hosts: dict[str, str],
    authority: Path,
) -> None:
    settings = {**camel(keys), "hosts": hosts, "protocol": "https", "regionId": REGION}
    with node("tea.cjs", settings, NODE_EXTRA_CA_CERTS=str(authority)) as process:
        Life(NodeTea(process), clock).live()
    assert left_over(emulator) == {}


@pytest.mark.parametrize("client_cls", [PopCore, PopCorePost])
def test_pop_core_lives(
    emulator: Emulator,
    clock: ManualClock,
    any_keys: dict[str, str],
    client_cls: type[PopCore],
) -> None:
    settings = {**camel(any_keys), "endpoint": emulator.endpoint}
    with node("pop-core.cjs", settings) as process:
        Life(client_cls(process), clock).live()
    assert left_over(emulator) == {}
