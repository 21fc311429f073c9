"""Subscriptions, spot nodes, and the change from the one way of paying to the other."""

from __future__ import annotations

import pytest
from support.cli import Cli

from tests.cli.machines import asked, bodies


def charge_types(cli: Cli) -> list[str]:
    return [body["InstanceChargeType"] for body in bodies(cli, "instance")]


SOLD = ("--instance-type", "ecs.sgn7i-vws-m2s.xlarge")
"""A type that is still sold, so that it can be subscribed."""


@pytest.mark.long
def test_nodes_are_subscribed_once_after_the_price_was_shown_and_asked(cli: Cli) -> None:
    cli.ok("create", "demo", *SOLD)
    words = ("nodepool", "convert-billing", "demo", "gpu", "--period", "3")
    shown = cli.ok(*words, "--dry-run", "-o", "json").json
    assert len(shown["instances"]) == 2
    assert shown["price"] > 0
    assert shown["currency"] == "CNY"
    cli.emulator.requests.clear()
    assert cli(*words).code == 2
    assert asked(cli) == []
    done = cli.ok(*words, "-y", "-o", "json").json
    assert done["price"] == shown["price"]
    assert charge_types(cli) == ["PrePaid", "PrePaid"]
    assert asked(cli) == ["ModifyInstanceChargeType"]
    again = cli.ok(*words, "-y", "-o", "json").json
    assert again["instances"] == []
    assert asked(cli) == ["ModifyInstanceChargeType"]


def test_a_period_that_the_cloud_does_not_sell_is_refused(cli: Cli) -> None:
    cli.ok("create", "demo")
    refused = cli("nodepool", "convert-billing", "demo", "gpu", "--period", "10", "-y")
    assert refused.code == 2
    assert "36" in refused.err


@pytest.mark.long
def test_spot_nodes_cannot_be_subscribed(cli: Cli) -> None:
    cli.ok("create", "demo", "--spot")
    refused = cli("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    assert refused.code == 6
    assert charge_types(cli) == ["PostPaid", "PostPaid"]


@pytest.mark.long
def test_a_pool_is_made_of_subscriptions(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1")
    paid = ("--charge-type", "PrePaid", "--period", "1", "--auto-renew")
    cli.ok("nodepool", "add", "demo", "paid", "--nodes", "1", *paid)
    group = next(b for b in bodies(cli, "nodepool") if b["name"] == "paid")["scaling_group"]
    assert (group["period"], group["period_unit"], group["auto_renew"]) == (1, "Month", True)
    assert sorted(charge_types(cli)) == ["PostPaid", "PrePaid"]
    listed = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert [pool["chargeType"] for pool in listed] == ["PostPaid", "PrePaid"]
    kept = cli("nodepool", "delete", "demo", "paid", "-y", "-o", "json")
    assert kept.code == 10
    (told,) = kept.json["error"]["details"]
    assert "a subscription" in told
    assert [pool["name"] for pool in kept.json["nodePools"]] == ["gpu"]
    assert sorted(charge_types(cli)) == ["PostPaid", "PrePaid"]


@pytest.mark.long
def test_a_scale_in_says_which_subscriptions_stay_before_and_after(cli: Cli) -> None:
    cli.ok("create", "demo", "--charge-type", "PrePaid", "--period", "1", "--no-verify", "-y")
    ids = cli.account()["instance"]
    words = ("nodepool", "scale", "demo", "gpu", "--nodes", "1")
    asked_first = cli(*words)
    assert asked_first.code == 2
    shown = cli.ok(*words, "--dry-run", "-o", "json").json["warnings"]
    assert all(id_ in shown[0] for id_ in ids)
    done = cli(*words, "-y", "-o", "json")
    assert done.code == 10
    assert sum(id_ in " ".join(done.json["error"]["details"]) for id_ in ids) == 1
    assert cli.account()["instance"] == ids


@pytest.mark.long
def test_a_dry_run_of_a_deletion_counts_no_subscription_as_deleted(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    (before,) = cli.account()["instance"]
    paid = ("--charge-type", "PrePaid", "--period", "1")
    cli.ok("nodepool", "add", "demo", "paid", "--nodes", "1", *paid)
    (stays,) = {*cli.account()["instance"]} - {before}
    shown = cli.ok("delete", "demo", "--dry-run", "-o", "json").json
    assert not any(stays in line for line in shown["removes"])
    assert any(stays in line and "subscription" in line for line in shown["keeps"])
    assert "node pool gpu (1 instance)" in shown["removes"]
    assert "node pool paid (0 instances)" in shown["removes"]
    ended = cli("delete", "demo", "-y", "-o", "json")
    assert ended.code == 10
    assert any(stays in line for line in ended.json["error"]["details"])


@pytest.mark.long
@pytest.mark.parametrize("retired", ["ecs.vgn5i-m2.xlarge", "ecs.vgn6i-m4.xlarge"])
def test_a_retired_type_is_not_subscribed(cli: Cli, retired: str) -> None:
    cli.ok("create", "demo", "--instance-type", retired, "--nodes", "1", "--no-verify")
    cli.emulator.requests.clear()
    refused = cli("nodepool", "convert-billing", "demo", "gpu", "--period", "1", "-y")
    assert refused.code == 6
    assert retired in refused.err
    assert "retired" in refused.err
    assert asked(cli) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "strategy", "limit"),
    [
        (("--spot",), "SpotAsPriceGo", None),
        (("--spot-price-limit", "9.5"), "SpotWithPriceLimit", "9.5"),
    ],
)
def test_spot_pools_have_their_limit_and_their_base(
    cli: Cli, words: tuple[str, ...], strategy: str, limit: str | None
) -> None:
    cli.ok("create", "demo", "--nodes", "1")
    cli.ok("nodepool", "add", "demo", "spot", "--nodes", "2", "--on-demand-base", "1", *words)
    group = next(b for b in bodies(cli, "nodepool") if b["name"] == "spot")["scaling_group"]
    assert group["spot_strategy"] == strategy
    assert group["on_demand_base_capacity"] == 1
    assert group["multi_az_policy"] == "COST_OPTIMIZED"
    limits = [row["price_limit"] for row in group.get("spot_price_limit", [])]
    assert limits == ([] if limit is None else [limit])
    listed = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert [pool["spot"] for pool in listed] == [False, True]
