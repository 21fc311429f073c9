"""A cloud that takes a request and does not answer: --timeout ends the command all the same."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator

import pytest
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli

from ackgpu.engine.workers import WORKER


@pytest.fixture
def released(cli: Cli) -> Iterator[threading.Event]:
    """The cloud is reached through a proxy that answers no DescribeVpcs before the event is set.

    It drops the connection then.
    """
    let_go = threading.Event()

    def hold(exchange: Exchange) -> bytes:
        if exchange.action == "DescribeVpcs":
            let_go.wait(60)
            raise http.client.HTTPException
        return exchange.content

    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        proxy.alter = hold
        yield let_go
        let_go.set()


@pytest.mark.parametrize("command", [("create", "demo"), ("delete", "demo", "-y")])
@pytest.mark.usefixtures("released")
def test_timeout_holds_while_the_cloud_does_not_answer(cli: Cli, command: tuple[str, ...]) -> None:
    ended = cli(*command, "--timeout", "10m", "-o", "json")
    assert ended.code == 7, ended.err
    assert "Timed out" in ended.json["error"]["message"]
    assert cli.account() == {}


def test_a_command_that_has_ended_asks_nothing_more(cli: Cli, released: threading.Event) -> None:
    """A call that it left alone fails later: that is no reason to make it again."""
    before = set(threading.enumerate())
    assert cli("create", "demo", "--timeout", "10m").code == 7
    released.set()
    workers = [t for t in threading.enumerate() if t.name == WORKER and t not in before]
    assert workers
    for worker in workers:
        worker.join(5)
    assert not [worker for worker in workers if worker.is_alive()]
