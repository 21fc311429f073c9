"""``offers``: the matrix of types and zones, with stock and prices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on


def offers(cli: Cli, *flags: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli.ok("offers", *flags, "-o", "json").json["offers"]
    return found


def test_every_vgpu_type_stands_with_its_slice_stock_and_price(cli: Cli) -> None:
    found = {(row["instanceType"], row["zone"]): row for row in offers(cli)}
    row = found["ecs.vgn5i-m2.xlarge", "cn-hangzhou-k"]
    assert (row["card"], row["gpuMemoryGib"], row["vcpu"]) == ("P4 1/4", 2, 4)
    assert row["stock"] == "ok"
    assert row["price"] == {"amount": 4.1, "currency": "CNY", "source": "DescribePrice"}
    assert row["spot"] is None
    assert found["ecs.vgn5i-m2.xlarge", "cn-hangzhou-j"]["stock"] == "low"


@pytest.mark.long
def test_what_has_stock_comes_first_then_the_cheapest(cli: Cli) -> None:
    everything = offers(cli, "--region", "cn-shanghai", "--region", "cn-beijing")
    found = [row for row in everything if not (row["taken"] or row["refused"])]
    stocks = [row["stock"] for row in found]
    assert stocks == sorted(stocks, key=["ok", "low", "none"].index)
    prices = [row["price"]["amount"] for row in found if row["stock"] == "ok"]
    assert prices == sorted(prices)
    assert "none" in stocks
    available = offers(cli, "--region", "cn-shanghai", "--region", "cn-beijing", "--available")
    assert {row["stock"] for row in available} == {"ok"}


def test_filters_by_memory_zone_and_type(cli: Cli) -> None:
    assert {row["gpuMemoryGib"] for row in offers(cli, "--gpu-mem", "4")} == {4}
    assert {row["gpuMemoryGib"] for row in offers(cli, "--gpu-mem", "2..4")} == {2, 4}
    assert {row["zone"] for row in offers(cli, "--zone", "ap-southeast-1a")} == {"ap-southeast-1a"}
    named = offers(cli, "--instance-type", "ecs.vgn6i-m4.xlarge")
    assert {row["instanceType"] for row in named} == {"ecs.vgn6i-m4.xlarge"}


def test_spot_prices_are_asked_for_on_demand(cli: Cli) -> None:
    row = offers(cli, "--spot", "--instance-type", "ecs.vgn5i-m2.xlarge")[0]
    assert row["spot"]["amount"] == pytest.approx(1.23)


def test_the_stock_of_a_cell_is_what_the_cloud_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stock = {"cn-hangzhou-k": {"ecs.vgn5i-m2.xlarge": "WithoutStock"}}
    with cli_on(tmp_path, capsys, scenario={"stock": stock}) as cli:
        found = {(row["instanceType"], row["zone"]): row["stock"] for row in offers(cli)}
    assert found["ecs.vgn5i-m2.xlarge", "cn-hangzhou-k"] == "none"
    assert found["ecs.vgn5i-m4.2xlarge", "cn-hangzhou-k"] == "ok"


@pytest.mark.long
def test_a_price_that_is_refused_is_unknown_and_never_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"effect": "error", "action": "DescribePrice", "code": "PriceNotFound", "status": 400}
    with cli_on(tmp_path, capsys, faults={"faults": [refusal]}) as cli:
        assert {row["price"]["amount"] for row in offers(cli)} == {None}
        assert "unknown" in cli.ok("offers").out


def test_a_stock_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"effect": "error", "action": "DescribeAvailableResource", "status": 403,
               "code": "Forbidden.RAM", "times": 1}  # fmt: skip
    with cli_on(tmp_path, capsys, faults={"faults": [refusal]}) as cli:
        ended = cli.ok("offers", "-o", "json")
    (warning,) = ended.json["warnings"]
    assert warning.startswith("cn-hangzhou: DescribeAvailableResource failed (Forbidden.RAM)")
    assert ended.json["offers"]


def test_names_are_the_types_each_once(cli: Cli) -> None:
    names = cli.ok("offers", "-o", "name").out.split()
    assert len(names) == len(set(names)) > 5


def test_a_region_that_is_named_twice_is_shown_once(cli: Cli) -> None:
    once = cli.ok("offers", "--region", "cn-hangzhou").out
    assert cli.ok("offers", "--region", "cn-hangzhou", "--region", "cn-hangzhou").out == once


@pytest.mark.parametrize(
    ("flags", "code", "word"),
    [
        (("--gpu-mem", "lots"), 2, "2..8"),
        (("--gpu-mem", "8..2"), 2, "8..2"),
        (("--instance-type", "ecs.vgn5i-m2.xlareg"), 2, "ecs.vgn5i-m2.xlarge"),
        (("--region", "cn-nowhere"), 2, "no region 'cn-nowhere'"),
        (("--region", "cn-hangzhou", "--region", "cn-nowhere"), 2, "no region 'cn-nowhere'"),
        (("--region", ""), 2, "--region is empty"),
        (("--region", "cn-beijing", "--region", ""), 2, "--region is empty"),
        (("--zone", "nope"), 2, "cn-hangzhou-k"),
        (("--zone", ""), 2, "--zone is empty"),
        (("--zone", "cn-shanghai-zz"), 2, "cn-shanghai-b"),
        (("--zone", "cn-hangzhou-k", "--region", "cn-shanghai"), 2, "cn-shanghai-"),
    ],
)
def test_bad_input_is_said_clearly(cli: Cli, flags: tuple[str, ...], code: int, word: str) -> None:
    ended = cli("offers", *flags)
    assert ended.code == code
    assert word in ended.err


def test_a_region_that_is_left_out_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path, capsys, scenario={"regions": ["cn-hangzhou"]}) as cli:
        line = ("offers", "--region", "cn-beijing", "--region", "cn-hangzhou", "-o", "json")
        ended = cli.ok(*line)
    (warning,) = ended.json["warnings"]
    assert warning.startswith("cn-beijing: ")
    assert {row["region"] for row in ended.json["offers"]} == {"cn-hangzhou"}


def test_nothing_is_changed(cli: Cli) -> None:
    cli.ok("offers")
    assert cli.emulator.requests.writes() == []
