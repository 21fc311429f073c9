"""Nulls among what the cloud lists: they name nothing, and nothing ends on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli

IDS = {"RegionId", "ZoneId"}
PLACES = ("DescribeRegions", "DescribeZones", "DescribeAvailableResource")
POOLS = "DescribeClusterNodePools"


def with_nulls(value: Any) -> Any:
    """A null more in every list of texts, and a row of nulls where places are listed."""
    if isinstance(value, dict):
        return {key: with_nulls(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    rows = [with_nulls(inner) for inner in value]
    if not rows:
        return rows
    if all(isinstance(row, str) for row in rows):
        return [None, *rows]
    if IDS & set(rows[0]):
        return [dict.fromkeys(rows[0]), *rows]
    return rows


def altered(exchange: Exchange) -> bytes:
    if exchange.action not in (*PLACES, POOLS):
        return exchange.content
    return json.dumps(with_nulls(json.loads(exchange.content))).encode()


@pytest.fixture
def proxied(cli: Cli) -> Iterator[AlteringProxy]:
    """A proxy before the cloud of the ``cli`` fixture that puts nulls into its lists."""
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = altered
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        yield proxy


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize(
    "command",
    [("offers",), ("create", "demo", "-y", "--region", "cn-nowhere")],
    ids=["offers", "refused"],
)
def test_a_look_passes_over_nulls(cli: Cli, command: tuple[str, ...]) -> None:
    direct = {"ACKGPU_ENDPOINT_URL": cli.emulator.endpoint}
    plain, shown = cli(*command, env=direct), cli(*command)
    assert (shown.code, shown.out, shown.err) == (plain.code, plain.out, plain.err)


@pytest.mark.long
@pytest.mark.usefixtures("proxied")
def test_a_node_pool_of_a_type_and_a_null_has_the_type(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    (pool,) = cli.ok("nodepool", "list", "demo", "-o", "json").json["nodePools"]
    assert pool["instanceTypes"] == ["ecs.vgn5i-m2.xlarge"]
    cli.ok("nodepool", "list", "demo")
