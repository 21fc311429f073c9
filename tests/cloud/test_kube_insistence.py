"""How long an API server is insisted on that refuses, resets, throttles or is slow."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ackgpu import errors
from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.api import KubePod
from ackgpu.cloud.kube.client import connect
from tests.cloud.scripted_servers import RESET, Answer, Authority, http
from tests.cloud.test_kube_client import client, kubeconfig, page, status, trusting

BUSY = status(503, "ServiceUnavailable", "the server is shutting down")


def throttled(seconds: str = "") -> bytes:
    body = json.dumps({"kind": "Status", "message": "too many requests", "code": 429})
    return http("429 Too Many Requests", body, *([f"Retry-After: {seconds}"] if seconds else []))


@pytest.mark.parametrize("answer", [RESET, BUSY], ids=["reset", "503"])
def test_a_server_that_is_down_is_insisted_on_for_seventy_seconds(
    answering: Answer, clock: ManualClock, answer: bytes
) -> None:
    server = answering(answer)
    with pytest.raises(errors.Unavailable):
        connect(kubeconfig(server.url), clock=clock).nodes()
    assert 60 < clock.now() <= 70


def test_a_port_that_is_closed_is_insisted_on_for_seventy_seconds(clock: ManualClock) -> None:
    with pytest.raises(errors.Unavailable, match="Connection refused"):
        connect(kubeconfig("http://127.0.0.1:1"), clock=clock).nodes()
    assert 60 < clock.now() <= 70


def test_a_restart_in_the_middle_of_a_list_costs_a_page_and_not_the_list(
    answering: Answer, clock: ManualClock
) -> None:
    outage = [RESET] * 10
    server = answering(page("a", token="x"), *outage, page("b", token="y"), *outage, page("c"))
    found = connect(kubeconfig(server.url), clock=clock).nodes()
    assert [row.name for row in found] == ["a", "b", "c"]
    begun = [request for request in server.requests if "continue=" not in request]
    assert len(begun) == 1
    assert clock.now() > 70  # each page has its own patience


@pytest.mark.parametrize(("asked", "passed"), [("7", 7), ("60", 60), ("", 0.5)])
def test_throttling_is_waited_out_as_long_as_the_server_asks(
    answering: Answer, clock: ManualClock, asked: str, passed: float
) -> None:
    server = answering(throttled(asked), page("a"))
    assert len(connect(kubeconfig(server.url), clock=clock).nodes()) == 1
    assert clock.now() == pytest.approx(passed)


def test_throttling_for_ever_is_named_after_ten_tries(
    answering: Answer, clock: ManualClock
) -> None:
    server = answering(throttled("1"))
    with pytest.raises(errors.Throttled, match="is throttled: too many requests") as caught:
        connect(kubeconfig(server.url), clock=clock).nodes()
    assert len(server.requests) == 10
    assert "reaches" not in str(caught.value.resolution)


def test_a_server_that_asks_for_an_hour_is_not_waited_for(
    answering: Answer, clock: ManualClock
) -> None:
    server = answering(throttled("3600"))
    with pytest.raises(errors.Throttled) as caught:
        connect(kubeconfig(server.url), clock=clock).nodes()
    assert caught.value.retry_after == 3600
    assert clock.now() == 0


def test_a_name_that_does_not_resolve_is_told_within_seconds(clock: ManualClock) -> None:
    with pytest.raises(errors.Transient, match="cannot be reached"):
        connect(kubeconfig("http://no-such-host.invalid"), clock=clock).nodes()
    assert clock.now() <= 5


def test_after_a_stop_a_server_that_is_down_is_not_waited_for(
    answering: Answer, clock: ManualClock
) -> None:
    cancel = CancelToken()
    cancel.request()
    server = answering(RESET)
    with pytest.raises(errors.Unavailable):
        connect(kubeconfig(server.url), clock=clock, cancel=cancel).nodes()
    assert clock.now() <= 5


class Shouting(BaseHTTPRequestHandler):
    """It switches to a WebSocket and sends a message as large as none is."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accepted = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accepted)
        self.send_header("Sec-WebSocket-Protocol", "v5.channel.k8s.io")
        self.end_headers()
        self.wfile.write(b"\x82\x7f" + (5 * 1024 * 1024).to_bytes(8, "big"))
        with suppress(OSError):  # the client has had enough
            self.wfile.write(b"\x01" * (5 * 1024 * 1024))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_message_too_large_to_be_one_is_told_and_not_asked_for_again(clock: ManualClock) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shouting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        api = connect(kubeconfig(f"http://127.0.0.1:{server.server_port}"), clock=clock)
        pod = KubePod("p", "default", "n", "Running", ready=True, labels={})
        with pytest.raises(errors.CloudError, match="a message of more than 4 MiB") as caught:
            api.execute(pod, ["nvidia-smi"])
    finally:
        server.shutdown()
        server.server_close()
    assert caught.value.exits_with == 11
    assert clock.now() == 0


class Slow(BaseHTTPRequestHandler):
    """A line that brings a page of a hundred and more rows too late."""

    server: SlowServer

    def do_GET(self) -> None:
        limit = int(parse_qs(urlsplit(self.path).query)["limit"][0])
        self.server.limits.append(limit)
        body = page("a").partition(b"\r\n\r\n")[2]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:10])
        self.wfile.flush()
        if limit >= self.server.too_many:
            self.server.over.wait(30)
        self.wfile.write(body[10:])

    def log_message(self, *_: object) -> None:
        """Nothing."""


class SlowServer(ThreadingHTTPServer):
    """``over`` ends what it holds back."""

    daemon_threads = True
    too_many = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Slow)
        self.limits: list[int] = []
        self.over = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up."""


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    with SlowServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def test_a_page_that_a_slow_line_does_not_bring_is_asked_for_in_smaller_ones(
    slow: SlowServer, clock: ManualClock
) -> None:
    url = f"http://127.0.0.1:{slow.server_address[1]}"
    found = connect(kubeconfig(url), clock=clock, call_seconds=0.5).nodes()
    assert [row.name for row in found] == ["a"]
    assert slow.limits == [250, 62]


def test_a_line_that_brings_nothing_in_time_is_called_slow(
    slow: SlowServer, clock: ManualClock
) -> None:
    slow.too_many = 0
    url = f"http://127.0.0.1:{slow.server_address[1]}"
    with pytest.raises(errors.CloudError, match=r"is slow: it was not complete after 0\.5 s"):
        connect(kubeconfig(url), clock=clock, call_seconds=0.5).nodes()
    assert slow.limits == [250, 62, 20]


def test_a_client_certificate_that_has_expired_is_told_with_its_date(
    answering: Answer, authority: Authority
) -> None:
    certificate, key = authority.issue("admin", age_days=700)
    ended = dt.datetime.now(dt.UTC) - dt.timedelta(days=699)
    words = f"certificate,? (which )?expired on {ended:%Y-%m-%d}"
    user = {"client-certificate": certificate, "client-key": key}
    answers = status(401, "Unauthorized", "Unauthorized")
    server = answering(answers, tls=authority.server())
    with pytest.raises(errors.Unauthenticated, match=words):
        client(server.url, user, **trusting(authority)).nodes()
    strict = answering(page("a"), tls=authority.server(client_auth=True))
    with pytest.raises(errors.CloudError, match=words):
        client(strict.url, user, **trusting(authority)).nodes()


def test_a_server_that_speaks_tls_and_is_spoken_to_without_is_told(answering: Answer) -> None:
    said = "Client sent an HTTP request to an HTTPS server.\n"
    server = answering(http("400 Bad Request", said, content_type="text/plain"))
    with pytest.raises(errors.CloudError, match="speaks TLS") as caught:
        client(server.url).nodes()
    assert "https://" in str(caught.value.resolution)


def test_without_a_context_those_that_there_are_are_named() -> None:
    text = kubeconfig("http://one")
    for context, words in (("other", "no context 'other'"), (None, "no current context")):
        text = text if context else text.replace("current-context: c\n", "")
        with pytest.raises(errors.LocalError, match=words) as caught:
            connect(text, context=context)
        assert "--context: c" in str(caught.value.resolution)


def test_a_token_is_in_no_message(answering: Answer, authority: Authority) -> None:
    server = answering(status(403, "Forbidden", "no"), tls=authority.server())
    user = {"token": "the-secret-token"}
    with pytest.raises(errors.AccessDenied) as caught:
        client(server.url, user, **trusting(authority)).nodes()
    assert "the-secret" not in str(caught.value)
    proxied = {"proxy-url": f"http://me:{base64.b64encode(b'pw').decode()}@127.0.0.1:1"}
    with pytest.raises(errors.Unavailable) as failed:
        client(server.url, user, **trusting(authority), **proxied).nodes()
    assert "http://127.0.0.1:1" in failed.value.message
    assert "cHc=" not in failed.value.message


def test_a_webhook_that_is_down_is_told_at_once(answering: Answer, clock: ManualClock) -> None:
    said = 'Internal error occurred: failed calling webhook "h.example.com": connection refused'
    server = answering(status(500, "InternalError", said))
    with pytest.raises(errors.CloudError, match=r"webhook \"h\.example\.com\"") as caught:
        connect(kubeconfig(server.url), clock=clock).nodes()
    assert not isinstance(caught.value, errors.Transient)
    assert len(server.requests) == 1
