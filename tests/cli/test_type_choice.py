"""The instance type of a pool that names none: an ordered choice, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on

from tests.cli.machines import bodies

DOCUMENTED, CHEAPEST = "ecs.vgn5i-m2.xlarge", "ecs.sgn7i-vws-m2s.xlarge"
ZONES = ("cn-hangzhou-k", "cn-hangzhou-j")
SMALL = ("create", "demo", "--nodes", "1", "--no-verify", "-o", "json")


@contextmanager
def sold_out(tmp_path: Path, capsys: pytest.CaptureFixture[str], *types: str) -> Iterator[Cli]:
    """A shell where those types are sold out."""
    stock = {zone: dict.fromkeys(types, "WithoutStock") for zone in ZONES}
    with cli_on(tmp_path / "user", capsys, scenario={"stock": stock}) as cli:
        yield cli


def types_of(cli: Cli) -> list[Any]:
    return [body["scaling_group"]["instance_types"] for body in bodies(cli, "nodepool")]


@pytest.mark.long
def test_the_documented_type_is_taken_while_a_zone_has_it(cli: Cli) -> None:
    choice = f"{DOCUMENTED}: ACK's documented type, in stock in cn-hangzhou-k"
    assert cli.ok("plan", "demo", "-o", "json").json["typeChoice"] == choice
    assert choice in " ".join(cli.ok("plan", "demo").out.split())
    made = cli.ok(*SMALL).json
    assert made["typeChoice"] == choice
    assert types_of(cli) == [[DOCUMENTED]]


@pytest.mark.long
def test_the_cheapest_with_a_licence_stands_in_where_it_is_sold_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sold_out(tmp_path, capsys, DOCUMENTED) as cli:
        planned = cli.ok("plan", "demo", "-o", "json").json
        made = cli.ok(*SMALL).json
        assert made["typeChoice"] == planned["typeChoice"]
        assert made["typeChoice"].startswith(
            f"{CHEAPEST}: {DOCUMENTED} is sold out; the cheapest at 1.83 an hour"
        )
        assert types_of(cli) == [[CHEAPEST]]
        assert not [line for line in made["warnings"] if "licence" in line]
        again = cli.ok(*SMALL).json
        assert again["changed"] is False
        assert again["typeChoice"] == f"{CHEAPEST}: the node pool has it"


@pytest.mark.long
def test_a_retired_family_is_not_chosen_for_a_subscription(cli: Cli) -> None:
    paid = ("--charge-type", "PrePaid", "--period", "1")
    planned = cli.ok("plan", "demo", *paid, "-o", "json").json
    assert planned["typeChoice"].startswith(
        f"{CHEAPEST}: {DOCUMENTED} is of a retired family, which is no thing to subscribe to;"
        " the cheapest at 1.83 an hour"
    )
    named = cli.ok("plan", "demo", *paid, "--instance-type", DOCUMENTED, "-o", "json").json
    assert [w for w in named["warnings"] if "vgn5i is retired" in w and "may sell none" in w]
    assert not [w for w in planned["warnings"] if "retired" in w]


@pytest.mark.long
def test_what_the_pool_has_stays_when_the_documented_type_comes_back(cli: Cli) -> None:
    cli.ok(*SMALL, "--instance-type", CHEAPEST)
    again = cli.ok(*SMALL).json
    assert (again["changed"], types_of(cli)) == (False, [[CHEAPEST]])


def test_a_type_that_is_named_is_no_choice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sold_out(tmp_path, capsys, DOCUMENTED) as cli:
        assert cli(*SMALL, "--instance-type", DOCUMENTED).code == 8
        named = cli.ok("plan", "demo", "--instance-type", CHEAPEST, "-o", "json").json
        assert named["typeChoice"] == ""


def test_a_zone_that_is_named_bounds_the_choice(cli: Cli) -> None:
    planned = cli.ok("plan", "demo", "--zone", "cn-hangzhou-i", "-o", "json").json
    assert not planned["typeChoice"].startswith(f"{DOCUMENTED}: ACK's documented type, in stock")


def test_terway_takes_no_type_with_too_few_addresses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sold_out(tmp_path, capsys, DOCUMENTED) as cli:
        planned = cli.ok("plan", "demo", "--network", "terway", "-o", "json").json
        assert planned["typeChoice"]
        assert not planned["typeChoice"].startswith(CHEAPEST)


def test_preflight_looks_at_the_type_that_create_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sold_out(tmp_path, capsys, DOCUMENTED) as cli:
        found = cli.ok("preflight", "demo", "--only", "stock").out
        assert CHEAPEST in found


@pytest.mark.long
def test_offers_shows_first_what_create_would_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sold_out(tmp_path, capsys, DOCUMENTED) as cli:
        rows = cli.ok("offers", "-o", "json").json["offers"]
        assert (rows[0]["instanceType"], rows[0]["taken"]) == (CHEAPEST, True)
        refused = [row["refused"] for row in rows]
        assert refused == sorted(refused)
        assert refused[-1]
        assert {row["instanceType"] for row in rows if row["retired"]} >= {DOCUMENTED}
        shown = cli.ok("offers").out
        assert "CNY/hour" in shown
        assert "retired" in shown
        assert f"▸  {CHEAPEST}" in shown
