"""Numbers that the cloud, or what lies between, sends as text: they are numbers all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli


def as_text(value: Any) -> Any:
    """Every number of a JSON value as text."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return value if isinstance(value, bool) or not isinstance(value, int | float) else str(value)


def altered(exchange: Exchange) -> bytes:
    if not exchange.content.startswith(b"{"):
        return exchange.content
    return json.dumps(as_text(json.loads(exchange.content))).encode()


@pytest.fixture
def proxied(cli: Cli) -> Iterator[AlteringProxy]:
    """A proxy before the cloud of the ``cli`` fixture that makes text of every number."""
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = altered
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        yield proxy


LOOKS = [
    ("offers", "--spot"),
    ("check-quota", "--nodes", "2"),
    ("preflight",),
    ("plan", "demo"),
    ("create", "demo", "--dry-run", "--charge-type", "PrePaid", "--period", "1"),
]


@pytest.mark.long
@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("command", LOOKS, ids=[" ".join(words[:1]) for words in LOOKS])
def test_a_look_reads_numbers_that_are_sent_as_text(cli: Cli, command: tuple[str, ...]) -> None:
    shown = cli.ok(*command, "-o", "json").json
    direct = {"ACKGPU_ENDPOINT_URL": cli.emulator.endpoint}
    plain = cli(*command, "-o", "json", env=direct).json
    for document in (shown, plain):
        document.pop("durations")
    assert shown == plain


@pytest.mark.long
@pytest.mark.usefixtures("proxied")
def test_a_cluster_lives_and_dies_on_numbers_that_are_sent_as_text(cli: Cli) -> None:
    cli.ok("create", "demo", "--max-hourly-price", "100")
    for words in (("describe", "demo"), ("list",), ("nodepool", "list", "demo")):
        cli.ok(*words, "-o", "json")
    cli.ok("delete", "demo", "--yes")
    assert cli.account() == {}
