"""One product does not answer: what the others let go is deleted, and the rest is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import Cli, cli_on
from survival.machine import NAME, remains

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
DOWN = (
    ("slb", "Describe*", "load balancers"),
    ("ecs", "Describe*", "instances"),
    ("vpc", "DescribeNatGateways", "NAT gateways"),
)
"""Reads that are refused for good; each takes half a real minute of retries."""


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A user's shell on a cluster that stands, in a cloud whose time flies."""
    with cli_on(tmp_path / "user", capsys, speed=600) as cli:
        cli.ok("create", NAME, "--no-verify")
        yield cli


@pytest.mark.sweep
@pytest.mark.parametrize(("product", "reads", "word"), DOWN if FULL else DOWN[:1])
def test_what_can_be_deleted_is_and_what_is_left_is_named(
    cli: Cli, product: str, reads: str, word: str
) -> None:
    down = {"effect": "error", "status": 503, "product": product, "action": reads}
    cli.emulator.set_faults({"faults": [down]})
    ended = cli("delete", NAME, "-y", "-o", "json")
    assert ended.code == 10, ended.err
    assert "✓" not in ended.out
    details = " ".join(ended.json["error"]["details"])
    assert f"{word} could not be read" in details
    left = cli.account()
    assert {"cluster", "nodepool", "instance"} & set(left) == set()
    assert [id_ for kind in NAMED & set(left) for id_ in left[kind] if id_ not in details] == []
    cli.emulator.set_faults({"faults": []})
    cli.ok("delete", NAME, "-y")
    assert not remains(cli.emulator)


NAMED = frozenset({"vpc", "vswitch", "eip"})
"""Kinds that the products which do answer can name."""


@pytest.mark.long
def test_without_container_service_nothing_is_deleted(cli: Cli) -> None:
    before = cli.account()
    down = {"effect": "error", "status": 503, "product": "cs", "action": "*"}
    cli.emulator.set_faults({"faults": [down]})
    ended = cli("delete", NAME, "-y", "-o", "json")
    assert ended.json["ok"] is False
    assert cli.account() == before
