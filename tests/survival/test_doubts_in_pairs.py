"""The life of a cluster under every pair of readings of what is not known of the real cloud."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from support.cli import Cli, Ended, cli_on
from support.pairs import Row, all_pairs, pairs_of

from ackgpu.emulator.doubts import DOUBTS

READINGS = {name: list(doubt.readings) for name, doubt in DOUBTS.items()}
ROWS = all_pairs(READINGS)
EVERYDAY = 3
"""How many rows are tried every day: the first ones hold most pairs. The rest are nightly."""
MADE_ONCE = (
    "vpc", "vswitch", "securitygroup", "natgateway", "eip", "snat", "cluster", "nodepool",
)  # fmt: skip
BY_ACK = "kubernetes.do.not.delete"
"""The tag of what ACK makes for a cluster."""


def test_every_pair_of_readings_is_in_a_row() -> None:
    tried = set[frozenset[tuple[str, str]]]().union(*map(pairs_of, ROWS))
    for first, second in combinations(READINGS, 2):
        for one in READINGS[first]:
            for other in READINGS[second]:
                assert frozenset([(first, one), (second, other)]) in tried


def made(cli: Cli) -> Counter[str]:
    """How many things of each kind were ever made, but for those that ACK made.

    A request may be answered well twice and have made one thing: its client token says so.
    """
    with cli.emulator.backend.transaction() as session:
        things = [doc for kind in MADE_ONCE for doc in session.find(kind)]
    return Counter(doc.kind for doc in things if BY_ACK not in doc.body.get("Tags", {}))


def lives(cli: Cli, row: Row) -> None:
    """Create, verify, scale, create again: each ends well, nothing is made twice.

    Under readings that leave the GPUs without a driver each ends with 9, and all stands.
    """
    usable = row["vgn5i_driver"] == "ack"
    ends(cli("create", "demo", "--nodes", "1"), usable)
    assert made(cli) == dict.fromkeys(MADE_ONCE, 1)
    ends(cli("verify", "demo"), usable)
    ends(cli("nodepool", "scale", "demo", "gpu", "--nodes", "2", "-y"), usable)
    assert len(cli.account()["instance"]) == 2
    again = cli("create", "demo", "--nodes", "2", "-o", "json")
    ends(again, usable)
    assert not usable or again.json["changed"] is False
    assert made(cli) == dict.fromkeys(MADE_ONCE, 1)


def gets_a_pool_with_the_plugin(cli: Cli, row: Row) -> None:
    """A pool whose driver comes with user data: usable if it builds, and gets its labels late."""
    usable = row["plugin_build"] == "builds" and row["late_labels"] == "set"
    words = ("--nodes", "1", "--instance-type", "ecs.sgn7i-vws-m2s.xlarge")
    ends(cli("nodepool", "add", "demo", "grid", *words), usable)
    assert made(cli)["nodepool"] == 2
    ends(cli("verify", "demo"), usable and row["vgn5i_driver"] == "ack")


def ends(ended: Ended, usable: bool) -> None:  # noqa: FBT001 -- the reading of a row
    """Well, or with what keeps the GPUs from being used, and what to do about it."""
    assert ended.code == (0 if usable else 9), ended.err
    if not usable:
        assert "label" in ended.err + ended.out


def is_refused(cli: Cli) -> None:
    """Where vGPU types are refused, the service's own words are the end, and all can be deleted."""
    ended = cli("create", "demo", "--nodes", "1")
    assert ended.code == 11, ended.err
    assert "ecs.vgn5i-m2.xlarge is not supported by the cluster" in ended.err
    once = [kind for kind in MADE_ONCE if kind != "nodepool"]
    assert made(cli) == dict.fromkeys(once, 1)


@pytest.mark.long
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=str(number), marks=[] if number < EVERYDAY else [pytest.mark.sweep])
        for number, row in enumerate(ROWS)
    ],
)
def test_a_cluster_lives_and_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Row
) -> None:
    with cli_on(tmp_path / "user", capsys, scenario={"doubts": row}) as cli:
        if row["vgpu_types"] == "refused":
            is_refused(cli)
        else:
            lives(cli, row)
            gets_a_pool_with_the_plugin(cli, row)
        cli.ok("delete", "demo", "-y")
        assert cli.account() == {}
        cli.ok("delete", "demo", "-y")


@pytest.mark.long
@pytest.mark.parametrize("action", ["CreateVpc", "AllocateEipAddress"])
def test_what_a_repeated_request_makes_is_counted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    """As where a machine is so busy that an answer comes after the patience of its caller."""
    with cli_on(tmp_path / "user", capsys) as cli:
        cli.emulator.set_faults(
            {"faults": [{"action": action, "times": 1, "effect": "lost_reply"}]}
        )
        cli.ok("create", "demo", "--nodes", "1", "--no-verify")
        assert sum(entry.action == action for entry in cli.emulator.requests) == 2
        assert made(cli) == dict.fromkeys(MADE_ONCE, 1)


@pytest.mark.long
@pytest.mark.parametrize("choice", READINGS["conversions"])
def test_a_conversion_is_read_back_however_long_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], choice: str
) -> None:
    words = ("--instance-type", "ecs.sgn7i-vws-m2s.xlarge", "--zone", "cn-hangzhou-k")
    scenario = {"doubts": {"conversions": choice}}
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        cli.ok("create", "demo", "--nodes", "1", "--no-verify", *words)
        cli.ok("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
        backend = cli.emulator.backend
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            (doc,) = session.find("instance", at=now)
        after = doc.body.get("Conversion") or doc.body
        assert after["InstanceChargeType"] == "PrePaid"
        assert after.get("at", 0.0) <= now, "it is over when the command ends"
