"""A cloud that takes a request and does not answer: --timeout ends the command all the same."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli


@pytest.fixture
def silent(cli: Cli) -> Iterator[AlteringProxy]:
    """A proxy before the cloud that answers no DescribeVpcs before the test ends."""
    ended = threading.Event()

    def hold(exchange: Exchange) -> bytes:
        if exchange.action == "DescribeVpcs":
            ended.wait(60)
            raise http.client.HTTPException
        return exchange.content

    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        proxy.alter = hold
        yield proxy
        ended.set()


@pytest.mark.parametrize("command", [("create", "demo"), ("delete", "demo", "-y")])
@pytest.mark.usefixtures("silent")
def test_timeout_holds_while_the_cloud_does_not_answer(cli: Cli, command: tuple[str, ...]) -> None:
    ended = cli(*command, "--timeout", "30m", "-o", "json")
    assert ended.code == 7, ended.err
    assert "The time is up" in ended.json["error"]["message"]
    assert cli.account() == {}
