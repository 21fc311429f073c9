"""The vendor's own command line, where it is installed, lives, waits and pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.conformance.aliyun_cli import AliyunCli
from tests.conformance.life import Life, left_over


@pytest.fixture
def flags(host: str) -> list[str]:
    """How a call without a proxy finds the emulator."""
    return ["--endpoint", host, "--insecure"]


def test_it_lives_with_an_endpoint(
    emulator: Emulator, clock: ManualClock, any_keys: dict[str, str], flags: list[str]
) -> None:
    Life(AliyunCli(any_keys, flags), clock).live()
    assert left_over(emulator) == {}


def test_it_lives_over_https_through_a_proxy(
    emulator: Emulator, clock: ManualClock, keys: dict[str, str], authority: Path
) -> None:
    env = {"HTTPS_PROXY": emulator.endpoint, "SSL_CERT_FILE": str(authority)}
    Life(AliyunCli(keys, env=env), clock).live()
    assert left_over(emulator) == {}


def test_it_waits_for_a_state(clock: ManualClock, keys: dict[str, str], flags: list[str]) -> None:
    cli = AliyunCli(keys, flags)
    vpc_id = cli.rpc("vpc", "CreateVpc", {"CidrBlock": "10.0.0.0/8"})["VpcId"]
    clock.advance(5)
    waiter = ["--waiter", "expr=Vpcs.Vpc[0].Status", "to=Available", "timeout=10", "interval=2"]
    found = AliyunCli(keys, [*flags, *waiter]).rpc("vpc", "DescribeVpcs", {"VpcId": vpc_id})
    assert found["Vpcs"]["Vpc"][0]["Status"] == "Available"


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        (["NextToken="], {"PageSize": 2}),
        (["NextToken=NextToken"], {"MaxResults": 2}),
    ],
    ids=["numbers", "tokens"],
)
def test_it_merges_pages(
    clock: ManualClock,
    keys: dict[str, str],
    flags: list[str],
    settings: list[str],
    parameters: dict[str, int],
) -> None:
    cli = AliyunCli(keys, flags)
    names = {f"k{number}" for number in range(5)}
    vpc_id = cli.rpc("vpc", "CreateVpc", {"CidrBlock": "10.0.0.0/8"})["VpcId"]
    clock.advance(5)
    for name in names:
        cli.rpc("ecs", "CreateSecurityGroup", {"SecurityGroupName": name, "VpcId": vpc_id})
    pager = ["--pager", "path=SecurityGroups.SecurityGroup", *settings]
    merged = AliyunCli(keys, [*flags, *pager]).rpc("ecs", "DescribeSecurityGroups", parameters)
    rows = merged["SecurityGroups"]["SecurityGroup"]
    assert {row["SecurityGroupName"] for row in rows} == names
    assert json.dumps(merged).count("SecurityGroupId") == len(names)
