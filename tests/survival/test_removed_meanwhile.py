"""A create whose cluster somebody else begins to delete before it has come to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.proxy import Moment, Proxy, proxy_to
from survival.machine import NAME
from survival.shell import Ended, Shell

from ackgpu.emulator import Emulator

LONG = ("--timeout", "24h")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(speed=600, seed=7) as emulator:
        yield emulator


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[Proxy]:
    with proxy_to(emulator.endpoint) as proxy:
        yield proxy


@pytest.fixture
def shell(emulator: Emulator, tmp_path: Path) -> Shell:
    return Shell(emulator, tmp_path / "user")


def states(emulator: Emulator, state: str) -> None:
    """The cluster is in that state from now on."""
    with emulator.backend.transaction(write=True) as session:
        now = emulator.backend.timeline_now(session)
        (cluster,) = session.find("cluster", at=now)
        cluster.body["phases"] = [[cluster.created_at, "running"], [now, state]]
        session.put(cluster)


def create_meanwhile(
    shell: Shell, proxy: Proxy, state: str, *flags: str, moment: Moment = "unanswered"
) -> Ended:
    """Create; once the node pool is asked for, the last of all, the cluster gets into ``state``."""
    refusal = {"effect": "error", "action": "CreateClusterNodePool", "code": "Odd", "status": 400}
    shell.emulator.set_faults({"faults": [refusal]})
    assert shell("create", NAME, *LONG).code == 11
    shell.emulator.set_faults(None)

    def strike() -> bool:
        states(shell.emulator, state)
        return False

    proxy.arm(1, moment, strike)
    ended = shell(
        "create", NAME, *LONG, *flags, "-o", "json", env={"ACKGPU_ENDPOINT_URL": proxy.url}
    )
    assert proxy.struck == "CreateClusterNodePool"
    return ended


@pytest.mark.long
@pytest.mark.parametrize("state", ["deleting", "delete_failed"])
def test_a_create_does_not_end_well_while_somebody_deletes_its_cluster(
    shell: Shell, proxy: Proxy, state: str
) -> None:
    ended = create_meanwhile(shell, proxy, state)
    assert ended.code == 6, ended.err
    error = json.loads(ended.out)["error"]
    assert "somebody else deletes it" in error["message"]
    assert f"is {state}" in error["message"]
    assert f"`ackgpu wait {NAME} --for deleted`" in error["resolution"]


@pytest.mark.long
def test_what_is_refused_since_somebody_deletes_the_cluster_is_told_as_that(
    shell: Shell, proxy: Proxy
) -> None:
    ended = create_meanwhile(shell, proxy, "deleting", moment="before")
    assert ended.code == 6, ended.err
    assert "somebody else deletes it" in json.loads(ended.out)["error"]["message"]


@pytest.mark.long
@pytest.mark.parametrize("state", ["updating", "unheard of"])
def test_a_cluster_that_stays_is_none_of_it(shell: Shell, proxy: Proxy, state: str) -> None:
    ended = create_meanwhile(shell, proxy, state)
    assert ended.code == 0, ended.err
