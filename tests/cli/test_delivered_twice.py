"""A network that delivers a request twice, and gives the answer to the second delivery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.altering import AlteringProxy, altering_proxy_to
from support.cli import Cli

MAKING = {
    "CreateVpc", "CreateVSwitch", "CreateSecurityGroup", "AuthorizeSecurityGroup",
    "AllocateEipAddress", "CreateNatGateway", "AssociateEipAddress", "CreateSnatEntry",
    "CreateCluster", "CreateClusterNodePool",
}  # fmt: skip
REMOVING = {
    "DeleteCluster", "DeleteSnatEntry", "UnassociateEipAddress", "ReleaseEipAddress",
    "DeleteNatGateway", "DeleteSecurityGroup", "DeleteVSwitch", "DeleteVpc",
}  # fmt: skip
ONCE_EACH = {"vpc": 1, "vswitch": 1, "natgateway": 1, "snat": 1, "cluster": 1, "nodepool": 1}


@pytest.fixture
def proxied(cli: Cli) -> Iterator[AlteringProxy]:
    """A proxy before the cloud of the ``cli`` fixture, which goes through it."""
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        yield proxy


def made(cli: Cli) -> dict[str, int]:
    """How many there are of what is made once."""
    return {kind: len(ids) for kind, ids in cli.account().items() if kind in ONCE_EACH}


@pytest.mark.long
def test_what_was_delivered_twice_is_made_and_removed_once(
    cli: Cli, proxied: AlteringProxy
) -> None:
    proxied.twice = {*MAKING, "DescribeVpcs", "DescribeClustersForRegion"}
    cli.ok("create", "demo")
    assert not proxied.twice, "these were never delivered"
    assert made(cli) == ONCE_EACH
    proxied.twice = {*REMOVING, "DescribeVpcs"}
    cli.ok("delete", "demo", "-y")
    assert not proxied.twice, "these were never delivered"
    assert made(cli) == {}


@pytest.mark.long
@pytest.mark.parametrize("action", ["CreateVpc", "CreateNatGateway", "CreateCluster"])
def test_a_rollback_removes_what_the_first_delivery_made(
    cli: Cli, proxied: AlteringProxy, action: str
) -> None:
    cli.emulator.set_faults({"faults": [{"kind": "cluster_failed"}]})
    proxied.twice = {action}
    ended = cli("create", "demo", "--on-failure", "rollback")
    assert ended.code == 11, ended.err
    assert not proxied.twice
    assert "SignatureNonceUsed" not in ended.err
    assert made(cli) == {}
    assert "eip" not in cli.account()
