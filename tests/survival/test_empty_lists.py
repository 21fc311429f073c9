"""A list that is answered empty once, and agrees with itself: an absence takes two kinds of proof.

A sample of the reads; all of them with ACKGPU_SURVIVAL=full.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli, Ended, cli_on
from survival.machine import NAME, remains

FULL = os.environ.get("ACKGPU_SURVIVAL") == "full"
BY_ITSELF = frozenset({"routetable"})
RPC_LISTS = {
    "DescribeVpcs": ("Vpcs", "Vpc"),
    "DescribeVSwitches": ("VSwitches", "VSwitch"),
    "DescribeNatGateways": ("NatGateways", "NatGateway"),
    "DescribeEipAddresses": ("EipAddresses", "EipAddress"),
    "DescribeSnatTableEntries": ("SnatTableEntries", "SnatTableEntry"),
    "DescribeRouteTableList": ("RouterTableList", "RouterTableListType"),
    "DescribeSecurityGroups": ("SecurityGroups", "SecurityGroup"),
    "DescribeInstances": ("Instances", "Instance"),
    "DescribeNetworkInterfaces": ("NetworkInterfaceSets", "NetworkInterfaceSet"),
    "DescribeDisks": ("Disks", "Disk"),
    "DescribeLoadBalancers": ("LoadBalancers", "LoadBalancer"),
}
ROA_LISTS = {
    "DescribeClustersV1": "clusters",
    "DescribeClustersForRegion": "clusters",
    "DescribeClusterNodes": "nodes",
    "DescribeClusterNodePools": "nodepools",
    "DescribeClusterTasks": "tasks",
}
BARE_LISTS = ("DescribeClusterResources",)
CLUSTER_LISTS = re.compile("DescribeClusters(V1|ForRegion)")
LISTS = (*RPC_LISTS, *(name for name in ROA_LISTS if name != "DescribeClustersV1"), *BARE_LISTS)

CELLS = [("delete", action, number) for action in LISTS for number in (1, 2, 3)]
CELLS += [("create", action, number) for action in LISTS for number in (2, 3, 4)]
ALWAYS = [("delete", "DescribeVpcs", 1), ("delete", "DescribeEipAddresses", 1),
          ("delete", "DescribeEipAddresses", 2)]  # fmt: skip
SEED = int(os.environ.get("ACKGPU_SAMPLE", "") or random.randrange(10**6))  # noqa: S311
SAMPLE = CELLS if FULL else [*ALWAYS, *random.Random(SEED).sample(CELLS, 3)]  # noqa: S311
"""The seed stands in the name of each test: ACKGPU_SAMPLE repeats it."""


@dataclass
class Flicker:
    """Empties the answers of the given numbers to one action; the last number of all is open."""

    action: str
    numbers: frozenset[int]
    ever: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    def __call__(self, exchange: Exchange) -> bytes:
        action = CLUSTER_LISTS.sub("DescribeClustersForRegion", exchange.action)
        self.seen[action] += 1
        if action != self.action or not (self.ever or self.seen[action] in self.numbers):
            return exchange.content
        return emptied(exchange)


def emptied(exchange: Exchange) -> bytes:
    """The answer without its rows, and with a count that agrees."""
    body: Any = json.loads(exchange.content)
    action = exchange.action
    if action in BARE_LISTS:
        return b"[]"
    if action in ROA_LISTS:
        body[ROA_LISTS[action]] = []
        for page in ("page_info", "page"):
            if page in body:
                body[page]["total_count"] = 0
        return json.dumps(body).encode()
    wrapper, name = RPC_LISTS[action]
    body[wrapper] = {name: []}
    body |= {key: 0 for key in ("TotalCount",) if key in body}
    return json.dumps(body).encode()


@dataclass
class Place:
    """A user's shell behind a proxy."""

    cli: Cli
    proxy: AlteringProxy

    def flicker(self, action: str, *numbers: int, ever: bool = False) -> None:
        self.proxy.alter = Flicker(action, frozenset(numbers), ever)

    def steady(self) -> None:
        self.proxy.alter = lambda exchange: exchange.content

    def delete(self) -> Ended:
        return self.cli("delete", NAME, "-y", "-o", "json")

    @property
    def remains(self) -> list[str]:
        """The kinds of all that is still there an emulated hour later."""
        return [kind for kind, _ in remains(self.cli.emulator) if kind not in BY_ITSELF]


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    with (
        cli_on(tmp_path / "user", capsys) as cli,
        altering_proxy_to(cli.emulator.endpoint) as proxy,
    ):
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        yield Place(cli, proxy)


@pytest.mark.sweep
@pytest.mark.parametrize(("verb", "action", "number"), SAMPLE)
def test_one_empty_list_leaves_nothing_unsaid(
    place: Place, verb: str, action: str, number: int
) -> None:
    if verb == "create":
        place.flicker(action, number)
    made = place.cli("create", NAME)
    place.steady()
    if made.code:
        place.cli.ok("create", NAME)
    assert len(place.cli.account()["cluster"]) == 1, SEED
    if verb == "delete":
        place.flicker(action, number)
    ended = place.delete()
    place.steady()
    told = ended.out + ended.err
    assert "not made by ackgpu" not in told, SEED
    assert "no longer carries the tag" not in told, SEED
    if ended.code == 0:
        assert place.remains == [], (SEED, told)
        return
    assert ended.code == 10, (SEED, told)
    assert "✓" not in told
    left = [id_ for ids in place.cli.account().values() for id_ in ids]
    assert [id_ for id_ in left if id_ not in told] == [], (SEED, told)
    place.cli.ok("delete", NAME, "-y")
    assert place.remains == []


CLUSTERS = "DescribeClustersForRegion"


@pytest.mark.long
def test_a_list_that_never_shows_the_cluster_leads_to_no_second_one(place: Place) -> None:
    place.flicker(CLUSTERS, ever=True)
    place.cli.ok("create", NAME)
    assert creations(place) == 1
    assert len(place.cli.account()["cluster"]) == 1


@pytest.mark.long
def test_without_list_and_journal_the_network_leads_to_its_cluster(
    place: Place, tmp_path: Path
) -> None:
    place.cli.ok("create", NAME)
    place.flicker(CLUSTERS, ever=True)
    place.cli.env["ACKGPU_STATE_DIR"] = str(tmp_path / "elsewhere")
    place.cli.ok("create", NAME)
    assert creations(place) == 1
    place.cli.env["ACKGPU_STATE_DIR"] = str(tmp_path / "and-elsewhere")
    assert place.delete().code == 0
    assert place.remains == []


@pytest.mark.long
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_detail_that_is_not_found_once_does_not_make_a_cluster_gone(
    place: Place, call: int
) -> None:
    place.cli.ok("create", NAME)
    not_found = {
        "action": "DescribeClusterDetail", "effect": "error", "status": 404,
        "code": "ErrorClusterNotFound", "calls": [call],
    }  # fmt: skip
    place.cli.emulator.set_faults({"faults": [not_found]})
    assert place.delete().code == 0
    assert place.remains == []


def creations(place: Place) -> int:
    return sum(entry.action == "CreateCluster" for entry in place.cli.emulator.requests)


@pytest.mark.long
@pytest.mark.parametrize("action", ["DescribeVpcs", "DescribeEipAddresses", CLUSTERS])
def test_what_another_machine_goes_on_with_is_not_made_twice(
    place: Place, tmp_path: Path, action: str
) -> None:
    stopped = {"action": "CreateClusterNodePool", "effect": "error", "status": 400, "code": "Odd"}
    place.cli.emulator.set_faults({"faults": [stopped]})
    assert place.cli("create", NAME).code == 11
    place.cli.emulator.set_faults({"faults": []})
    made = place.cli.account()
    place.cli.env["ACKGPU_STATE_DIR"] = str(tmp_path / "elsewhere")
    place.flicker(action, 1)
    place.cli.ok("create", NAME)
    again = place.cli.account()
    kinds = ("vpc", "eip", "natgateway", "cluster", "securitygroup")
    assert {kind: again[kind] for kind in kinds} == {kind: made[kind] for kind in kinds}
