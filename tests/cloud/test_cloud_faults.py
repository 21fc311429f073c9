"""What the adapters make of answers that no healthy cloud gives, through the real SDKs."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable

import pytest

from ackgpu import errors
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.cloud.api import NodePoolRequest
from tests.cloud.scripted_servers import RESET, Answer, http

Cloud = Callable[[str], AliyunCloud]

WHO = http(
    "200 OK",
    '{"AccountId":"1","Arn":"acs:ram::1:root","IdentityType":"Account","RequestId":"R"}',
)
HTML = http("502 Bad Gateway", "<html>nginx</html>", content_type="text/html")
PORTAL = http("200 OK", "<html>Log in</html>", content_type="text/html")
EMPTY = http("200 OK", "")
MOVED = http("302 Found", "", "Location: https://u:hidden@login.example:8443/sso?t=hidden")
MOVED_NEARBY = http("307 Temporary Redirect", "<html>", "Location: /login?t=hidden")
TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
NO_ID = http("200 OK", '{"RequestId":"R-9"}')
HIDDEN = http("200 OK", '{"Code":"InvalidParameter","Message":"Bad.","RequestId":"R-8"}')
THROTTLED = http(
    "400 Bad Request",
    '{"Code":"Throttling.User","Message":"Too many.","RequestId":"R-7"}',
    "x-acs-retry-after: 3000",
)
BUSY = http("503 Service Unavailable", '{"Code":"ServiceUnavailable","Message":"m"}')
POOL = NodePoolRequest(
    name="gpu",
    instance_types=("ecs.vgn5i-m2.xlarge",),
    desired=1,
    vswitch_ids=("vsw-1",),
    disk_category="cloud_ssd",
    disk_size_gib=120,
    charge_type="PostPaid",
    labels={},
    taints=(),
    tags={},
)


@pytest.mark.parametrize(
    "trouble",
    [HTML, PORTAL, EMPTY, TRUNCATED, RESET, THROTTLED, BUSY],
    ids=["html", "portal", "empty", "truncated", "reset", "throttled", "busy"],
)
def test_a_read_outlives_trouble_that_passes(
    answering: Answer, cloud_at: Cloud, trouble: bytes
) -> None:
    server = answering(trouble, trouble, WHO)
    assert cloud_at(server.url).identity.whoami().account_id == "1"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "trouble",
    [HTML, PORTAL, EMPTY, TRUNCATED, RESET, NO_ID],
    ids=["html", "portal", "empty", "truncated", "reset", "no id"],
)
def test_a_write_without_a_token_is_sent_once_when_its_reply_is_lost(
    answering: Answer, cloud_at: Cloud, trouble: bytes
) -> None:
    server = answering(trouble)
    with pytest.raises(errors.LostReply):
        cloud_at(server.url).containers.create_node_pool("c1", POOL)
    assert len(server.requests) == 1


def test_a_write_with_a_token_repeats_the_same_token(answering: Answer, cloud_at: Cloud) -> None:
    made = http("200 OK", '{"VpcId":"vpc-1","RequestId":"R"}')
    server = answering(RESET, made)
    network = cloud_at(server.url).network
    assert network.create_vpc(name="n", cidr="10.0.0.0/8", tags={}, token="tok") == "vpc-1"
    assert [request.count("ClientToken=tok") for request in server.requests] == [1, 1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTML, "HTTP 502 and text/html instead of JSON"),
        (PORTAL, "HTTP 200 and text/html instead of JSON"),
        (EMPTY, "empty or not JSON"),
        (MOVED, "HTTP 302, a redirect to login.example:8443: a proxy"),
        (MOVED_NEARBY, "HTTP 307, a redirect to /login: a proxy"),
        (RESET, "got no answer that can be used: Connection reset by peer"),
    ],
    ids=["html", "portal", "empty", "redirect", "redirect to a path", "reset"],
)
def test_lasting_trouble_is_named(
    answering: Answer, cloud_at: Cloud, answer: bytes, words: str
) -> None:
    with pytest.raises(errors.Transient) as caught:
        cloud_at(answering(answer).url).identity.whoami()
    assert words in caught.value.message
    assert caught.value.resolution
    assert "\n" not in caught.value.message
    assert "hidden" not in caught.value.message


def test_the_wait_that_the_cloud_asks_for_is_in_milliseconds(
    answering: Answer, cloud_at: Cloud, clock: ManualClock
) -> None:
    server = answering(THROTTLED, WHO)
    cloud_at(server.url).identity.whoami()
    assert 3.0 <= clock.now() <= 3.6


def test_an_endpoint_that_refuses_is_unavailable_and_named(cloud_at: Cloud) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        cloud_at("http://127.0.0.1:1").identity.whoami()
    assert "127.0.0.1:1 cannot be reached: Connection refused" in caught.value.message


def test_a_certificate_that_is_not_trusted_is_not_retried(
    answering: Answer, cloud_at: Cloud, authority, clock: ManualClock
) -> None:
    server = answering(WHO, tls=authority.server())
    with pytest.raises(errors.CloudError) as caught:
        cloud_at(server.url).identity.whoami()
    assert not isinstance(caught.value, errors.Transient)
    assert "SSL_CERT_FILE" in str(caught.value.resolution)
    assert clock.now() == 0


def test_an_error_inside_a_200_is_an_error(answering: Answer, cloud_at: Cloud) -> None:
    with pytest.raises(errors.CloudError) as caught:
        cloud_at(answering(HIDDEN).url).network.vpcs()
    assert caught.value.cloud_code == "InvalidParameter"
    assert caught.value.request_id == "R-8"


def test_a_list_that_is_missing_is_not_an_empty_list(answering: Answer, cloud_at: Cloud) -> None:
    with pytest.raises(errors.LostReply, match="DescribeVpcs was answered without its list"):
        cloud_at(answering(NO_ID).url).network.vpcs()


@pytest.mark.parametrize(
    "read",
    [
        lambda cloud: cloud.compute.instances(),
        lambda cloud: cloud.compute.security_groups(),
        lambda cloud: cloud.compute.disks(),
        lambda cloud: cloud.compute.interfaces(),
        lambda cloud: cloud.network.route_entries(table_id="vtb-1"),
    ],
    ids=["instances", "security groups", "disks", "interfaces", "routes"],
)
def test_a_wrapper_without_its_list_is_not_an_empty_list(
    answering: Answer, cloud_at: Cloud, read: Callable[[AliyunCloud], object]
) -> None:
    wrappers = ("Instances", "SecurityGroups", "Disks", "NetworkInterfaceSets", "RouteEntrys")
    body = json.dumps({"NextToken": "", "RequestId": "R", **{name: {} for name in wrappers}})
    with pytest.raises(errors.LostReply, match="was answered without its list"):
        read(cloud_at(answering(http("200 OK", body)).url))


def test_no_error_shows_the_signature_or_the_secret(answering: Answer, cloud_at: Cloud) -> None:
    with pytest.raises(errors.LostReply) as caught:
        cloud_at(answering(RESET).url).identity.whoami()
    shown = "".join(traceback.format_exception(caught.value))
    assert "ACS3-HMAC" not in shown
    assert "secret-of-the-test" not in shown
    links = [caught.value.__cause__, caught.value.__context__]
    assert not any(hasattr(link, "last_request") for link in links)


def test_a_connection_is_reused_from_call_to_call(answering: Answer, cloud_at: Cloud) -> None:
    body = '{"AccountId":"1","Arn":"a","IdentityType":"Account"}'
    kept = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    server = answering((kept + "\r\n" + body).encode())
    server.keep_alive = True
    identity = cloud_at(server.url).identity
    for _ in range(3):
        identity.whoami()
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_pool_is_resized_with_nothing_but_its_size(answering: Answer, cloud_at: Cloud) -> None:
    server = answering(RESET, http("200 OK", '{"task_id":"T-1","nodepool_id":"np1"}'))
    assert cloud_at(server.url).containers.set_desired_size("c1", "np/1", 3) == "T-1"
    head, _, body = server.requests[-1].partition("\r\n\r\n")
    assert head.startswith("PUT /clusters/c1/nodepools/np%2F1 HTTP/1.1")
    assert body == '{"scaling_group":{"desired_size":3}}'
    assert len(server.requests) == 2, "an absolute size may be sent again"
