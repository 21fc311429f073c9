"""Every effect of a fault file, on the answer and on the account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator.faults import ACTS, ConfigurationError, Faults, read_file
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.wire import HttpAnswer
from tests.support.signing import acs3

VPC = "2016-04-28"
VSWITCH = {"VpcId": "vpc-1", "ZoneId": "cn-hangzhou-k", "CidrBlock": "10.0.0.0/24"}


def strike(gateway: Gateway, *faults: dict[str, Any], seed: int = 0) -> None:
    gateway.set_faults(Faults({"seed": seed, "faults": list(faults)}))


def create(gateway: Gateway) -> HttpAnswer:
    return gateway.answer(acs3("CreateVSwitch", VPC, VSWITCH))


def count(gateway: Gateway) -> int:
    with gateway.backend.transaction() as session:
        return len(session.find("vswitch"))


@pytest.mark.parametrize("effect", ACTS)
def test_an_effect_acts_or_not_as_documented(gateway: Gateway, effect: str) -> None:
    strike(gateway, {"effect": effect, "action": "CreateVSwitch"})
    create(gateway)
    assert count(gateway) == int(ACTS[effect])
    assert [entry.fault for entry in gateway.requests] == [effect]


@pytest.mark.parametrize("effect", ["empty", "truncated", "html"])
def test_a_fault_may_say_otherwise(gateway: Gateway, effect: str) -> None:
    strike(gateway, {"effect": effect, "acts": not ACTS[effect]})
    create(gateway)
    assert count(gateway) == int(not ACTS[effect])


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        ({"effect": "throttle"}, 400, "Throttling.User", None),
        (
            {"effect": "throttle", "status": 429, "code": "Throttling.Api", "retry_after_ms": 1500},
            429,
            "Throttling.Api",
            "1500",
        ),
        ({"effect": "error"}, 503, "ServiceUnavailable", None),
        ({"effect": "error", "status": 500, "code": "InternalError"}, 500, "InternalError", None),
    ],
)
def test_refusals_have_status_code_and_retry_after(
    gateway: Gateway, fault: dict[str, Any], status: int, code: str, retry_after: str | None
) -> None:
    strike(gateway, fault)
    answer = create(gateway)
    assert (answer.status, json.loads(answer.body)["Code"]) == (status, code)
    assert answer.headers.get("x-acs-retry-after") == retry_after


def test_spoilt_answers(gateway: Gateway) -> None:
    answers = {}
    for effect in ACTS:
        strike(gateway, {"effect": effect, "seconds": 0.25})
        answers[effect] = create(gateway)
    assert all(answer.delay == 0.25 for answer in answers.values())
    assert {effect for effect in ACTS if answers[effect].hang_up} == {"reset", "lost_reply"}
    assert (answers["empty"].status, answers["empty"].body) == (200, b"")
    assert answers["html"].status == 502
    assert answers["html"].body.startswith(b"<html>")
    assert answers["error_in_ok"].status == 200
    assert json.loads(answers["error_in_ok"].body)["Code"] == "ServiceUnavailable"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answers["truncated"].body)


def test_a_lagging_read_sees_the_account_as_it_was(gateway: Gateway, clock: ManualClock) -> None:
    clock.advance(100)
    create(gateway)
    strike(gateway, {"effect": "lag", "lag": 10, "action": "Describe*"})

    def seen() -> int:
        answer = gateway.answer(acs3("DescribeVSwitches", VPC))
        total: int = json.loads(answer.body)["TotalCount"]
        return total

    assert seen() == 0
    clock.advance(10)
    assert seen() == 1


def statuses(gateway: Gateway, number: int) -> list[int]:
    return [create(gateway).status for _ in range(number)]


def test_calls_and_times_choose_which_are_hit(gateway: Gateway) -> None:
    strike(gateway, {"effect": "error", "calls": [2, 4]})
    assert statuses(gateway, 5) == [200, 503, 200, 503, 200]
    strike(gateway, {"effect": "error", "calls": 1})
    assert statuses(gateway, 2) == [503, 200]
    strike(gateway, {"effect": "error", "times": 2})
    assert statuses(gateway, 3) == [503, 503, 200]


def test_flow_control_lets_so_many_calls_pass_in_a_second(
    gateway: Gateway, clock: ManualClock
) -> None:
    strike(gateway, {"effect": "throttle", "rate": 2})
    assert statuses(gateway, 4) == [200, 200, 400, 400]
    clock.advance(1)
    assert statuses(gateway, 3) == [200, 200, 400]


def test_probability_is_repeatable_by_its_seed(gateway: Gateway) -> None:
    runs = []
    for seed in (1, 1, 2):
        strike(gateway, {"effect": "error", "probability": 0.5}, seed=seed)
        runs.append(statuses(gateway, 20))
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 503}


def test_only_the_named_action_and_product_are_hit(gateway: Gateway) -> None:
    strike(
        gateway,
        {"effect": "error", "action": "Delete*"},
        {"effect": "error", "product": "ecs"},
    )
    assert create(gateway).status == 200


def test_an_unsigned_request_meets_no_fault(gateway: Gateway) -> None:
    strike(gateway, {"effect": "error", "times": 1})
    assert gateway.answer(acs3("CreateVSwitch", VPC, VSWITCH, key=("no", "key"))).status == 404
    assert create(gateway).status == 503


def test_domain_faults_are_handed_to_the_products(gateway: Gateway) -> None:
    fault = {"kind": "stock_out", "zone": "cn-hangzhou-k"}
    strike(gateway, fault, {"effect": "error"})
    assert gateway.backend.settings["faults"] == [fault]


@pytest.mark.parametrize(
    "description",
    [
        {"fault": []},
        {"faults": {}},
        {"faults": ["throttle"]},
        {"faults": [{"effect": "explode"}]},
        {"faults": [{"effect": "reset", "when": "always"}]},
        {"faults": [{"effect": "reset", "probability": "often"}]},
        {"faults": [{"effect": "reset", "calls": "first"}]},
        {"faults": [{"kind": "stock-out"}]},
        {"faults": [{"kind": ["stock_out"]}]},
        {"faults": [{"kind": "stock_out", "zones": "cn-hangzhou-k"}]},
        {"faults": [{"kind": "stock_out", "after": True}]},
        {"faults": [{"kind": "stock_out", "effect": "reset"}]},
        {"faults": [{"kind": "label_wrong", "key": "k"}]},
    ],
)
def test_a_fault_file_that_says_nonsense_is_refused(description: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Faults(description)


def test_a_file_is_yaml_or_json(tmp_path: Path) -> None:
    path = tmp_path / "faults"
    path.write_text("faults:\n  - {effect: reset, action: CreateVpc}\n")
    as_yaml = read_file(path)
    path.write_text(json.dumps(as_yaml))
    assert read_file(path) == as_yaml == {"faults": [{"effect": "reset", "action": "CreateVpc"}]}
    path.write_text("")
    assert read_file(path) == {}


@pytest.mark.parametrize("text", ["- a list\n", "{", "!!python/object:os.system {}\n"])
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"faults\.yaml"):
        read_file(path)


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        read_file(tmp_path / "nowhere")
