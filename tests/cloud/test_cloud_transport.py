from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from darabonba.core import DaraCore
from darabonba.exceptions import RetryError
from darabonba.request import DaraRequest

from ackgpu.cloud.aliyun import transport
from tests.cloud.scripted_servers import Answer, Authority, http

OK = http("200 OK", '{"RequestId":"r"}')


@pytest.fixture(autouse=True)
def fresh_transport() -> Iterator[None]:
    transport.install()
    transport.close_sessions()
    transport._context.cache_clear()
    yield
    transport.close_sessions()
    transport._context.cache_clear()


def ask(url: str, **options: Any) -> int:
    scheme, _, host = url.partition("://")
    request = DaraRequest()
    request.protocol = scheme.upper()
    request.method = "GET"
    request.pathname = "/"
    request.headers = {"host": host, "Authorization": "ACS3 secret-signature"}
    return int(DaraCore.do_action(request, options).status_code)


def refused(url: str, **options: Any) -> str:
    with pytest.raises(RetryError) as caught:
        ask(url, **options)
    return str(caught.value)


def test_an_unknown_authority_is_refused(answering: Answer, authority: Authority) -> None:
    server = answering(OK, tls=authority.server())
    assert "CERTIFICATE_VERIFY_FAILED" in refused(server.url)
    assert server.requests == []


def test_an_authority_of_one_client_never_serves_another_host(
    answering: Answer, authority: Authority
) -> None:
    first = answering(OK, tls=authority.server())
    second = answering(OK, tls=authority.server())
    assert ask(first.url, ca=authority.file) == 200
    assert "CERTIFICATE_VERIFY_FAILED" in refused(second.url)


def test_an_authority_of_one_client_never_serves_another_client_of_the_host(
    answering: Answer, authority: Authority
) -> None:
    server = answering(OK, tls=authority.server())
    assert ask(server.url, ca=authority.file) == 200
    assert "CERTIFICATE_VERIFY_FAILED" in refused(server.url)
    assert ask(server.url, ca=authority.file) == 200


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_client_that_ignores_certificates_does_not_make_others_ignore_them(
    answering: Answer, authority: Authority
) -> None:
    server = answering(OK, tls=authority.server())
    assert ask(server.url, ignoreSSL=True) == 200
    assert "CERTIFICATE_VERIFY_FAILED" in refused(server.url)


def test_a_client_certificate_is_not_shown_for_other_clients(
    answering: Answer, authority: Authority
) -> None:
    server = answering(OK, tls=authority.server(client_auth=True))
    other = answering(OK, tls=authority.server(client_auth=True))
    certificate = authority.issue("someone")
    assert ask(server.url, ca=authority.file, cert=certificate) == 200
    assert refused(other.url, ca=authority.file)
    assert other.requests == []


def test_a_certificate_for_another_host_is_refused(
    answering: Answer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    server = answering(OK, tls=authority.server(host="elsewhere.example"))
    assert "IP address mismatch" in refused(server.url)


def test_default_authorities_serve_every_host_through_one_context(
    answering: Answer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    made = 0
    stock = ssl.create_default_context

    def counted(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        nonlocal made
        made += 1
        return stock(*args, **kwargs)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    for server in [answering(OK, tls=authority.server()) for _ in range(3)]:
        assert ask(server.url) == 200
    assert made == 1


def test_threads_that_meet_a_new_host_share_one_session(answering: Answer) -> None:
    server = answering(OK)
    before = len(DaraCore._sessions)
    barrier = threading.Barrier(8)
    seen: list[int] = []

    def one() -> None:
        barrier.wait(5)
        seen.append(ask(server.url))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [200] * 8
    assert len(DaraCore._sessions) == before + 1


def test_loopback_is_never_reached_through_a_proxy(
    answering: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = answering(http("502 Bad Gateway", "{}")), answering(OK)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert ask(server.url) == 200
    assert proxy.requests == []


def test_a_host_of_no_proxy_is_reached_directly(
    answering: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = answering(OK)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert ask("http://ecs.example.invalid") == 200
    monkeypatch.setenv("NO_PROXY", ".example.invalid")
    assert "resolve" in refused("http://ecs.example.invalid").lower()
    assert len(proxy.requests) == 1


def test_a_redirect_is_not_followed(answering: Answer) -> None:
    thief = answering(OK)
    server = answering(http("302 Found", "{}", f"Location: {thief.url}/"))
    assert f"HTTP 302 with a redirect to {thief.url[7:]}" in refused(server.url)
    assert thief.requests == []


def test_debug_sdk_prints_no_signature(
    answering: Answer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    with caplog.at_level(logging.DEBUG):
        assert ask(answering(OK).url) == 200
    shown = capfd.readouterr()
    assert "secret-signature" not in shown.out + shown.err + caplog.text


def test_a_page_keeps_its_status(answering: Answer) -> None:
    page = http("502 Bad Gateway", "<html>nginx</html>", content_type="text/html")
    server = answering(page)
    with pytest.raises(RetryError) as caught:
        ask(server.url)
    assert "HTTP 502 with text/html" in str(caught.value)
