"""``nodepool add`` in a vSwitch that the cluster does not have: whether its nodes get out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aliyun_line import carry_out
from support.cli import Cli, cli_on

REGION = "--RegionId cn-hangzhou"
PREPARED = ("nodepool", "add", "demo", "more", "--nodes", "1", "--vswitch-id")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A shell in which a cluster without GPU nodes of another zone stands."""
    with cli_on(tmp_path / "user", capsys) as made:
        made.ok("create", "demo", "--nodes", "1", "--no-verify")
        yield made


@pytest.fixture
def shut(cli: Cli) -> str:
    """A vSwitch of the cluster's VPC that nobody lets out."""
    (vpc,) = cli.account()["vpc"]
    where = f"--VpcId {vpc} --ZoneId cn-hangzhou-j --CidrBlock 192.168.200.0/24"
    made = carry_out(cli.emulator, f"aliyun vpc CreateVSwitch {REGION} {where}")
    return str(made["VSwitchId"])


def test_one_without_a_way_out_is_refused_and_the_command_mends_it(cli: Cli, shut: str) -> None:
    refused = cli(*PREPARED, shut)
    assert refused.code == 3, refused.err
    assert f"{shut} has no way out" in refused.err
    assert len(cli.account()["nodepool"]) == 1
    (line,) = re.findall(r"`(aliyun vpc CreateSnatEntry [^`]*)`", " ".join(refused.err.split()))
    carry_out(cli.emulator, line)
    cli.ok(*PREPARED, shut)
    assert len(cli.account()["nodepool"]) == 2


@pytest.mark.long
def test_it_is_made_where_the_checks_are_left_out(cli: Cli, shut: str) -> None:
    cli.ok(*PREPARED, shut, "--skip-preflight", "--no-wait")


@pytest.mark.long
def test_the_cluster_s_own_are_not_looked_at_again(cli: Cli) -> None:
    cli.emulator.requests.clear()
    cli.ok("nodepool", "add", "demo", "more", "--nodes", "1", "--no-wait")
    assert "DescribeSnatTableEntries" not in {entry.action for entry in cli.emulator.requests}
