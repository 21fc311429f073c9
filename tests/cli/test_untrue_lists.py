"""Lists that contradict themselves: nothing is done on their grounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli, cli_on

LISTS = {
    "DescribeVpcs": ("Vpcs", "Vpc"),
    "DescribeVSwitches": ("VSwitches", "VSwitch"),
    "DescribeNatGateways": ("NatGateways", "NatGateway"),
    "DescribeEipAddresses": ("EipAddresses", "EipAddress"),
    "DescribeSecurityGroups": ("SecurityGroups", "SecurityGroup"),
    "DescribeInstances": ("Instances", "Instance"),
}
MANY = 60
MANY_VPCS = {
    "limits": {"vpcs": 200},
    "resources": [
        {
            "action": "vpc.CreateVpc",
            "parameters": {
                "CidrBlock": "10.0.0.0/8",
                "Tag.1.Key": "ackgpu:cluster",
                "Tag.1.Value": f"c{number}",
                "Tag.2.Key": "ackgpu:expires-at",
                "Tag.2.Value": "2020-01-01T00:00:00Z",
                "Tag.3.Key": "ackgpu:managed-by",
                "Tag.3.Value": "ackgpu",
            },
        }
        for number in range(MANY)
    ],
}

Change = Callable[[str], Any]


@pytest.fixture
def proxied(cli: Cli) -> Iterator[AlteringProxy]:
    """A proxy before the cloud of the ``cli`` fixture, which goes through it."""
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        yield proxy


def emptied(exchange: Exchange, wrapper_of: Change) -> bytes:
    body = json.loads(exchange.content)
    if exchange.action in LISTS:
        wrapper, name = LISTS[exchange.action]
        body[wrapper] = wrapper_of(name)
    elif exchange.action == "DescribeClustersForRegion":
        body["clusters"] = []
    return json.dumps(body).encode()


@pytest.mark.long
@pytest.mark.parametrize(
    "wrapper_of",
    [lambda name: {name: []}, lambda name: None],
    ids=["no rows", "no wrapper"],
)
def test_delete_does_not_believe_empty_lists_that_say_there_is_more(
    cli: Cli, proxied: AlteringProxy, wrapper_of: Change
) -> None:
    cli.ok("create", "demo", "--no-verify")
    there = cli.account()
    proxied.alter = lambda exchange: emptied(exchange, wrapper_of)
    ended = cli("delete", "demo", "-y", "-o", "json")
    assert ended.code == 11
    assert "TotalCount 1" in ended.err or "without its list" in ended.err
    assert cli.account() == there
    proxied.alter = lambda exchange: exchange.content
    cli.ok("delete", "demo", "-y")
    assert "vpc" not in cli.account()


def dropped(rows: list[Any], page: int, _: list[Any]) -> list[Any]:
    return rows if page == 1 else []


def repeated(rows: list[Any], page: int, first: list[Any]) -> list[Any]:
    del rows, page
    return first


def shortened(rows: list[Any], page: int, _: list[Any]) -> list[Any]:
    del page
    return rows[:10]


@pytest.mark.parametrize("rows_of", [dropped, repeated, shortened])
def test_gc_does_not_take_a_part_of_a_list_for_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows_of: Callable[..., list[Any]]
) -> None:
    first: list[Any] = []

    def alter(exchange: Exchange) -> bytes:
        if exchange.action != "DescribeVpcs":
            return exchange.content
        body = json.loads(exchange.content)
        rows = body["Vpcs"]["Vpc"]
        first[:] = rows if exchange.page == 1 else first
        body["Vpcs"]["Vpc"] = rows_of(rows, exchange.page, first)
        return json.dumps(body).encode()

    with (
        cli_on(tmp_path / "user", capsys, scenario=MANY_VPCS) as cli,
        altering_proxy_to(cli.emulator.endpoint) as proxy,
    ):
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        assert len(cli.ok("gc", "-o", "json").json["found"]) == MANY
        proxy.alter = alter
        ended = cli("gc", "-o", "json")
    assert ended.code == 11
    assert "DescribeVpcs contradicts itself" in ended.json["error"]["message"]
    assert f"TotalCount {MANY}" in ended.json["error"]["message"]


@pytest.mark.long
@pytest.mark.parametrize("liar", [1, 2])
def test_an_upgrade_leaves_no_kubelet_behind_because_one_list_is_empty(
    cli: Cli, proxied: AlteringProxy, liar: int
) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify", "--kubernetes-version", "1.34")
    cli.emulator.requests.clear()
    seen: list[str] = []

    def alter(exchange: Exchange) -> bytes:
        if exchange.action != "DescribeClusterNodePools":
            return exchange.content
        seen.append(exchange.action)
        return b'{"nodepools": []}' if len(seen) == liar else exchange.content

    proxied.alter = alter
    ended = cli("upgrade", "demo", "-y", "--node-pools")
    asked = {entry.action for entry in cli.emulator.requests.writes()}
    done = ended.code == 0 and "UpgradeClusterNodepool" in asked
    assert done or (ended.code == 5 and not asked), ended.err


@pytest.mark.long
def test_wake_forgets_no_pool_because_one_list_lacks_it(cli: Cli, proxied: AlteringProxy) -> None:
    """It takes the sizes off with the tags: whoever believes that a pool is gone makes it so."""
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    cli.ok("sleep", "demo", "-y")
    lies = ["DescribeClusterNodePools"]

    def alter(exchange: Exchange) -> bytes:
        if exchange.action not in lies:
            return exchange.content
        lies.clear()
        return json.dumps({"nodepools": []}).encode()

    proxied.alter = alter
    told = cli.ok("wake", "demo", "-o", "json").json
    assert lies == []
    assert told["warnings"] == []
    [pool] = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert pool["total"] == 1
