"""The port as clients meet it: HTTP, HTTPS, proxy requests, CONNECT, hang-ups, hostile bytes."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.certificates import authority_pem, client_certificate
from ackgpu.emulator.wire import WireRequest
from tests.support.signing import acs3, rpc_v1

VPC = "2016-04-28"
QUERY = "/?Action=Nonsense&Version=1&Format=JSON"


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    """One server for the tests of this module that leave it as it was."""
    with Emulator(clock=ManualClock(), seed=7) as emulator:
        yield emulator


def address(emulator: Emulator) -> tuple[str, int]:
    parts = urlsplit(emulator.endpoint)
    return parts.hostname or "", parts.port or 0


def trusting(emulator: Emulator) -> ssl.SSLContext:
    with emulator.backend.transaction(write=True) as session:
        return ssl.create_default_context(cadata=authority_pem(session))


def raw(emulator: Emulator, data: bytes, *, finish: bool = False) -> bytes:
    """What the server sends back to these bytes until it hangs up or says no more."""
    with socket.create_connection(address(emulator), timeout=10) as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def send(emulator: Emulator, request: WireRequest) -> tuple[int, Any, dict[str, str]]:
    """The answer to a signed request over plain HTTP."""
    connection = http.client.HTTPConnection(*address(emulator), timeout=10)
    try:
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())
    finally:
        connection.close()


def code(connection: http.client.HTTPConnection, target: str = QUERY) -> str:
    try:
        connection.request("GET", target)
        answer = json.loads(connection.getresponse().read())
        return str(answer["Code"])
    finally:
        connection.close()


def test_signed_requests_of_both_generations_are_carried_out(served: Emulator) -> None:
    for request in (acs3("DescribeVpcs", VPC), rpc_v1("DescribeVpcs", VPC)):
        status, answer, headers = send(served, request)
        assert status == 200
        assert "Vpcs" in answer
        assert headers["x-acs-request-id"] == answer["RequestId"]


def test_the_same_port_speaks_plain_http_and_https(served: Emulator) -> None:
    plain = http.client.HTTPConnection(*address(served), timeout=10)
    tls = http.client.HTTPSConnection(*address(served), timeout=10, context=trusting(served))
    assert code(plain) == code(tls) == "InvalidAction.NotFound"


def test_a_proxy_request_reaches_the_emulator_whatever_host_it_names(served: Emulator) -> None:
    connection = http.client.HTTPConnection(*address(served), timeout=10)
    connection.request("GET", f"http://ecs.cn-shanghai.aliyuncs.com{QUERY}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["HostId"] == "ecs.cn-shanghai.aliyuncs.com"


@pytest.mark.parametrize("host", ["vpc.aliyuncs.com", "cs.ap-southeast-1.aliyuncs.com"])
def test_a_tunnel_ends_in_the_emulator_under_a_certificate_for_its_host(
    served: Emulator, host: str
) -> None:
    connection = http.client.HTTPSConnection(*address(served), timeout=10, context=trusting(served))
    connection.set_tunnel(host, 443)
    assert code(connection) == "InvalidAction.NotFound"


def test_a_tunnel_may_carry_plain_http(served: Emulator) -> None:
    request = f"GET {QUERY} HTTP/1.1\r\nHost: vpc.aliyuncs.com\r\nConnection: close\r\n\r\n"
    received = raw(served, b"CONNECT vpc.aliyuncs.com:80 HTTP/1.1\r\n\r\n" + request.encode())
    assert received.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 404")


def test_a_client_that_does_not_know_the_authority_refuses_the_server(served: Emulator) -> None:
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(*address(served), timeout=10, context=context)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", QUERY)
    connection.close()


def test_a_body_over_the_bound_is_refused(served: Emulator) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n"
    received = raw(served, head + b"x" * (5 * 1024 * 1024), finish=True)
    assert received.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))


@pytest.mark.parametrize("effect", ["reset", "lost_reply"])
def test_a_hang_up_leaves_the_client_without_an_answer(emulator: Emulator, effect: str) -> None:
    emulator.set_faults({"faults": [{"effect": effect, "action": "CreateVpc"}]})
    request = acs3("CreateVpc", VPC, {"RegionId": "cn-hangzhou", "CidrBlock": "10.0.0.0/8"})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        send(emulator, request)
    emulator.set_faults(None)
    _, answer, _ = send(emulator, acs3("DescribeVpcs", VPC))
    assert answer["TotalCount"] == (1 if effect == "lost_reply" else 0)


def control(
    emulator: Emulator, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*address(emulator), timeout=10)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, f"/_emulator/{path}", text, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_status_tells_what_is_there(emulator: Emulator) -> None:
    send(emulator, acs3("CreateVpc", VPC, {"RegionId": "cn-hangzhou", "CidrBlock": "10.0.0.0/8"}))
    status, answer = control(emulator, "GET", "status")
    assert status == 200
    assert answer["documents"]["vpc"] == 1
    assert answer["kubeEndpoint"] == emulator.kube_endpoint
    assert (answer["requests"], answer["speed"]) == (1, 1.0)


def test_the_authority_is_told_to_clients_that_use_https(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection(*address(emulator), timeout=10)
    connection.request("GET", "/_emulator/ca.pem")
    assert connection.getresponse().read().decode() == emulator.authority
    connection.close()


def test_an_open_https_connection_does_not_outlive_the_server() -> None:
    with Emulator(clock=ManualClock(), seed=7) as emulator:
        context = ssl.create_default_context(cadata=emulator.authority)
        tls = http.client.HTTPSConnection(*address(emulator), timeout=10, context=context)
        tls.request("GET", QUERY)
        tls.getresponse().read()
    with pytest.raises((OSError, http.client.HTTPException)):
        code(tls)


def test_advance_moves_a_manual_clock(emulator: Emulator, clock: ManualClock) -> None:
    assert control(emulator, "POST", "advance", {"seconds": 90}) == (200, {})
    assert clock.now() == 90
    assert control(emulator, "GET", "status")[1]["seconds"] == 90
    assert control(emulator, "POST", "advance", {"seconds": "soon"})[0] == 400


def test_advance_is_refused_where_time_passes_by_itself() -> None:
    with Emulator() as emulator:
        assert control(emulator, "POST", "advance", {"seconds": 90})[0] == 400


def test_reset_empties_the_account_and_the_log(emulator: Emulator) -> None:
    send(emulator, acs3("CreateVpc", VPC, {"RegionId": "cn-hangzhou", "CidrBlock": "10.0.0.0/8"}))
    assert control(emulator, "POST", "reset") == (200, {})
    status = control(emulator, "GET", "status")[1]
    assert (status["documents"], status["requests"]) == ({}, 0)


def test_the_request_log_can_be_read_and_forgotten(emulator: Emulator) -> None:
    send(emulator, acs3("DescribeVpcs", VPC))
    rows = control(emulator, "GET", "requests")[1]["requests"]
    assert [(row["action"], row["writes"]) for row in rows] == [("DescribeVpcs", False)]
    control(emulator, "DELETE", "requests")
    assert control(emulator, "GET", "requests")[1] == {"requests": []}


def test_faults_can_be_set_from_outside(emulator: Emulator) -> None:
    fault = {"faults": [{"effect": "throttle", "status": 429}]}
    assert control(emulator, "PUT", "faults", fault) == (200, {})
    assert send(emulator, acs3("DescribeVpcs", VPC))[0] == 429
    assert control(emulator, "PUT", "faults", {"faults": [{"effect": "explode"}]})[0] == 400


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_sites_pages_cannot_use_the_control_api(
    served: Emulator, headers: dict[str, str]
) -> None:
    assert control(served, "POST", "reset", **headers)[0] == 403


def test_the_clusters_port_asks_for_and_checks_client_certificates(emulator: Emulator) -> None:
    with emulator.backend.transaction(write=True) as session:
        certificate, key = client_certificate(session, "123", ["system:users"], 1)
    parts = urlsplit(emulator.kube_endpoint)
    context = trusting(emulator)
    with Emulator(clock=ManualClock()) as other, other.backend.transaction(write=True) as session:
        foreign = client_certificate(session, "123", ["system:users"], 1)
    for pair, accepted in (((certificate, key), True), (foreign, False)):
        assert _handshakes(context, pair, parts.port or 0) is accepted


def test_the_clusters_port_says_nothing_to_a_client_without_tls(emulator: Emulator) -> None:
    parts = urlsplit(emulator.kube_endpoint)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=10)
    connection.request("GET", "/version")
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()


def _handshakes(context: ssl.SSLContext, pair: tuple[str, str], port: int) -> bool:
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write("".join(pair))
        file.flush()
        context.load_cert_chain(file.name)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    try:
        connection.request("GET", "/nowhere")
        connection.getresponse().read()
    except (ssl.SSLError, ConnectionError):
        return False
    finally:
        connection.close()
    return True


def test_a_client_certificate_outlives_any_test_and_names_whom_it_is_for(
    emulator: Emulator,
) -> None:
    from cryptography import x509

    with emulator.backend.transaction(write=True) as session:
        text, _ = client_certificate(session, "me", ["system:users", "ack:cluster:c1"], 0.5)
    certificate = x509.load_pem_x509_certificate(text.encode())
    names = {attribute.value for attribute in certificate.subject}
    assert names == {"me", "system:users", "ack:cluster:c1"}
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life == timedelta(days=1.5)


hostile = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@hostile
@given(data=st.binary(min_size=1, max_size=300))
def test_hostile_bytes_get_an_answer_or_a_closed_door(served: Emulator, data: bytes) -> None:
    received = raw(served, data, finish=True)
    assert b"Traceback" not in received


TOKEN = st.text("ABCabc-_xX123", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=40)


@hostile
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]),
    target=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    headers=st.dictionaries(
        st.one_of(
            TOKEN,
            st.sampled_from(
                ["Authorization", "Date", "x-acs-date", "x-acs-action", "Content-MD5", "Accept"]
            ),
        ),
        st.one_of(
            VALUE,
            st.sampled_from(
                ["acs a:b", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=c"]
            ),
        ),
        max_size=5,
    ),
    body=st.binary(max_size=100),
)
def test_hostile_requests_are_refused_in_json_or_xml(
    served: Emulator, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    lines = [f"{method} /{target} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "Connection: close", "", ""])
    received = raw(served, head.encode() + body)
    assert received.startswith(b"HTTP/1.")
    assert b"Traceback" not in received
    assert int(received.split()[1]) in range(400, 500)


@hostile
@given(
    parameters=st.dictionaries(
        st.one_of(
            st.sampled_from(["RegionId", "PageSize", "PageNumber", "VpcId", "Tag.1.Key"]), VALUE
        ),
        VALUE,
        max_size=6,
    ),
    action=st.sampled_from(["DescribeVpcs", "CreateVpc", "CreateVSwitch", "DeleteVpc"]),
)
def test_signed_nonsense_is_never_an_internal_error(
    served: Emulator, parameters: dict[str, str], action: str
) -> None:
    status, _, _ = send(served, acs3(action, VPC, parameters))
    assert status < 500
