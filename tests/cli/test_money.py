"""What a cluster costs: every part is asked for, what is not known is said, a budget is kept."""

from __future__ import annotations

from typing import Any

import pytest
from support.cli import Cli, Ended, cli_on

from tests.cli.machines import as_user_with

SOLD = ("--instance-type", "ecs.sgn7i-vws-m2.xlarge")
SUBSCRIBED = (*SOLD, "--charge-type", "PrePaid", "--period", "1")
REFUSED = {
    "effect": "error",
    "action": "GetPayAsYouGoPrice",
    "status": 400,
    "code": "NotApplicable",
}


def parts(ended: Ended) -> dict[str, Any]:
    return {row["what"]: row["price"] for row in ended.json["priceParts"]}


def test_gateway_address_and_balancer_are_asked_of_the_billing_api(cli: Cli) -> None:
    found = parts(cli.ok("plan", "demo", "-o", "json"))
    asked = [entry.action for entry in cli.emulator.requests if entry.product == "bss"]
    assert asked == ["GetPayAsYouGoPrice"] * 3
    for what in ("NAT", "EIP", "SLB"):
        assert found[what]["amount"] > 0
        assert found[what]["source"] == "GetPayAsYouGoPrice"
    assert found["EIP"]["amount"] == pytest.approx(2 * 0.02)  # the way out, and the API server's


@pytest.mark.long
def test_what_the_billing_api_refuses_is_unknown_and_said_so(cli: Cli) -> None:
    cli.emulator.set_faults({"faults": [REFUSED]})
    planned = cli.ok("plan", "demo", "-o", "json")
    assert parts(planned)["NAT"]["amount"] is None
    assert "NotApplicable" in parts(planned)["NAT"]["source"]
    assert "at least" in cli.ok("plan", "demo").out
    assert cli("create", "demo", "--no-verify").code == 0


@pytest.mark.long
def test_a_gateway_without_a_price_leaves_the_least_that_it_costs(
    tmp_path: Any, capsys: Any
) -> None:
    with cli_on(tmp_path / "x", capsys, scenario={"doubts": {"nat_price": "refused"}}) as cli:
        found = parts(cli.ok("plan", "demo", "-o", "json"))
        assert found["NAT"]["amount"] is None
        assert found["EIP"]["amount"] > 0
        assert "at least ¥ " in cli.ok("plan", "demo").out
        assert cli("plan", "demo", "--max-hourly-price", "100").code == 13
        cli.ok("create", "demo", "--nodes", "1", "--no-verify")
        assert "without NAT gateways, whose price is not known" in " ".join(
            cli.ok("delete", "demo", "-y").out.split()
        )


def test_without_the_permission_a_price_is_unknown_and_nothing_else_stops(
    cli: Cli, tmp_path: Any, capsys: Any
) -> None:
    with cli_on(tmp_path / "strict", capsys, enforce_ram=True) as strict:
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        never = {"Effect": "Deny", "Action": "bssapi:GetPayAsYouGoPrice", "Resource": "*"}
        user = as_user_with(strict, everything, never)
        ended = strict("preflight", env=user)
        assert ended.code == 0
        assert "bssapi:GetPayAsYouGoPrice" in ended.out


@pytest.mark.long
@pytest.mark.parametrize("command", ["plan", "create", "preflight"])
def test_a_budget_that_cannot_be_evaluated_is_refused(cli: Cli, command: str) -> None:
    cli.emulator.set_faults({"faults": [REFUSED]})
    words = (command, "demo") if command != "preflight" else (command,)
    refused = cli(*words, "--max-hourly-price", "100")
    assert refused.code == 13
    told = refused.out + refused.err
    assert "It cannot be told whether it costs more than 100.00 an hour" in told
    assert "NAT: " in told
    assert "--allow-unknown-price" in told
    assert cli.account() == {}
    assert cli(*words, "--max-hourly-price", "100", "--allow-unknown-price").code == 0
    assert cli(*words, "--max-hourly-price", "5", "--allow-unknown-price").code == (
        13 if command != "create" else 0  # it stands by now, and nothing is made
    )


@pytest.mark.long
def test_a_subscription_shows_its_price_and_asks(cli: Cli) -> None:
    refused = cli("create", "demo", *SUBSCRIBED)
    assert refused.code == 2
    assert "Order 2 subscription instances for 1 month, paid at once (¥ 1,946.88)?" in refused.err
    assert "Give --yes" in refused.err
    assert cli.account() == {}
    cli.ok("create", "demo", *SUBSCRIBED, "-y", "--no-verify")
    cli.ok("create", "demo", *SUBSCRIBED, "--no-verify")  # nothing is ordered: nothing is asked


@pytest.mark.long
def test_a_subscription_has_its_share_of_the_hour_in_the_budget(cli: Cli) -> None:
    planned = cli.ok("plan", "demo", *SUBSCRIBED, "-o", "json").json
    share = parts(cli.ok("plan", "demo", *SUBSCRIBED, "-o", "json"))["nodes"]["amount"]
    assert share == pytest.approx(planned["order"]["amount"] / 730, rel=1e-3)
    total = planned["price"]["amount"]
    assert cli("plan", "demo", *SUBSCRIBED, "--max-hourly-price", f"{total + 0.1}").code == 0
    assert cli("plan", "demo", *SUBSCRIBED, "--max-hourly-price", f"{total - 0.1}").code == 13
    assert "Subscriptions: ¥ 1,946.88, paid at once" in cli.ok("plan", "demo", *SUBSCRIBED).out


@pytest.mark.long
def test_a_dry_run_is_checked_as_a_creation_is(cli: Cli) -> None:
    cli.ok("create", "demo", "--dry-run")
    closed = {"effect": "error", "action": "CheckServiceRole", "code": "ErrServiceNotOpen"}
    cli.emulator.set_faults({"faults": [{**closed, "status": 400}]})
    ended = cli("create", "demo", "--dry-run", *SOLD)
    assert ended.code == 3
    assert "Container Service is not open" in ended.err
    assert "node pool gpu" in ended.out  # the plan is shown all the same
    skipped = ("--skip-preflight", "all")
    assert cli("create", "demo", "--dry-run", *SOLD, *skipped).code == 0
    assert cli.account() == {}


@pytest.mark.long
def test_a_plan_of_what_stands_says_no_changes_and_the_running_price_apart(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    told = cli.ok("plan", "demo", "--no-verify").out.splitlines()
    assert "  No changes." in told
    assert any(line.startswith("  It costs ¥ ") and "while it runs" in line for line in told)
