"""``plan``: what create would do, what it costs, and that nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on


def actions(document: dict[str, Any]) -> dict[str, str]:
    return {row["step"]: row["action"] for row in document["steps"]}


def test_a_new_cluster_is_created_step_by_step(cli: Cli) -> None:
    document = cli.ok("plan", "demo", "-o", "json").json
    found = actions(document)
    assert found.pop("gpu nodes") == "CHECK"
    assert set(found.values()) == {"CREATE"}
    assert document["command"] == "plan"
    assert 300 < document["seconds"] < 3600


@pytest.mark.long
def test_plan_changes_nothing_on_any_path(cli: Cli) -> None:
    cli.ok("plan", "demo")
    cli.ok("create", "demo", "--no-verify")
    before = cli.account()
    cli.emulator.requests.clear()
    cli.ok("plan", "demo")
    cli("plan", "demo", "--nodes", "3")
    cli("plan", "other", "--max-hourly-price", "0.01")
    assert cli.emulator.requests.writes() == []
    assert cli.account() == before
    assert len(cli.emulator.requests) > 0
    assert not list((cli.home / "state").rglob("other"))


@pytest.mark.long
def test_what_exists_is_adopted_and_a_given_network_reused(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    found = actions(cli.ok("plan", "demo", "--no-verify", "-o", "json").json)
    assert set(found.values()) == {"ADOPT"}
    account = cli.account()
    given = ("--vpc-id", account["vpc"][0], "--vswitch-id", account["vswitch"][0])
    other = cli.ok("plan", "other", *given, "--pod-cidr", "172.22.0.0/16", "-o", "json").json
    assert actions(other)["vpc"] == "REUSE"


@pytest.mark.long
def test_detailed_exitcode_tells_changes_from_none(cli: Cli) -> None:
    assert cli("plan", "demo", "--detailed-exitcode").code == 12
    cli.ok("create", "demo")
    assert cli("plan", "demo", "--detailed-exitcode").code == 0
    pending = cli("plan", "new", "--detailed-exitcode", "-o", "json")
    assert (pending.code, pending.json["exitCode"], pending.json["error"]) == (12, 12, None)


@pytest.mark.long
def test_another_spec_is_a_conflict(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    assert cli("plan", "demo", "--nodes", "5").code == 6


@pytest.mark.long
def test_the_price_has_parts_and_what_is_not_known_is_not_0(cli: Cli) -> None:
    document = cli.ok("plan", "demo", "-o", "json").json
    parts = {part["what"]: part["price"]["amount"] for part in document["priceParts"]}
    assert parts["nodes"] == pytest.approx(8.2)
    assert parts["disks"] == pytest.approx(2 * 120 * 0.0014, abs=0.001)
    assert None not in parts.values()
    assert document["price"]["amount"] == pytest.approx(sum(parts.values()))
    assert document["pricesOf"]
    assert "¥ 9.47 an hour" in cli.ok("plan", "demo").out
    refused = {"effect": "error", "action": "GetPayAsYouGoPrice", "status": 400, "code": "Odd"}
    cli.emulator.set_faults({"faults": [refused]})
    document = cli.ok("plan", "demo", "-o", "json").json
    parts = {part["what"]: part["price"]["amount"] for part in document["priceParts"]}
    assert parts["NAT"] is parts["EIP"] is parts["SLB"] is None
    assert document["price"]["source"] == "at least"
    assert "at least ¥ 9.18 an hour" in cli.ok("plan", "demo").out


def test_a_basic_control_plane_is_free_by_document(cli: Cli) -> None:
    document = cli.ok("plan", "demo", "--cluster-spec", "ack.standard", "-o", "json").json
    parts = {part["what"]: part["price"] for part in document["priceParts"]}
    assert parts["control plane"]["amount"] == 0
    assert parts["control plane"]["source"] == "documented 2026-03-26"


@pytest.mark.long
def test_spot_nodes_cost_the_spot_price_and_subscribed_ones_their_share(cli: Cli) -> None:
    spot = cli.ok("plan", "demo", "--spot", "-o", "json").json
    assert spot["priceParts"][0]["price"]["amount"] == pytest.approx(2.46)
    flags = ("--charge-type", "PrePaid", "--period", "1")
    paid = cli.ok("plan", "demo", *flags, "-o", "json").json
    nodes = paid["priceParts"][0]["price"]["amount"]
    assert nodes == pytest.approx(paid["order"]["amount"] / 730, rel=1e-3)


def test_too_expensive_is_13_and_the_plan_is_shown_all_the_same(cli: Cli) -> None:
    ended = cli("plan", "demo", "--max-hourly-price", "5", "-o", "json")
    assert ended.code == 13
    assert ended.json["error"]["code"] == "OverBudget"
    assert ended.json["steps"]
    assert cli("plan", "demo", "--max-hourly-price", "10").code == 0


def test_prices_that_cannot_be_read_are_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"effect": "error", "action": "DescribePrice", "code": "Forbidden.RAM", "status": 403}
    with cli_on(tmp_path, capsys, faults={"faults": [refusal]}) as cli:
        document = cli.ok("plan", "demo", "-o", "json").json
        parts = {part["what"]: part["price"]["amount"] for part in document["priceParts"]}
        assert parts["nodes"] is parts["disks"] is None
        assert "at least ¥ 0.93 an hour: nodes unknown" in cli.ok("plan", "demo").out


def test_dry_run_is_the_plan_under_its_own_name(cli: Cli) -> None:
    dry = cli.ok("create", "demo", "--dry-run", "-o", "json").json
    assert dry["command"] == "create"
    assert actions(dry)["cluster"] == "CREATE"
    assert cli.emulator.requests.writes() == []
