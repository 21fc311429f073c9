"""Requests in, answers out: routing, envelopes, regions, tokens, RAM, the request log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.store import Doc
from ackgpu.emulator.wire import HttpAnswer, WireRequest
from tests.support.signing import KEY, acs3, roa_v1, rpc_v1

VPC, CS = "2016-04-28", "2015-12-15"
VSWITCH = {
    "RegionId": "cn-hangzhou",
    "VpcId": "vpc-1",
    "ZoneId": "cn-hangzhou-k",
    "CidrBlock": "10.0.0.0/24",
}


def body(answer: HttpAnswer) -> Any:
    return json.loads(answer.body)


def create(gateway: Gateway, **changes: str) -> HttpAnswer:
    return gateway.answer(acs3("CreateVSwitch", VPC, VSWITCH | changes))


def cluster(gateway: Gateway, **fields: Any) -> HttpAnswer:
    content = {"name": "demo", "region_id": "cn-hangzhou", **fields}
    return gateway.answer(
        acs3("CreateCluster", CS, path="/clusters", body=json.dumps(content).encode())
    )


def vswitches(gateway: Gateway, **parameters: str) -> list[dict[str, Any]]:
    answer = gateway.answer(
        acs3("DescribeVSwitches", VPC, {"RegionId": "cn-hangzhou", **parameters})
    )
    rows: list[dict[str, Any]] = body(answer)["VSwitches"]["VSwitch"]
    return rows


def test_a_success_carries_the_request_id_in_body_and_header(gateway: Gateway) -> None:
    answer = create(gateway)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert body(answer)["RequestId"] == answer.headers["x-acs-request-id"]
    assert body(answer)["VSwitchId"].startswith("vsw-")


def test_rpc_parameters_may_come_in_query_or_form_of_either_generation(gateway: Gateway) -> None:
    for request in (
        acs3("CreateVSwitch", VPC, VSWITCH),
        rpc_v1("CreateVSwitch", VPC, VSWITCH),
        rpc_v1("CreateVSwitch", VPC, VSWITCH, form=True),
    ):
        assert gateway.answer(request).status == 200
    assert len(vswitches(gateway)) == 3


def test_roa_is_routed_by_path_alone(gateway: Gateway) -> None:
    made = body(cluster(gateway))
    answer = gateway.answer(roa_v1("GET", f"/clusters/{made['cluster_id']}"))
    assert body(answer) == {"cluster_id": made["cluster_id"], "name": "demo"}
    assert list(made) == ["request_id", "cluster_id"]


def test_a_fixed_path_wins_over_a_placeholder(gateway: Gateway) -> None:
    answer = gateway.answer(
        acs3(
            "DescribeAddons",
            CS,
            {"region": "x"},
            method="GET",
            path="/clusters/components/metadata",
        )
    )
    assert body(answer) == []


def test_an_action_header_that_contradicts_the_path_is_refused(gateway: Gateway) -> None:
    answer = gateway.answer(acs3("DescribeClusters", CS, method="GET", path="/clusters/c1"))
    assert (answer.status, body(answer)["Code"]) == (404, "InvalidAction.NotFound")


def test_nothing_and_text_are_answered_as_they_are(gateway: Gateway) -> None:
    nothing = gateway.answer(acs3("PauseTask", CS, path="/tasks/T-1/pause"))
    text = gateway.answer(
        acs3("DescribeClusterAttachScripts", CS, path="/clusters/c1/attachscript", body=b"{}")
    )
    assert (nothing.status, nothing.body) == (200, b"")
    assert (text.body, text.headers["Content-Type"]) == (
        b"#!/bin/sh\n",
        "text/plain;charset=utf-8",
    )


@pytest.mark.parametrize(
    "target", ["/?Action=Nonsense&Version=2016-04-28&Format=JSON", "/no/such/path"]
)
def test_an_unknown_action_is_refused_and_logged(gateway: Gateway, target: str) -> None:
    answer = gateway.answer(WireRequest("GET", target, (("Host", "vpc.aliyuncs.com"),)))
    refused = body(answer)
    assert answer.status == 404
    assert refused["Code"] == "InvalidAction.NotFound"
    assert refused["HostId"] == "vpc.aliyuncs.com"
    assert set(refused) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert [entry.code for entry in gateway.requests] == ["InvalidAction.NotFound"]


def test_an_action_of_another_version_is_unknown(gateway: Gateway) -> None:
    answer = gateway.answer(acs3("DescribeVSwitches", "2014-05-26"))
    assert body(answer)["Code"] == "InvalidAction.NotFound"


def test_the_action_header_of_a_legacy_request_does_not_route_it(gateway: Gateway) -> None:
    request = rpc_v1("DescribeVSwitches", VPC)
    unsigned = (("x-acs-action", "CreateVSwitch"), ("x-acs-version", VPC))
    answer = gateway.answer(replace(request, headers=(*request.headers, *unsigned)))
    assert "VSwitches" in body(answer)


@pytest.mark.parametrize("name", ["Action", "Version", "AccessKeyId", "Signature"])
def test_a_protocol_parameter_given_twice_is_refused(gateway: Gateway, name: str) -> None:
    request = rpc_v1("DescribeVSwitches", VPC)
    answer = gateway.answer(replace(request, target=f"{request.target}&{name}=CreateVSwitch"))
    assert answer.status == 400
    assert name in body(answer)["Message"]


def test_an_error_of_container_service_is_in_lower_case(gateway: Gateway) -> None:
    answer = gateway.answer(roa_v1("GET", "/clusters/c0"))
    assert answer.status == 404
    assert body(answer) == {
        "code": "ErrorClusterNotFound",
        "message": "cluster not found",
        "requestId": answer.headers["x-acs-request-id"],
        "status": 404,
    }


def test_a_bad_signature_has_the_gateways_envelope_also_for_container_service(
    gateway: Gateway,
) -> None:
    request = acs3("DescribeClusterDetail", CS, method="GET", path="/clusters/c0", key=("x", "y"))
    answer = gateway.answer(request)
    assert (answer.status, body(answer)["Code"]) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize(("asked", "xml"), [("", True), ("XML", True), ("JSON", False)])
def test_a_legacy_request_gets_xml_unless_it_asks_for_json(
    gateway: Gateway, asked: str, *, xml: bool
) -> None:
    create(gateway)
    answer = gateway.answer(rpc_v1("DescribeVSwitches", VPC, answer_format=asked))
    assert answer.body.startswith(b"<?xml") is xml
    if xml:
        assert b"<DescribeVSwitchesResponse><RequestId>" in answer.body
        assert b"</VSwitchId><Big>true</Big></VSwitch></VSwitches>" in answer.body


def test_a_bug_in_a_handler_is_an_internal_error_without_a_traceback(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    answer = create(gateway, CidrBlock="crash")
    assert (answer.status, body(answer)["Code"]) == (500, "InternalError")
    assert b"a bug" not in answer.body
    assert "a bug" in caplog.text


def test_what_a_refused_request_did_is_undone(gateway: Gateway) -> None:
    assert body(create(gateway, CidrBlock="full"))["Code"] == "QuotaExceeded.VSwitch"
    assert vswitches(gateway) == []


def test_regions_are_apart(gateway: Gateway) -> None:
    create(gateway, RegionId="cn-shanghai")
    assert vswitches(gateway) == []
    assert len(vswitches(gateway, RegionId="cn-shanghai")) == 1


def test_the_host_says_the_region_where_no_parameter_does(gateway: Gateway) -> None:
    without = {name: value for name, value in VSWITCH.items() if name != "RegionId"}
    gateway.answer(acs3("CreateVSwitch", VPC, without, host="vpc.cn-shanghai.aliyuncs.com"))
    gateway.answer(acs3("CreateVSwitch", VPC, without))
    assert [entry.region for entry in gateway.requests] == ["cn-shanghai", "cn-hangzhou"]


def test_an_unknown_region_is_not_found(gateway: Gateway) -> None:
    answer = create(gateway, RegionId="cn-atlantis")
    assert (answer.status, body(answer)["Code"]) == (404, "InvalidRegionId.NotFound")


def test_a_missing_parameter_is_refused_by_name(gateway: Gateway) -> None:
    answer = create(gateway, ZoneId="")
    assert (answer.status, body(answer)["Code"]) == (400, "MissingParameter")
    assert '"ZoneId"' in body(answer)["Message"]


def test_an_ill_typed_parameter_is_refused_by_name(gateway: Gateway) -> None:
    answer = gateway.answer(acs3("DescribeVSwitches", VPC, {"PageSize": "many"}))
    assert body(answer)["Code"] == "InvalidParameter"
    assert "PageSize" in body(answer)["Message"]


@pytest.mark.parametrize("text", ["True", "false"])
def test_booleans_are_taken_in_every_clients_spelling(gateway: Gateway, text: str) -> None:
    assert gateway.answer(acs3("DescribeVSwitches", VPC, {"IsDefault": text})).status == 200


def test_an_unknown_parameter_is_ignored_and_noted(gateway: Gateway) -> None:
    assert create(gateway, on="CreateVSwitch").status == 200
    assert [entry.unknown for entry in gateway.requests] == [("on",)]


def test_an_ill_typed_field_of_a_body_is_told_with_its_place(gateway: Gateway) -> None:
    answer = cluster(gateway, nodepools=[{"scaling_group": {"data_disks": [{"encrypted": True}]}}])
    assert answer.status == 400
    assert body(answer)["message"] == (
        "Unmarshal type error: expected=string, got=bool,"
        " field=nodepools.scaling_group.data_disks.encrypted"
    )


def test_a_body_without_a_required_field_is_refused(gateway: Gateway) -> None:
    assert body(cluster(gateway, name=""))["code"] == "MissingParameter.Name"


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_is_refused(gateway: Gateway, content: bytes) -> None:
    answer = gateway.answer(acs3("CreateCluster", CS, path="/clusters", body=content))
    assert (answer.status, body(answer)["code"]) == (400, "InvalidParameter")


def test_the_same_token_and_parameters_give_the_same_answer(gateway: Gateway) -> None:
    first, second = (create(gateway, ClientToken="t") for _ in range(2))
    assert body(first)["VSwitchId"] == body(second)["VSwitchId"]
    assert body(first)["RequestId"] != body(second)["RequestId"]
    assert len(vswitches(gateway)) == 1


def test_the_same_token_with_other_parameters_is_refused(gateway: Gateway) -> None:
    create(gateway, ClientToken="t")
    answer = create(gateway, ClientToken="t", CidrBlock="10.1.0.0/24")
    assert (answer.status, body(answer)["Code"]) == (400, "IdempotentParameterMismatch")
    assert len(vswitches(gateway)) == 1


def test_a_refused_request_leaves_no_token(gateway: Gateway) -> None:
    create(gateway, ClientToken="t", CidrBlock="full")
    assert create(gateway, ClientToken="t").status == 200


def test_a_token_is_forgotten_after_a_day(gateway: Gateway, clock: ManualClock) -> None:
    create(gateway, ClientToken="t")
    clock.advance(24 * 3600)
    create(gateway, ClientToken="t")
    assert len(vswitches(gateway)) == 2


def test_tokens_of_earlier_days_do_not_pile_up(gateway: Gateway, clock: ManualClock) -> None:
    for number in range(12):
        create(gateway, ClientToken=f"t{number}")
        clock.advance(24 * 3600)
    with gateway.backend.transaction() as session:
        assert len(session.find("token")) <= 2


def test_a_token_of_another_region_is_another_token(gateway: Gateway) -> None:
    create(gateway, ClientToken="t")
    assert create(gateway, ClientToken="t", RegionId="cn-shanghai").status == 200


def test_a_token_that_is_too_long_is_refused(gateway: Gateway) -> None:
    assert body(create(gateway, ClientToken="t" * 65))["Code"] == "InvalidParameter"


def test_container_service_takes_its_token_from_the_body(gateway: Gateway) -> None:
    first, second = (cluster(gateway, client_token="t") for _ in range(2))
    assert body(first)["cluster_id"] == body(second)["cluster_id"]
    other = cluster(gateway, client_token="t", name="other")
    assert body(other)["code"] == "IdempotentParameterMismatch"


def user_key(gateway: Gateway) -> tuple[str, str]:
    with gateway.backend.transaction(write=True) as session:
        content = {"AccessKeySecret": "s", "Status": "Active", "UserName": "ann"}
        session.put(Doc("accesskey", "LTAIuser", body=content))
    return "LTAIuser", "s"


def test_ram_refuses_a_user_without_a_policy_only_where_enforced(
    make_gateway: Callable[..., Gateway],
) -> None:
    for enforced, status in ((False, 200), (True, 403)):
        gateway = make_gateway(enforce_ram=enforced)
        answer = gateway.answer(acs3("DescribeVSwitches", VPC, key=user_key(gateway)))
        assert answer.status == status
    refused = body(answer)
    assert refused["Code"] == "Forbidden.RAM"
    assert refused["AccessDeniedDetail"]["AuthAction"] == "vpc:DescribeVSwitches"
    assert gateway.answer(acs3("DescribeVSwitches", VPC)).status == 200


def test_container_service_words_a_refusal_of_ram_its_own_way(
    make_gateway: Callable[..., Gateway],
) -> None:
    gateway = make_gateway(enforce_ram=True)
    key = user_key(gateway)
    answer = gateway.answer(
        acs3("DescribeClusterDetail", CS, method="GET", path="/clusters/c1", key=key)
    )
    assert answer.status == 403
    assert body(answer)["code"] == "StatusForbidden"
    assert "RAM policy Forbidden for action cs:DescribeClusterDetail" in body(answer)["message"]
    assert body(answer)["accessDeniedDetail"]["AuthPrincipalDisplayName"] == "ann"


def test_a_temporary_key_of_the_account_is_accepted_until_it_expires(
    gateway: Gateway, clock: ManualClock
) -> None:
    with gateway.backend.transaction(write=True) as session:
        content = {
            "AccessKeySecret": "s",
            "SecurityToken": "token",
            "Expiration": 900.0,
            "RoleArn": "acs:ram::1234567890123456:role/deployer",
            "RoleSessionName": "ci",
        }
        session.put(Doc("ststoken", "STS.1", body=content))
    request = {"key": ("STS.1", "s"), "token": "token"}
    assert gateway.answer(acs3("DescribeVSwitches", VPC, **request)).status == 200
    clock.advance(900)
    expired = gateway.answer(acs3("DescribeVSwitches", VPC, **request))
    assert body(expired)["Code"] == "InvalidSecurityToken.Expired"


def test_the_request_log_tells_reads_from_writes_and_holds_no_values(gateway: Gateway) -> None:
    vswitches(gateway)
    create(gateway)
    create(gateway, CidrBlock="full")
    assert [entry.action for entry in gateway.requests] == [
        "DescribeVSwitches",
        "CreateVSwitch",
        "CreateVSwitch",
    ]
    written = gateway.requests.writes()
    assert [(entry.status, entry.code) for entry in written] == [
        (200, ""),
        (400, "QuotaExceeded.VSwitch"),
    ]
    assert written[0].params == ("CidrBlock", "RegionId", "VpcId", "ZoneId")
    assert written[0].access_key_id == KEY[0]
    assert "10.0.0.0/24" not in json.dumps(gateway.requests.rows())


def test_ids_are_the_same_for_the_same_seed(make_gateway: Callable[..., Gateway]) -> None:
    first, second = (body(create(make_gateway())) for _ in range(2))
    assert first == second
