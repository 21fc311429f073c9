"""The limits of one network, one cluster and one family of cards, by making them.

As in test_borders.py: the last that fits is made, and of one more say both ackgpu, before anything
is made, and the cloud that it is over the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as VpcClient
from support.cli import Cli, Ended, cli_on

from tests.emulator.net.apis import Api

Resource = Mapping[str, Any]
K = "cn-hangzhou-k"
CARD = "ecs.gn6i-c4g1.xlarge"
VPC = {"name": "net", "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}}


def vswitches(number: int) -> list[Resource]:
    """A VPC with so many vSwitches."""
    rows = [
        {
            "name": f"sub{index}",
            "action": "vpc.CreateVSwitch",
            "parameters": {
                "VpcId": "${net.VpcId}", "ZoneId": K, "CidrBlock": f"10.1.{index}.0/24",
            },
        }
        for index in range(number)
    ]  # fmt: skip
    return [VPC, *rows]


def gateways(number: int) -> list[Resource]:
    """A VPC with so many NAT gateways."""
    parameters = {"VpcId": "${net.VpcId}", "VSwitchId": "${sub0.VSwitchId}", "NatType": "Enhanced"}
    gateway = {"action": "vpc.CreateNatGateway", "parameters": parameters}
    return [*vswitches(1), *[gateway] * number]


def cards(number: int) -> list[Resource]:
    """So many whole GPUs, one an instance."""
    group = {
        "name": "group",
        "action": "ecs.CreateSecurityGroup",
        "parameters": {"VpcId": "${net.VpcId}"},
    }
    run = {
        "ImageId": "aliyun_3_x64_20G_alibase_20250629.vhd",
        "InstanceType": CARD,
        "VSwitchId": "${sub0.VSwitchId}",
        "SecurityGroupId": "${group.SecurityGroupId}",
        "SystemDisk.Category": "cloud_essd",
        "SystemDisk.Size": "40",
        "Amount": str(number),
    }
    return [*vswitches(1), group, {"action": "ecs.RunInstances", "parameters": run}]


def spec_of(cli: Cli, network: str) -> tuple[str, ...]:
    """``create`` with a file; ``network`` with the ids of the account's VPC and gateway."""
    account = cli.account()
    ids = {"vpc": account["vpc"][0], "nat": next(iter(account.get("natgateway", ())), "")}
    path = cli.home / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        f"network:\n  {network.format(**ids)}\n"
        "nodePools:\n- {name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], desiredSize: 1}\n"
    )
    return "create", "-f", str(path), "--no-verify"


IN_THE_VPC = "{{vpc: {{id: {vpc}}}, vswitches: [{{zone: cn-hangzhou-k, cidr: 10.200.0.0/24}}]}}"
ON_THE_GATEWAY = IN_THE_VPC[:-2] + ", nat: {{id: {nat}}}}}"


def fill_gateway(cli: Cli, number: int) -> None:
    """Give the account's NAT gateway so many SNAT entries."""
    vpc = Api(VpcClient, vpc_models, cli.emulator)
    with cli.emulator.backend.transaction() as session:
        (gateway,) = session.find("natgateway")
    address = vpc("AllocateEipAddress")
    bound = {"InstanceType": "Nat", "InstanceId": gateway.id}
    vpc("AssociateEipAddress", AllocationId=address["AllocationId"], **bound)
    table = {"SnatTableId": gateway.body["SnatTableId"], "SnatIp": address["EipAddress"]}
    first: Any = None
    while first is None:  # the gateway knows an address only some seconds after it was bound
        with suppress(ClientException):
            first = vpc("CreateSnatEntry", SourceCIDR="10.1.0.0/32", **table)
    for index in range(1, number):
        vpc("CreateSnatEntry", SourceCIDR=f"10.1.0.{index}/32", **table)


@dataclass(frozen=True)
class Border:
    """A limit. ``filled`` so far that one more fits: ``one_more`` makes that, and the next."""

    filled: Sequence[Resource]
    over: Sequence[Resource]
    words: Callable[[Cli], tuple[str, ...]]
    entries: int = 0


BORDERS = {
    "vswitches": Border(vswitches(149), vswitches(150)[-1:], lambda cli: spec_of(cli, IN_THE_VPC)),
    "nat gateways": Border(gateways(4), gateways(1)[-1:], lambda cli: spec_of(cli, IN_THE_VPC)),
    "snat entries": Border(gateways(1), (), lambda cli: spec_of(cli, ON_THE_GATEWAY), entries=39),
    "cards": Border(
        cards(99),
        (),
        lambda _: ("create", "demo", "--instance-type", CARD, "--no-verify", "--nodes", "1"),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("limit", BORDERS)
def test_the_last_that_fits_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    border = BORDERS[limit]
    with cli_on(tmp_path / "user", capsys, scenario={"resources": [*border.filled]}) as cli:
        if border.entries:
            fill_gateway(cli, border.entries)
        ended = cli(*border.words(cli))
        assert ended.code == 0, ended.err


@pytest.mark.long
@pytest.mark.parametrize("limit", BORDERS)
def test_one_more_is_refused_before_anything_is_made_and_by_the_cloud_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    border = BORDERS[limit]
    resources = cards(100) if limit == "cards" else [*border.filled, *border.over]
    with cli_on(tmp_path / "user", capsys, scenario={"resources": resources}) as cli:
        if border.entries:
            fill_gateway(cli, border.entries + 1)
        before = cli.account()
        refused = cli(*border.words(cli))
        assert_short(refused)
        assert cli.account() == before
        forced = cli(*border.words(cli), "--skip-preflight", "quota")
        assert forced.code == 11, forced.err
        assert "Quota" in forced.err
        cli.ok("delete", "demo", "-y")
        assert cli.account() == before


@pytest.mark.long
def test_a_cluster_takes_its_last_node_pool_and_no_more(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    for number in range(2, 20):
        cli.ok("nodepool", "add", "demo", f"pool-{number}", "--nodes", "0", "--no-wait")
    cli.ok("nodepool", "add", "demo", "last", "--nodes", "0")
    before = cli.account()
    assert len(before["nodepool"]) == 20
    one_more = ("nodepool", "add", "demo", "more", "--nodes", "0")
    assert_short(cli(*one_more))
    assert cli.account() == before
    forced = cli(*one_more, "--skip-preflight")
    assert forced.code == 11, forced.err
    assert "Quota" in forced.err
    assert cli.account() == before


def assert_short(refused: Ended) -> None:
    assert refused.code == 3, refused.err
    assert "quota: short: " in refused.err
