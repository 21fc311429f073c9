"""Every documented limit, by making it: the last that fits is made, one more is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on

Resource = Mapping[str, Any]


def many(number: int, action: str, **parameters: str) -> list[Resource]:
    """So many resources of a kind, made before."""
    return [{"action": action, "parameters": parameters}] * number


def clusters(number: int) -> list[Resource]:
    """Other people's clusters in a VPC of their own, each with a pod range that nobody has."""
    net = {"name": "net", "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}}
    place = {"VpcId": "${net.VpcId}", "ZoneId": "cn-hangzhou-k", "CidrBlock": "10.0.0.0/16"}
    sub = {"name": "sub", "action": "vpc.CreateVSwitch", "parameters": place}
    rows = [
        {
            "action": "cs.CreateCluster",
            "body": {
                "name": f"other-{index}",
                "cluster_type": "ManagedKubernetes",
                "region_id": "cn-hangzhou",
                "vpcid": "${net.VpcId}",
                "vswitch_ids": ["${sub.VSwitchId}"],
                "container_cidr": f"172.16.{index}.0/24",
                "service_cidr": "192.168.0.0/20",
            },
        }
        for index in range(number)
    ]
    return [net, sub, *rows]


def instances(number: int) -> list[Resource]:
    """So many pay-as-you-go vGPU instances."""
    net = {"name": "net", "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}}
    place = {"VpcId": "${net.VpcId}", "ZoneId": "cn-hangzhou-k", "CidrBlock": "10.0.0.0/16"}
    sub = {"name": "sub", "action": "vpc.CreateVSwitch", "parameters": place}
    group = {
        "name": "group",
        "action": "ecs.CreateSecurityGroup",
        "parameters": {"VpcId": "${net.VpcId}"},
    }
    run = {
        "ImageId": "aliyun_3_x64_20G_alibase_20250629.vhd",
        "InstanceType": "ecs.vgn5i-m2.xlarge",
        "VSwitchId": "${sub.VSwitchId}",
        "SecurityGroupId": "${group.SecurityGroupId}",
        "SystemDisk.Category": "cloud_ssd",
        "SystemDisk.Size": "40",
        "Amount": str(number),
    }
    return [net, sub, group, {"action": "ecs.RunInstances", "parameters": run}]


@dataclass(frozen=True)
class Border:
    """A limit at its documented figure.

    ``filled``: what is there when exactly one cluster of ``fits`` nodes fits; ``over`` and
    ``asked``: what makes it one too many, further resources or more nodes.
    """

    filled: Sequence[Resource] = ()
    over: Sequence[Resource] = ()
    fits: int = 1
    asked: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


EIP = many(1, "vpc.AllocateEipAddress")
GROUP = many(1, "ecs.CreateSecurityGroup")
BALANCER = many(1, "slb.CreateLoadBalancer")
VPC = many(1, "vpc.CreateVpc", CidrBlock="10.0.0.0/8")
BORDERS = {
    "clusters": Border(clusters(49), clusters(50)[-1:]),
    "eips": Border(EIP * 18, EIP),
    "security_groups": Border(GROUP * 99, GROUP),
    "load_balancers": Border(BALANCER * 59, BALANCER),
    "vpcs": Border(VPC * 9, VPC),
    "vgpu_instances": Border(instances(99), asked=2),
    "route_entries": Border(fits=48, asked=49),
    "nodes": Border(
        fits=100,
        asked=101,
        settings={"limits": {"routes_per_table": 200, "vgpu_instances": 200}},
    ),
}
"""By the id of check-quota's row; the numbers are the document's of 2020."""


EVERYDAY = ("route_entries", "eips")
LIMITS = [
    pytest.param(limit, marks=[] if limit in EVERYDAY else [pytest.mark.sweep]) for limit in BORDERS
]


@pytest.mark.long
@pytest.mark.parametrize("limit", LIMITS)
def test_the_last_that_fits_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    border = BORDERS[limit]
    scenario = {**border.settings, "resources": [*border.filled]}
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        cli.ok("create", "demo", "--nodes", str(border.fits), "--no-verify")
        assert nodes(cli) == border.fits
        if border.filled:
            again = cli("create", "more", "--nodes", "1", "--no-verify")
            assert again.code == 3, "the account is full now"


@pytest.mark.long
@pytest.mark.parametrize("limit", LIMITS)
def test_one_more_is_refused_before_anything_is_made_and_by_the_cloud_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    border = BORDERS[limit]
    scenario = {**border.settings, "resources": [*border.filled, *border.over]}
    words = ("--nodes", str(border.asked), "--no-verify")
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        before = cli.account()
        refused = cli("create", "demo", *words)
        assert refused.code == 3
        assert "quota: short: " in refused.err
        assert cli.account() == before
        forced = cli("create", "demo", *words, "--skip-preflight", "quota")
        assert forced.code == 11, forced.err
        assert "Quota" in forced.err
        cli.ok("delete", "demo", "-y")
        assert cli.account() == before


@pytest.mark.long
def test_at_the_border_beside_our_gateway_the_other_readings_end_tells_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The 48th node has no route where the gateway's own counts; the command named mends it."""
    scenario = {"doubts": {"nat_route": "counted"}}
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        warned = cli.ok("preflight", "demo", "--nodes", "48")
        assert "exactly 48 needed and free: route entries in the VPC" in warned.out + warned.err
        ended = cli("create", "demo", "--nodes", "48", "--no-verify")
        assert ended.code == 11
        assert "The VPC's route table is full, and each Flannel node needs an entry" in ended.err
        command = "nodepool scale demo gpu --nodes 47"
        assert f"`ackgpu {command}`" in ended.err
        cli.ok(*command.split(), "-y")
        assert nodes(cli) == 47
        cli.ok("create", "demo", "--nodes", "47", "--no-verify")
        cli.ok("delete", "demo", "-y")
        assert cli.account() == {}


def nodes(cli: Cli) -> int:
    """How many nodes of the account are Ready."""
    backend = cli.emulator.backend
    with backend.transaction() as session:
        now = backend.timeline_now(session)
        found = session.find("node", at=now)
        return sum(doc.body["t_ready"] is not None and doc.body["t_ready"] <= now for doc in found)
