"""Keys that are no longer good in the middle of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.proxy import Proxy, proxy_to
from survival.machine import Machine, remains

from ackgpu.emulator import Emulator
from ackgpu.emulator.store import Doc

LONG = ("--timeout", "24h")
MIDDLE = 4


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(speed=300, seed=7) as emulator:
        for key in ("first", "second"):
            set_key(emulator, key, "Active")
        yield emulator


def set_key(emulator: Emulator, key: str, status: str) -> None:
    """A key of a RAM user who may do everything."""
    with emulator.backend.transaction(write=True) as session:
        session.put(
            Doc("ramuser", "ci", name="ci", created_at=0.0, body={"UserId": "2", "Policies": {}})
        )
        body = {"UserName": "ci", "AccessKeySecret": key, "Status": status}
        session.put(Doc("accesskey", f"LTAI{key}", scope="ci", created_at=0.0, body=body))


def machine_of(emulator: Emulator, proxy: Proxy, root: Path) -> Machine:
    env = {"ACKGPU_ENDPOINT_URL": proxy.url, "ACKGPU_CLOCK_SPEED": f"{emulator.speed:g}"}
    machine = Machine(root / "user", env)
    write_profile(machine, "first")
    return machine


def write_profile(machine: Machine, key: str) -> None:
    file = machine.home / ".aliyun" / "config.json"
    file.parent.mkdir(exist_ok=True)
    profile = {
        "name": "ci",
        "mode": "AK",
        "access_key_id": f"LTAI{key}",
        "access_key_secret": key,
        "region_id": "cn-hangzhou",
    }
    file.write_text(json.dumps({"current": "ci", "profiles": [profile]}))


@pytest.mark.long
def test_a_profile_that_is_renewed_in_the_middle_is_read_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    with proxy_to(emulator.endpoint) as proxy:
        machine = machine_of(emulator, proxy, tmp_path)

        def renew() -> bool:
            set_key(emulator, "first", "Inactive")
            write_profile(machine, "second")
            return False

        proxy.arm(MIDDLE, "before", renew)
        ended = machine.run("create", "demo", "-p", "ci", *LONG)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.long
def test_keys_that_cannot_be_renewed_stop_it_safely_and_it_goes_on_with_others(
    emulator: Emulator, tmp_path: Path
) -> None:
    with proxy_to(emulator.endpoint) as proxy:
        machine = machine_of(emulator, proxy, tmp_path)

        def expire() -> bool:
            set_key(emulator, "first", "Inactive")
            return False

        proxy.arm(MIDDLE, "answered", expire)
        ended = machine.run("create", "demo", "-p", "ci", *LONG)
        assert ended.returncode == 4, ended.stderr
        assert "ackgpu create demo" in ended.stderr
        proxy.disarm()
        write_profile(machine, "second")
        assert machine.run("create", "demo", "-p", "ci", *LONG).returncode == 0
        ended = machine.run("delete", "demo", "-p", "ci", "-y", *LONG)
    assert ended.returncode == 0, ended.stderr
    assert not remains(emulator)
