"""What stands and what is deleted say what it cost; what is not known is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on

UNTOLD = {"effect": "error", "action": "GetPayAsYouGoPrice", "status": 400, "code": "NotApplicable"}
UNPRICED = {"effect": "error", "action": "DescribePrice", "status": 403, "code": "Forbidden.RAM"}
STOCK_OUT = {"kind": "stock_out", "announced": False}
ONE = ("--nodes", "1", "--no-verify")
HOUR = 3600


def spoil(cli: Cli, *faults: dict[str, Any]) -> None:
    cli.emulator.set_faults({"faults": list(faults)})


def delete_the_cluster_alone(cli: Cli) -> None:
    """Leave its network, as --no-wait does, until the cluster is gone."""
    cli.ok("delete", "demo", "-y", "--no-wait")
    assert cli("wait", "demo", "--for", "deleted", "--timeout", "30m").code == 7
    assert "cluster" not in cli.account()


def words(text: str) -> str:
    return " ".join(text.split())


def hourly_of(cli: Cli) -> float:
    amount = cli.ok("describe", "demo", "-o", "json").json["cluster"]["hourly"]["amount"]
    assert isinstance(amount, float)
    return amount


@pytest.mark.long
def test_a_deletion_says_how_long_it_lived_and_about_what_it_cost(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    hourly = hourly_of(cli)
    told = cli.ok("delete", "demo", "-y", "-o", "json").json
    assert told["lived"] > 0
    assert told["cost"]["amount"] == pytest.approx(hourly * told["lived"] / HOUR, abs=0.02)
    assert told["cost"]["currency"] == "CNY"
    assert told["cost"]["unpriced"] == []


@pytest.mark.long
def test_the_text_of_it_ends_with_both(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    assert ", about ¥ " in cli.ok("delete", "demo", "-y").out


@pytest.mark.long
def test_what_it_stands_for_an_hour_is_what_the_plan_said(cli: Cli) -> None:
    planned = cli.ok("plan", "demo", *ONE, "-o", "json").json["price"]["amount"]
    cli.ok("create", "demo", *ONE)
    assert hourly_of(cli) == pytest.approx(planned)


@pytest.mark.long
def test_a_price_that_nobody_tells_makes_it_the_least(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    spoil(cli, UNTOLD)
    text = words(cli.ok("delete", "demo", "-y").out)
    assert "at least ¥ " in text
    assert "without EIPs, load balancers, NAT gateways, whose price is not known:" in text
    assert "GetPayAsYouGoPrice failed (NotApplicable)" in text


def test_what_costs_nothing_is_not_said_to_have_an_unknown_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = {"limits": {"security_groups": 0}}
    with cli_on(tmp_path / "user", capsys, scenario=scenario) as cli:
        ended = cli("create", "demo", "--skip-preflight", "quota")
        assert ended.code == 11
        assert "1 VPC · 1 vSwitch free of charge" in words(ended.err)
        text = words(cli.ok("delete", "demo", "-y").out)
        assert text.endswith(", free of charge")
        assert cli.account() == {}


@pytest.mark.long
def test_without_any_price_the_receipt_says_so(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    spoil(cli, UNTOLD, UNPRICED)
    told = cli.ok("delete", "demo", "-y", "-o", "json").json["cost"]
    assert told["amount"] is None
    assert told["unpriced"] == ["Cluster", "Eip", "Instance", "LoadBalancer", "NatGateway"]
    assert any("ecs:DescribePrice" in why or "DescribePrice" in why for why in told["why"])
    assert cli.account() == {}


@pytest.mark.long
def test_a_deletion_that_takes_another_up_knows_what_the_nodes_cost(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    hourly = hourly_of(cli)
    delete_the_cluster_alone(cli)
    told = cli.ok("delete", "demo", "-y", "-o", "json").json
    assert told["cost"]["amount"] == pytest.approx(hourly * told["lived"] / HOUR, abs=0.02)


@pytest.mark.long
def test_gc_says_it_of_each_cluster(cli: Cli) -> None:
    for name in ("demo", "other"):
        cli.ok("create", name, *ONE)
    collect = ("gc", "--older-than", "1s", "--execute", "-y")
    told = cli.ok(*collect, "-o", "json").json["deleted"]
    assert [row["cluster"] for row in told] == ["demo", "other"]
    assert all(row["cost"]["amount"] > 0 and row["lived"] > 0 for row in told)
    cli.ok("create", "third", *ONE)
    assert "third lived " in words(cli.ok(*collect).out)


@pytest.mark.long
def test_a_list_shows_what_each_costs_and_has_cost(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE, "--ttl", "3h")
    (row,) = cli.ok("list", "-o", "json").json["clusters"]
    assert row["hourly"]["amount"] == pytest.approx(hourly_of(cli))
    assert row["costSoFar"] > 0
    text = cli.ok("list").out
    assert "CNY/hour" in text
    assert "expires" in text
    assert f"{row['hourly']['amount']:.2f}" in text


@pytest.mark.long
def test_a_list_of_names_asks_for_no_price(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    cli.emulator.requests.clear()
    assert cli.ok("list", "-o", "name").out.split() == ["demo"]
    asked = {entry.action for entry in cli.emulator.requests}
    assert not asked & {"GetPayAsYouGoPrice", "DescribePrice"}


@pytest.mark.long
def test_a_list_is_shown_without_prices_if_none_can_be_read(cli: Cli) -> None:
    cli.ok("create", "demo", *ONE)
    spoil(cli, UNTOLD)
    ended = cli.ok("list")
    assert "at least" in ended.out
    assert "NotApplicable" in ended.err
    spoil(cli, UNTOLD, UNPRICED)
    ended = cli.ok("list")
    assert "unknown" in ended.out
    assert "What the cluster costs is not known in full" in words(ended.err)


@pytest.mark.long
def test_what_an_unfinished_create_left_costs_as_well(cli: Cli) -> None:
    spoil(cli, {"kind": "cluster_failed"})
    assert cli("create", "demo", *ONE).code
    spoil(cli)
    (id_,) = cli.account()["cluster"]
    delete_the_cluster_alone(cli)
    (row,) = cli.ok("list", "-o", "json").json["clusters"]
    assert (row["state"], row["id"]) == ("unfinished", "")
    assert row["hourly"]["amount"] == pytest.approx(0.25)  # a NAT gateway and an EIP
    assert row["costSoFar"] >= 0
    shown = cli.ok("describe", "demo", "-o", "json").json["cluster"]
    assert shown["hourly"]["amount"] == pytest.approx(0.25)
    assert id_ not in cli.ok("describe", "demo").out
