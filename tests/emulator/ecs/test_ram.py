"""RAM's users, roles, policies and keys through the SDK."""

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
from tests.emulator.net.apis import Api

TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"RAM": ["acs:ram::1234567890123456:root"]},
            }
        ],
    }
)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": statements})


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | more


def new_user(ram: Api, emulator: Emulator, name: str = "alice", *policies: str) -> Keys:
    """A user with system policies, and its keys."""
    ram("CreateUser", UserName=name)
    for one in policies:
        ram("AttachPolicyToUser", UserName=name, PolicyType="System", PolicyName=one)
    key = ram("CreateAccessKey", UserName=name)["AccessKey"]
    return Keys(emulator.endpoint, key["AccessKeyId"], key["AccessKeySecret"])


def test_a_user_lives_and_goes(ram: Api):
    made = ram("CreateUser", UserName="alice", DisplayName="Alice")["User"]
    assert made["CreateDate"] == "2026-11-24T00:00:00Z"
    user = ram("GetUser", UserName="alice")["User"]
    assert (user["UserId"], user["DisplayName"]) == (made["UserId"], "Alice")
    assert ram.refusal("CreateUser", UserName="alice") == ("EntityAlreadyExists.User", 409)
    assert [row["UserName"] for row in ram("ListUsers")["Users"]["User"]] == ["alice"]
    ram("DeleteUser", UserName="alice")
    assert ram.refusal("GetUser", UserName="alice") == ("EntityNotExist.User", 404)
    ram("CreateUser", UserName="alice")


def test_what_keeps_a_user(ram: Api):
    ram("CreateUser", UserName="alice")
    key_id = ram("CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    assert ram.refusal("DeleteUser", UserName="alice") == ("DeleteConflict.User.AccessKey", 409)
    ram("DeleteAccessKey", UserName="alice", UserAccessKeyId=key_id)
    attach = {"UserName": "alice", "PolicyType": "System", "PolicyName": "ReadOnlyAccess"}
    ram("AttachPolicyToUser", **attach)
    assert ram.refusal("DeleteUser", UserName="alice") == ("DeleteConflict.User.Policy", 409)
    ram("DetachPolicyFromUser", **attach)
    ram("DeleteUser", UserName="alice")


def test_keys_sign_until_they_are_switched_off(emulator: Emulator, ram: Api):
    keys = new_user(ram, emulator)
    identity = keys.identity()
    assert identity["IdentityType"] == "RAMUser"
    assert identity["Arn"] == "acs:ram::1234567890123456:user/alice"
    assert identity["UserId"] == ram("GetUser", UserName="alice")["User"]["UserId"]
    own = {"UserName": "alice", "UserAccessKeyId": keys.access_key_id}
    ram("UpdateAccessKey", **own, Status="Inactive")
    (row,) = ram("ListAccessKeys", UserName="alice")["AccessKeys"]["AccessKey"]
    assert row["Status"] == "Inactive"
    assert "AccessKeySecret" not in row
    ecs = keys.api(EcsClient, ecs_models)
    assert ecs.refusal("DescribeRegions")[0] == "InvalidAccessKeyId.Inactive"
    ram("DeleteAccessKey", **own)
    assert ecs.refusal("DescribeRegions")[0] == "InvalidAccessKeyId.NotFound"


def test_a_user_has_two_keys_at_most(ram: Api):
    ram("CreateUser", UserName="alice")
    for _ in range(2):
        ram("CreateAccessKey", UserName="alice")
    refusal = ram.refusal("CreateAccessKey", UserName="alice")
    assert refusal == ("LimitExceeded.User.AccessKey", 409)


def test_a_role_is_made_changed_and_removed(ram: Api):
    ram("CreateRole", RoleName="Builder", AssumeRolePolicyDocument=TRUST, Description="first")
    ram("UpdateRole", RoleName="Builder", NewDescription="second", NewMaxSessionDuration=7200)
    role = ram("GetRole", RoleName="Builder")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("second", 7200)
    assert json.loads(role["AssumeRolePolicyDocument"]) == json.loads(TRUST)
    assert role["Arn"] == "acs:ram::1234567890123456:role/Builder"
    attach = {"RoleName": "Builder", "PolicyType": "System", "PolicyName": "AliyunECSFullAccess"}
    ram("AttachPolicyToRole", **attach)
    assert ram.refusal("AttachPolicyToRole", **attach) == ("EntityAlreadyExists.Role.Policy", 409)
    (row,) = ram("ListPoliciesForRole", RoleName="Builder")["Policies"]["Policy"]
    assert (row["PolicyName"], row["PolicyType"]) == ("AliyunECSFullAccess", "System")
    assert ram.refusal("DeleteRole", RoleName="Builder") == ("DeleteConflict.Role.Policy", 409)
    ram("DetachPolicyFromRole", **attach)
    assert ram.refusal("DetachPolicyFromRole", **attach) == ("EntityNotExist.Role.Policy", 404)
    ram("DeleteRole", RoleName="Builder")
    assert ram.refusal("GetRole", RoleName="Builder") == ("EntityNotExist.Role", 404)


def test_no_two_roles_have_one_id(ram: Api):
    ids = [row["RoleId"] for row in ram("ListRoles", MaxItems=100)["Roles"]["Role"]]
    assert len(set(ids)) == len(ids) > 10
    assert {len(each) for each in ids} == {18}


def test_the_service_roles_are_there_from_the_beginning(ram: Api):
    role = ram("GetRole", RoleName="AliyunCSDefaultRole")["Role"]
    assert "cs.aliyuncs.com" in role["AssumeRolePolicyDocument"]
    attached = ram("ListPoliciesForRole", RoleName="AliyunCSDefaultRole")["Policies"]["Policy"]
    assert [row["PolicyName"] for row in attached] == ["AliyunCSDefaultRolePolicy"]
    names = [row["RoleName"] for row in ram("ListRoles")["Roles"]["Role"]]
    assert "AliyunOOSLifecycleHook4CSRole" in names


def test_a_service_role_that_was_removed_is_gone(ram: Api):
    own = {"RoleName": "AliyunCSManagedAcrRole"}
    ram(
        "DetachPolicyFromRole",
        **own,
        PolicyType="System",
        PolicyName="AliyunCSManagedAcrRolePolicy",
    )
    ram("DeleteRole", **own)
    assert ram.refusal("GetRole", **own) == ("EntityNotExist.Role", 404)
    ram("CreateRole", **own, AssumeRolePolicyDocument=TRUST)


def test_lists_are_paged_by_marker(ram: Api):
    first = ram("ListRoles", MaxItems=5)
    assert first["IsTruncated"] is True
    rest = ram("ListRoles", MaxItems=100, Marker=first["Marker"])
    assert rest["IsTruncated"] is False
    names = [r["RoleName"] for page in (first, rest) for r in page["Roles"]["Role"]]
    assert len(names) == len(set(names)) == 20


def test_a_custom_policy_lives_as_long_as_nobody_has_it(ram: Api):
    text = policy(allow("ecs:Describe*"))
    ram("CreatePolicy", PolicyName="Look", PolicyDocument=text, Description="eyes")
    whole = ram("GetPolicy", PolicyType="Custom", PolicyName="Look")
    assert whole["DefaultPolicyVersion"]["PolicyDocument"] == text
    assert whole["Policy"]["AttachmentCount"] == 0
    version = ram("GetPolicyVersion", PolicyType="Custom", PolicyName="Look", VersionId="v1")
    assert version["PolicyVersion"]["IsDefaultVersion"] is True
    ram("CreateUser", UserName="alice")
    attach = {"UserName": "alice", "PolicyType": "Custom", "PolicyName": "Look"}
    ram("AttachPolicyToUser", **attach)
    assert ram.refusal("DeletePolicy", PolicyName="Look") == ("DeleteConflict.Policy.User", 409)
    holders = ram("ListEntitiesForPolicy", PolicyType="Custom", PolicyName="Look")
    assert holders["Users"]["User"][0]["UserName"] == "alice"
    assert ram("ListPoliciesForUser", UserName="alice")["Policies"]["Policy"][0]["PolicyName"] == (
        "Look"
    )
    ram("DetachPolicyFromUser", **attach)
    ram("DeletePolicy", PolicyName="Look")
    assert ram("ListPolicies", PolicyType="Custom")["Policies"]["Policy"] == []


@pytest.mark.parametrize(
    ("action", "request_", "code", "status"),
    [
        ("CreateUser", {"UserName": "a b"}, "InvalidParameter.UserName.InvalidChars", 400),
        ("CreateUser", {}, "MissingParameter", 400),
        ("CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": "{"}, "Malformed", 400),
        ("CreatePolicy", {"PolicyName": "x", "PolicyDocument": "[]"}, "Malformed", 400),
        (
            "CreatePolicy",
            {"PolicyName": "x", "PolicyDocument": '{"Version":"1","Statement":[{}]}'},
            "Malformed",
            400,
        ),
        (
            "CreatePolicy",
            {"PolicyName": "ReadOnlyAccess", "PolicyDocument": policy(allow("*"))},
            "EntityAlreadyExists.Policy",
            409,
        ),
        ("GetPolicy", {"PolicyType": "Custom", "PolicyName": "x"}, "EntityNotExist.Policy", 404),
        ("GetPolicy", {"PolicyType": "Odd", "PolicyName": "x"}, "InvalidParameter", 400),
    ],
)
def test_ram_refuses(ram: Api, action: str, request_: dict[str, Any], code: str, status: int):
    found = ram.refusal(action, **request_)
    assert found[0].startswith(code)
    assert found[1] == status


def guarded(clock: ManualClock) -> Emulator:
    return Emulator(clock=clock, seed=7, enforce_ram=True)


def test_a_user_may_do_what_its_policies_allow(clock: ManualClock):
    with guarded(clock) as emulator:
        ram = keys_of(emulator).api(RamClient, ram_models)
        keys = new_user(ram, emulator, "alice", "AliyunECSReadOnlyAccess")
        ecs = keys.api(EcsClient, ecs_models)
        assert ecs("DescribeRegions")
        assert ecs.refusal("CreateSecurityGroup") == ("Forbidden.RAM", 403)
        ram("CreatePolicy", PolicyName="Groups", PolicyDocument=policy(allow("ecs:*Group*")))
        attach = {"UserName": "alice", "PolicyType": "Custom", "PolicyName": "Groups"}
        ram("AttachPolicyToUser", **attach)
        assert ecs("CreateSecurityGroup")
        ram("DetachPolicyFromUser", **attach)
        assert ecs.refusal("CreateSecurityGroup") == ("Forbidden.RAM", 403)


DENY = {"Effect": "Deny", "Action": "ecs:DescribeRegions", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([allow("ecs:DescribeRegions")], True),
        ([allow("ECS:describeregions")], True),
        ([allow("ecs:Describe?egions")], True),
        ([allow("*")], True),
        ([allow("vpc:*")], False),
        ([allow("ecs:*"), DENY], False),
        ([allow("ecs:*", Condition={"Bool": {"acs:SecureTransport": "true"}})], False),
        ([{"Effect": "Allow", "NotAction": ["ram:*"], "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": ["ecs:*"], "Resource": "*"}], False),
        ([allow("ecs:*", Resource="acs:ecs:*:*:*")], True),
        ([allow("ecs:*", Resource=["acs:ecs:cn-hangzhou:*:instance/*"])], True),
        ([allow("ecs:*", Resource="acs:ecs:cn-beijing:*:*")], False),
        ([allow("ecs:*"), DENY | {"Resource": "acs:ecs:*:*:instance/i-1"}], True),
    ],
)
def test_how_statements_add_up(
    clock: ManualClock, statements: list[dict[str, Any]], *, allowed: bool
):
    with guarded(clock) as emulator:
        ram = keys_of(emulator).api(RamClient, ram_models)
        keys = new_user(ram, emulator)
        ram("CreatePolicy", PolicyName="Own", PolicyDocument=policy(*statements))
        ram("AttachPolicyToUser", UserName="alice", PolicyType="Custom", PolicyName="Own")
        ecs = keys.api(EcsClient, ecs_models)
        if allowed:
            assert ecs("DescribeRegions")
        else:
            assert ecs.refusal("DescribeRegions") == ("Forbidden.RAM", 403)
