"""STS: who the caller is, and temporary keys."""

from __future__ import annotations

import json
from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_ram20150501.models as ram_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_ram20150501.client import Client as RamClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.keys import Keys, keys_of
from tests.emulator.ecs.test_ram import TRUST, allow, new_user, policy
from tests.emulator.net.apis import Api

ARN = "acs:ram::1234567890123456:role/Builder"


@pytest.fixture
def alice(emulator: Emulator, ram: Api) -> Keys:
    ram("CreateRole", RoleName="Builder", AssumeRolePolicyDocument=TRUST)
    return new_user(ram, emulator)


def refusal(keys: Keys, role_arn: str = ARN, **more: Any) -> tuple[str, int]:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDKs' classes differ
        keys.assume(role_arn, **more)
    error: Any = caught.value
    return error.code, error.status_code


def test_the_account_knows_itself(emulator: Emulator):
    identity = keys_of(emulator).identity()
    assert identity["IdentityType"] == "Account"
    assert identity["AccountId"] == identity["PrincipalId"] == "1234567890123456"
    assert identity["Arn"] == "acs:ram::1234567890123456:root"


def test_temporary_keys_work_until_they_expire(alice: Keys, clock: ManualClock):
    keys = alice.assume(ARN, duration_seconds=900)
    identity = keys.identity()
    assert identity["IdentityType"] == "AssumedRoleUser"
    assert identity["Arn"].endswith(":assumed-role/Builder/session")
    assert identity["PrincipalId"] == f"{identity['RoleId']}:session"
    clock.advance(901)
    ecs = keys.api(EcsClient, ecs_models)
    assert "InvalidSecurityToken" in ecs.refusal("DescribeRegions")[0]


def test_the_account_itself_assumes_no_role(alice: Keys, emulator: Emulator):
    assert alice.assume(ARN)
    assert refusal(keys_of(emulator)) == ("NoPermission", 403)


def test_a_role_that_trusts_somebody_else_is_not_given(alice: Keys, ram: Api):
    stranger = json.loads(TRUST)
    stranger["Statement"][0]["Principal"] = {"RAM": ["acs:ram::1234567890123456:user/bob"]}
    document = json.dumps(stranger)
    ram("UpdateRole", RoleName="Builder", NewAssumeRolePolicyDocument=document)
    assert refusal(alice) == ("NoPermission", 403)
    own = document.replace("bob", "alice")
    ram("UpdateRole", RoleName="Builder", NewAssumeRolePolicyDocument=own)
    assert alice.assume(ARN)


@pytest.mark.parametrize(
    ("role_arn", "more", "code", "status"),
    [
        ("acs:ram::1:user/x", {}, "InvalidParameter.RoleArn", 400),
        (ARN + "X", {}, "EntityNotExist.Role", 404),
        (ARN, {"duration_seconds": 899}, "InvalidParameter.DurationSeconds", 400),
        (ARN, {"duration_seconds": 3601}, "InvalidParameter.DurationSeconds", 400),
        (ARN, {"policy": "{"}, "InvalidParameter.PolicyGrammar", 400),
        (ARN, {"policy": "x" * 2049}, "InvalidParameter.PolicySize", 400),
    ],
)
def test_assume_role_refuses(
    alice: Keys, role_arn: str, more: dict[str, Any], code: str, status: int
):
    assert refusal(alice, role_arn, **more) == (code, status)


def test_a_temporary_key_may_do_what_role_and_session_policy_both_allow(clock: ManualClock):
    with Emulator(clock=clock, seed=7, enforce_ram=True) as emulator:
        ram = keys_of(emulator).api(RamClient, ram_models)
        ram("CreateRole", RoleName="Builder", AssumeRolePolicyDocument=TRUST)
        attach = {"PolicyType": "System", "PolicyName": "AliyunECSFullAccess"}
        ram("AttachPolicyToRole", RoleName="Builder", **attach)
        alice = new_user(ram, emulator, "alice", "AliyunSTSAssumeRoleAccess")

        wide = alice.assume(ARN).api(EcsClient, ecs_models)
        assert wide("CreateSecurityGroup")
        session = policy(allow("ecs:Describe*"))
        narrow = alice.assume(ARN, policy=session).api(EcsClient, ecs_models)
        assert narrow("DescribeRegions")
        assert narrow.refusal("CreateSecurityGroup") == ("Forbidden.RAM", 403)
        bob = new_user(ram, emulator, "bob")
        assert refusal(bob) == ("NoPermission", 403)
