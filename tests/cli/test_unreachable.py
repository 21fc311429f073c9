"""A cloud that cannot be reached: exit 14, soon before its first answer, insisted on after it."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.altering import AlteringProxy, Exchange, altering_proxy_to
from support.cli import Cli

from ackgpu.clock import SystemClock
from tests.cloud.scripted_servers import Answering, http

HTML = http("502 Bad Gateway", "<html>nginx</html>", content_type="text/html")
SOON = 30.0
"""Real seconds on a busy machine; that it is five without one is held where the clock is moved by
hand (tests/cloud/test_cloud_retry.py). A run that insisted would take 120."""


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def real_seconds_of(cli: Cli, *arguments: str) -> tuple[int, dict[str, Any], float]:
    clock = SystemClock()
    began = clock.now()
    ended = cli(*arguments, "-o", "json")
    return ended.code, ended.json, clock.now() - began


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [("create", "demo"), ("list",), ("preflight",), ("delete", "demo", "-y")],
    ids=lambda command: command[0],
)
def test_an_endpoint_that_refuses_ends_with_14_within_five_seconds(
    cli: Cli, command: tuple[str, ...]
) -> None:
    cli.env["ACKGPU_ENDPOINT_URL"] = f"http://127.0.0.1:{dead_port()}"
    code, document, seconds = real_seconds_of(cli, *command)
    assert code == document["exitCode"] == 14
    assert document["error"]["code"] == "Unreachable"
    assert "Connection refused" in document["error"]["message"]
    assert "ackgpu doctor" in document["error"]["resolution"]
    assert seconds < SOON


@pytest.mark.long
def test_a_page_of_a_gateway_ends_with_14(cli: Cli) -> None:
    server = Answering([HTML])
    server.start()
    cli.env["ACKGPU_ENDPOINT_URL"] = server.url
    code, document, seconds = real_seconds_of(cli, "create", "demo")
    server.stop()
    assert code == 14
    assert document["error"]["code"] == "NoAnswer"
    assert "HTTP 502 and text/html" in document["error"]["message"]
    assert seconds < SOON


@pytest.fixture
def away(cli: Cli) -> Cli:
    """A shell whose endpoint is none on loopback; nothing is ever sent there."""
    cli.env |= {"ACKGPU_ENDPOINT_URL": "http://ack.example", "ACKGPU_ACCESS_KEY_ID": "LTAI5tNobody"}
    cli.env["ACKGPU_ACCESS_KEY_SECRET"] = "n" * 30
    del cli.env["ACKGPU_CLOCK_SPEED"]
    return cli


@pytest.mark.long
def test_a_name_that_nobody_knows_ends_with_14(away: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}: Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    code, document, seconds = real_seconds_of(away, "create", "demo")
    assert code == 14
    assert "ack.example: Name or service not known" in document["error"]["message"]
    assert seconds < SOON


@pytest.mark.long
def test_a_resolver_that_hangs_ends_with_14(away: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hangs(*_: object, **__: object) -> list[Any]:
        released.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    code, document, seconds = real_seconds_of(away, "list")
    released.set()
    assert code == 14
    assert "not resolved within 4 s" in document["error"]["message"]
    assert seconds < SOON


@pytest.mark.long
def test_a_proxy_that_refuses_ends_with_14(away: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{dead_port()}")
    code, document, _ = real_seconds_of(away, "list")
    assert code == 14
    assert document["error"]["code"] == "Unreachable"
    assert "proxy" in document["error"]["message"].lower()


@dataclass
class Line:
    """The line to the cloud, which dies when an action is asked for; ``cut`` says whether."""

    proxy: AlteringProxy
    dies_at: str = ""
    cut: bool = False

    def relay(self, exchange: Exchange) -> bytes:
        self.cut = self.cut or exchange.action == self.dies_at
        if self.cut:
            raise http.client.HTTPException
        return exchange.content

    def mend(self) -> None:
        self.cut, self.dies_at = False, ""


@pytest.fixture
def line(cli: Cli) -> Iterator[Line]:
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        cli.env["ACKGPU_ENDPOINT_URL"] = proxy.url
        line = Line(proxy)
        proxy.alter = line.relay
        yield line


@pytest.mark.long
def test_a_create_whose_line_dies_says_what_to_do_and_goes_on_later(cli: Cli, line: Line) -> None:
    line.dies_at = "CreateNatGateway"
    spoilt = cli("create", "demo", "--no-verify", "--insist", "2s", "-o", "json")
    assert spoilt.code == 14, spoilt.err
    error = spoilt.json["error"]
    assert error["code"] == "NoAnswer"
    assert "goes on from here" in error["resolution"]
    assert "ackgpu delete demo" in error["resolution"]
    assert "Trying again for 2 s" in spoilt.err
    line.mend()
    cli.ok("create", "demo", "--no-verify")


@pytest.mark.long
def test_a_delete_whose_line_dies_names_what_is_left(cli: Cli, line: Line) -> None:
    cli.ok("create", "demo", "--no-verify")
    line.dies_at = "DeleteNatGateway"
    spoilt = cli("delete", "demo", "-y", "--insist", "2s", "-o", "json")
    assert spoilt.code == 14, spoilt.err
    assert any(line.startswith("left: ") for line in spoilt.json["error"]["details"])
    assert "takes up what is left" in spoilt.json["error"]["resolution"]
    line.mend()
    cli.ok("delete", "demo", "-y")
    assert not cli.account()


@pytest.mark.long
def test_a_line_that_comes_back_is_waited_for(cli: Cli, line: Line) -> None:
    lost = 0

    def flaky(exchange: Exchange) -> bytes:
        nonlocal lost
        if exchange.action == "DescribeVSwitches" and lost < 6:  # more than a refusal is repeated
            lost += 1
            raise http.client.HTTPException
        return exchange.content

    line.proxy.alter = flaky
    cli.ok("create", "demo", "--no-verify")
    assert lost == 6


def test_insist_takes_a_duration(cli: Cli) -> None:
    ended = cli("create", "demo", "--insist", "soon")
    assert ended.code == 2
    assert "--insist soon" in ended.err
