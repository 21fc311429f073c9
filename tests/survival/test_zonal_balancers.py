"""NLB and ALB that Services and Ingresses made: seen before a deletion, and gone after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import alibabacloud_alb20200616.models as alb_models
import alibabacloud_nlb20220430.models as nlb_models
import pytest
from alibabacloud_alb20200616.client import Client as AlbClient
from alibabacloud_nlb20220430.client import Client as NlbClient
from support.cli import Cli, cli_on
from survival.machine import NAME

from tests.emulator.net.apis import Api

PRODUCTS = {"nlb": (NlbClient, nlb_models), "alb": (AlbClient, alb_models)}


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    with cli_on(tmp_path / "user", capsys) as cli:
        cli.ok("create", NAME, "--nodes", "1", "--no-verify")
        yield cli


def made(cli: Cli, product: str, maker: str, *, protected: bool = False) -> str:
    """A load balancer of the product in the cluster's VPC, marked as made for ``maker``."""
    client, models = PRODUCTS[product]
    api, account = Api(client, models, cli.emulator), cli.account()
    zones = [{"VSwitchId": account["vswitch"][0], "ZoneId": "cn-hangzhou-k"}]
    tags = [{"Key": "ack.aliyun.com", "Value": maker}] if maker else []
    said = api("CreateLoadBalancer", AddressType="Intranet", LoadBalancerName="a-service",
               VpcId=account["vpc"][0], ZoneMappings=zones, Tag=tags)  # fmt: skip
    id_ = str(said["LoadbalancerId" if product == "nlb" else "LoadBalancerId"])
    if protected and product == "nlb":
        api("UpdateLoadBalancerProtection", LoadBalancerId=id_, DeletionProtectionEnabled=True)
    elif protected:
        api("EnableDeletionProtection", ResourceId=id_)
    return id_


def standing(cli: Cli, product: str) -> list[str]:
    backend = cli.emulator.backend
    with backend.transaction() as session:
        return [doc.id for doc in session.find(product, at=backend.timeline_now(session))]


@pytest.mark.long
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("protected", [False, True])
def test_those_of_the_cluster_are_seen_before_and_gone_after(
    cli: Cli, product: str, *, protected: bool
) -> None:
    id_ = made(cli, product, cli.account()["cluster"][0], protected=protected)
    assert any(
        id_ in line for line in cli.ok("delete", NAME, "--dry-run", "-o", "json").json["removes"]
    )
    receipt = cli.ok("delete", NAME, "-y", "-o", "json").json
    assert id_ in {resource["id"] for resource in receipt["gone"]}
    assert standing(cli, product) == []
    assert cli.account() == {}


@pytest.mark.long
@pytest.mark.parametrize("product", PRODUCTS)
def test_one_of_somebody_else_stays_and_is_named(cli: Cli, product: str) -> None:
    id_ = made(cli, product, "")
    ended = cli("delete", NAME, "-y", "-o", "json")
    assert ended.code == 10
    told = " ".join(ended.json["error"]["details"])
    assert f"in use by LoadBalancer {id_} a-service (not made by ackgpu)" in told
    assert standing(cli, product) == [id_]


@pytest.mark.long
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_key_that_may_not_list_them_deletes_all_the_same(cli: Cli, product: str) -> None:
    denied = {"effect": "error", "status": 403, "code": "Forbidden.RAM", "product": product}
    cli.emulator.set_faults({"faults": [denied]})
    cli.ok("delete", NAME, "-y")
    assert cli.account() == {}
