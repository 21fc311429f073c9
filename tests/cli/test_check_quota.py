"""``check-quota``: what is needed, used and free, where figures are from, what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, Ended, cli_on

Shell = Callable[..., Cli]


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """Makes shells on accounts with a scenario or faults."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(cli_on(tmp_path / "user", capsys, **options))


def rows(ended: Ended) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in ended.json["quotas"]}


def test_every_limit_that_the_cluster_touches_is_told_from_the_steps(cli: Cli) -> None:
    found = rows(cli.ok("check-quota", "--nodes", "48", "-o", "json"))
    needed = {name: row["needed"] for name, row in found.items()}
    assert needed == {
        "clusters": 1, "nodes": 48, "node_pools": 1, "route_entries": 48, "security_groups": 1,
        "load_balancers": 1, "eips": 2, "vpcs": 1, "vswitches": 1, "nat_gateways": 1,
        "snat_entries": 1, "vgpu_instances": 48,
    }  # fmt: skip
    assert {row["verdict"] for row in found.values()} == {"ok"}
    assert {row["source"] for row in found.values()} == {"live"}
    assert (found["route_entries"]["limit"], found["route_entries"]["free"]) == (48, 48)


@pytest.mark.parametrize(("nodes", "warned"), [("47", 0), ("48", 1)])
def test_exactly_at_the_border_the_nat_gateways_own_route_is_a_doubt(
    cli: Cli, nodes: str, warned: int
) -> None:
    ended = cli.ok("check-quota", "--nodes", nodes)
    assert ended.out.count("the NAT gateway's own default route") == warned
    check = cli.ok("preflight", "--nodes", nodes, "--only", "quota", "-o", "json").json["checks"]
    assert [row["verdict"] for row in check] == (["warning"] if warned else ["passed"])


@pytest.mark.long
def test_a_second_balancer_is_a_doubt_of_public_endpoints_alone(shell: Shell) -> None:
    one = {"action": "slb.CreateLoadBalancer", "parameters": {}}
    cli = shell(scenario={"limits": {"balancers": 2}, "resources": [one]})
    public = rows(cli.ok("check-quota", "-o", "json"))["load_balancers"]
    private = rows(cli.ok("check-quota", "--no-public-endpoint", "-o", "json"))["load_balancers"]
    assert (public["verdict"], "second one" in public["doubt"]) == ("ok", True)
    assert (private["verdict"], private["doubt"]) == ("ok", "")


def test_terway_takes_no_route_entries_and_a_private_endpoint_no_eip(cli: Cli) -> None:
    flags = ("--network", "terway", "--instance-type", "ecs.vgn5i-m4.2xlarge")
    found = rows(cli.ok("check-quota", *flags, "--no-public-endpoint", "-o", "json"))
    assert "route_entries" not in found
    assert (found["load_balancers"]["needed"], found["eips"]["needed"]) == (1, 1)


@pytest.mark.long
def test_what_exists_is_counted_in_every_product(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    found = rows(cli.ok("check-quota", "-o", "json"))
    used = {name: row["used"] for name, row in found.items() if row["used"]}
    assert used == {
        "clusters": 1, "security_groups": 1, "load_balancers": 1, "eips": 2, "vpcs": 1,
        "vgpu_instances": 2,
    }  # fmt: skip


def test_49_flannel_nodes_are_one_route_entry_short_and_exit_with_3(cli: Cli) -> None:
    ended = cli("check-quota", "--nodes", "49")
    assert ended.code == 3
    assert "1 short" in ended.out
    assert "--network terway" in ended.out
    assert "https://quotas.console.aliyun.com/products/vpc/quotas" in ended.out
    assert "https://workorder-intl.console.aliyun.com/console.htm" in ended.out
    assert "route entries" in ended.err


def test_a_short_limit_is_short_in_the_document_too(shell: Shell) -> None:
    cli = shell(scenario={"limits": {"eips": 1}})
    ended = cli("check-quota", "-o", "json")
    assert ended.code == ended.json["exitCode"] == 3
    assert ended.json["error"]["code"] == "PreflightFailed"
    eips = rows(ended)["eips"]
    assert (eips["verdict"], eips["needed"], eips["free"]) == ("short", 2, 1)


def test_idle_eips_are_named_where_eips_are_short(shell: Shell) -> None:
    made = {"action": "vpc.AllocateEipAddress", "parameters": {}}
    cli = shell(scenario={"limits": {"eips": 2}, "resources": [made]})
    (eip,) = cli.account()["eip"]
    assert eip in cli("check-quota").out


def test_a_limit_of_the_region_is_not_held_against_another_region(shell: Shell) -> None:
    cli = shell(scenario={"limits": {"eips": 20, "eips@cn-beijing": 1}})
    assert cli("check-quota").code == 0


@pytest.mark.parametrize(
    ("action", "product", "spoilt"),
    [
        ("ListProductQuotas", "quotas", {"vgpu_instances"}),
        ("DescribeClustersForRegion", "cs", {"clusters"}),
        ("DescribeInstances", "ecs", {"vgpu_instances"}),
    ],
)  # fmt: skip
def test_a_read_that_fails_makes_its_own_rows_unknown_and_no_other(
    shell: Shell, action: str, product: str, spoilt: set[str]
) -> None:
    refusal = {"effect": "error", "action": action, "code": "Forbidden.RAM", "status": 403}
    cli = shell(faults={"faults": [refusal]})
    ended = cli("check-quota", "-o", "json")
    assert ended.code == 0, product
    found = rows(ended)
    assert {name for name, row in found.items() if row["verdict"] == "unknown"} == spoilt
    for name in spoilt:
        assert f"{action} failed (Forbidden.RAM)" in found[name]["whyUnknown"]
    strict = cli("check-quota", "--strict")
    assert strict.code == 3
    assert "--strict" in strict.err


@pytest.mark.parametrize("action", ["DescribeLoadBalancers", "DescribeEipAddresses"])
def test_what_quota_center_counts_is_known_without_the_products(shell: Shell, action: str) -> None:
    refusal = {"effect": "error", "action": action, "code": "Forbidden.RAM", "status": 403}
    cli = shell(faults={"faults": [refusal]})
    found = rows(cli.ok("check-quota", "--strict", "-o", "json"))
    assert {row["verdict"] for row in found.values()} == {"ok"}


REFUSED = {"effect": "error", "action": "ListProductQuotas", "status": 403, "code": "Forbidden.RAM"}
STOOD_IN_FOR = {
    "route_entries", "load_balancers", "eips", "vpcs", "vswitches", "nat_gateways", "snat_entries",
}  # fmt: skip


@pytest.mark.long
def test_documented_figures_stand_in_for_a_quota_center_that_refuses(shell: Shell) -> None:
    cli = shell(faults={"faults": [REFUSED]})
    found = rows(cli.ok("check-quota", "-o", "json"))
    assumed = {name for name, row in found.items() if row["source"] == "assumed 2020"}
    assert assumed - {"vgpu_instances"} == STOOD_IN_FOR
    for name in STOOD_IN_FOR:
        assert found[name]["verdict"] == "ok"
        assert "ListProductQuotas failed (Forbidden.RAM)" in found[name]["whyUnknown"]
    strict = cli("check-quota", "--strict", "-o", "json")
    assert strict.code == 3
    assert len(strict.json["error"]["details"]) == len(STOOD_IN_FOR) + 1


@pytest.mark.long
def test_a_documented_figure_that_stands_in_is_short_if_it_is_exceeded(shell: Shell) -> None:
    cli = shell(faults={"faults": [REFUSED]})
    ended = cli("check-quota", "--nodes", "49", "-o", "json")
    assert ended.code == 3
    routes = rows(ended)["route_entries"]
    assert (routes["verdict"], routes["source"], routes["limit"]) == ("short", "assumed 2020", 48)
    assert cli("create", "demo", "--nodes", "49").code == 3


@pytest.mark.long
def test_a_creation_warns_of_figures_that_stand_in(shell: Shell) -> None:
    cli = shell(faults={"faults": [REFUSED]})
    warned = cli.ok("create", "demo", "--no-verify", "-o", "json").json["warnings"]
    assert any("assumed: EIPs" in line and "Forbidden.RAM" in line for line in warned)


@pytest.mark.long
def test_a_quota_center_that_cannot_be_reached_is_stood_in_for_too(shell: Shell) -> None:
    cli = shell(faults={"faults": [{"effect": "reset", "action": "ListProductQuotas"}]})
    ended = cli("create", "demo", "--no-verify", "--insist", "1s", "-o", "json")
    assert ended.code == 0, ended.err
    assert any("assumed: EIPs" in line for line in ended.json["warnings"])


def test_a_quota_center_that_throttles_is_stood_in_for_as_well(shell: Shell) -> None:
    throttled = {"effect": "throttle", "action": "ListProductQuotas", "retry_after_ms": 20_000}
    cli = shell(faults={"faults": [throttled]})
    eips = rows(cli.ok("check-quota", "-o", "json"))["eips"]
    assert (eips["verdict"], eips["source"]) == ("ok", "assumed 2020")
    assert "Throttling" in eips["whyUnknown"]
    assert len([entry for entry in cli.emulator.requests if entry.code]) < 20


@pytest.mark.long
def test_whole_gpus_are_counted_in_cards(shell: Shell) -> None:
    cli = shell(scenario={"limits": {"gpus_gn6i_postpay": 3}})
    flags = ("--instance-type", "ecs.gn6i-c4g1.xlarge", "-o", "json")
    cli.ok("create", "demo", *flags[:2], "--nodes", "2", "--no-verify")
    ended = cli("check-quota", *flags, "--nodes", "2")
    assert ended.code == 3
    row = rows(ended)["gpus_gn6i_postpay"]
    assert (row["needed"], row["used"], row["limit"], row["source"]) == (2, 2, 3, "live")
    assert "vgpu_instances" not in rows(ended)
    cli.ok("check-quota", *flags, "--nodes", "1")


def test_a_throttled_read_is_unknown_and_not_exhausted(shell: Shell) -> None:
    cli = shell(faults={"faults": [{"effect": "throttle", "action": "DescribeVpcs",
                                    "retry_after_ms": 600_000}]})  # fmt: skip
    vpcs = rows(cli("check-quota", "-o", "json"))["vpcs"]
    assert (vpcs["verdict"], vpcs["used"], vpcs["free"]) == ("unknown", None, None)
    assert "Throttling" in vpcs["whyUnknown"]


def test_the_products_own_calls_stand_in_for_quota_center(shell: Shell) -> None:
    refusal = {"effect": "error", "action": "ListProductQuotas", "status": 403, "code": "No"}
    found = rows(shell(faults={"faults": [refusal]})("check-quota", "-o", "json"))
    for name in ("clusters", "nodes", "node_pools", "security_groups"):
        assert (found[name]["verdict"], found[name]["source"]) == ("ok", "live")


def test_account_wide_limits_are_counted_in_all_regions(shell: Shell) -> None:
    """Unless Quota Center says that the limit is the region's own."""
    elsewhere = {"action": "vpc.AllocateEipAddress", "region": "cn-beijing", "parameters": {}}
    scenario = {"regions": ["cn-hangzhou", "cn-beijing"], "resources": [elsewhere, elsewhere]}
    cli = shell(scenario=scenario)
    live = rows(cli("check-quota", "-o", "json"))["eips"]
    assert (live["used"], live["source"]) == (2, "live")
    narrowed = shell(scenario=scenario | {"limits": {"eips@cn-hangzhou": 5}})
    own = rows(narrowed("check-quota", "-o", "json"))["eips"]
    assert (own["used"], own["free"], own["source"]) == (0, 5, "live")
    refusal = {"effect": "error", "action": "ListProductQuotas", "code": "No", "status": 403}
    cli.emulator.set_faults({"faults": [refusal]})
    known = rows(cli("check-quota", "--limit", "eips=20", "-o", "json"))["eips"]
    assert (known["used"], known["free"], known["source"]) == (2, 18, "override")


def test_offline_needs_neither_credentials_nor_a_network(cli: Cli) -> None:
    cli.env = {"HOME": str(cli.home), "ACKGPU_STATE_DIR": str(cli.home / "state")}
    fits = cli("check-quota", "--offline", "--nodes", "48", "-o", "json")
    assert fits.code == 0, fits.err
    found = rows(fits)
    assert found["route_entries"]["source"] == "documented 2020"
    assert found["vgpu_instances"]["verdict"] == "unknown"
    assert cli("check-quota", "--offline", "--nodes", "49").code == 3
    assert len(cli.emulator.requests) == 0


@pytest.mark.parametrize(
    ("flags", "limits"),
    [
        ((), {"clusters": 50, "nodes": 100, "route_entries": 48, "security_groups": 100,
              "load_balancers": 60, "eips": 20}),
        (("--limits", "2026"), {"clusters": 100, "nodes": 200, "route_entries": 200}),
        (("--limits", "2026", "--cluster-spec", "ack.standard"), {"clusters": 2, "nodes": 10}),
        (("--limits", "2026", "--network", "terway", "--instance-type", "ecs.vgn5i-m4.2xlarge"),
         {"nodes": 5000}),
    ],
)  # fmt: skip
def test_the_documented_profiles(cli: Cli, flags: tuple[str, ...], limits: dict[str, int]) -> None:
    found = rows(cli("check-quota", "--offline", *flags, "-o", "json"))
    assert {name: found[name]["limit"] for name in limits} == limits


def test_a_basic_cluster_holds_10_nodes_whatever_the_quota_says(cli: Cli) -> None:
    found = rows(cli.ok("check-quota", "--cluster-spec", "ack.standard", "-o", "json"))
    assert (found["nodes"]["limit"], found["nodes"]["source"]) == (10, "documented 2026")


@pytest.mark.long
def test_given_things_are_not_needed_and_their_vpc_is_counted(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    account = cli.account()
    given = ("--vpc-id", account["vpc"][0], "--vswitch-id", account["vswitch"][0])
    found = rows(cli("check-quota", *given, "-o", "json"))
    assert not {"vpcs", "vswitches"} & found.keys()
    assert found["route_entries"]["used"] == len(account["route"]) - 1, "the way out is no node's"
    assert found["nat_gateways"]["used"] == 1


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--limits", "1999"), "2020"),
        (("--limit", "cows=3"), "eips"),
        (("--limit", "eips=many"), "many"),
        (("--nodes", "0", "--instance-type", "ecs.vgn5i-m2.large"), "ecs.vgn5i-m2.xlarge"),
    ],
)
def test_bad_input_is_2_and_says_what_was_meant(
    cli: Cli, flags: tuple[str, ...], word: str
) -> None:
    ended = cli("check-quota", *flags)
    assert ended.code == 2
    assert word in ended.err


def test_an_unknown_region_is_2_and_lists_those_that_exist(cli: Cli) -> None:
    ended = cli("check-quota", "--region", "cn-nowhere")
    assert ended.code == 2
    assert "cn-nowhere" in ended.err
    assert "cn-hangzhou" in ended.err


def test_nothing_is_changed(cli: Cli) -> None:
    cli.ok("check-quota")
    assert cli.emulator.requests.writes() == []
