"""Policy versions, and users that change, through RAM's SDK."""

from __future__ import annotations

from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_ram20150501.models as ram_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_ram20150501.client import Client as RamClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.ecs.keys import keys_of
from tests.emulator.ecs.test_ram import allow, guarded, new_user, policy
from tests.emulator.net.apis import Api

OWN = {"PolicyName": "Own"}
CUSTOM = OWN | {"PolicyType": "Custom"}


@pytest.fixture
def own(ram: Api) -> dict[str, str]:
    """A custom policy that allows nothing of ECS yet, as requests name it."""
    ram("CreatePolicy", **OWN, PolicyDocument=policy(allow("vpc:*")))
    return OWN


def versions(ram: Api) -> dict[str, bool]:
    rows = ram("ListPolicyVersions", **CUSTOM)["PolicyVersions"]["PolicyVersion"]
    return {row["VersionId"]: row["IsDefaultVersion"] for row in rows}


def test_a_new_version_holds_once_it_is_the_default(clock: ManualClock):
    with guarded(clock) as emulator:
        ram = keys_of(emulator).api(RamClient, ram_models)
        ecs = new_user(ram, emulator).api(EcsClient, ecs_models)
        ram("CreatePolicy", **OWN, PolicyDocument=policy(allow("vpc:*")))
        ram("AttachPolicyToUser", UserName="alice", **CUSTOM)
        text = policy(allow("ecs:*"))
        made = ram("CreatePolicyVersion", **OWN, PolicyDocument=text)["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
        assert ecs.refusal("DescribeRegions") == ("Forbidden.RAM", 403)
        ram("SetDefaultPolicyVersion", **OWN, VersionId="v2")
        assert ecs("DescribeRegions")
        body = ram("GetPolicy", **CUSTOM)
        assert body["Policy"]["DefaultVersion"] == "v2"
        assert body["DefaultPolicyVersion"]["PolicyDocument"] == text
        assert versions(ram) == {"v1": False, "v2": True}


def test_a_version_that_is_made_the_default_shows_when(
    ram: Api, own: dict[str, str], clock: ManualClock
):
    clock.advance(60)
    text = policy(allow("ecs:*"))
    ram("CreatePolicyVersion", **own, PolicyDocument=text, SetAsDefault=True)
    body = ram("GetPolicy", **CUSTOM)["Policy"]
    assert body["PolicyDocument"] == text
    assert (body["CreateDate"], body["UpdateDate"]) == (
        "2026-11-24T00:00:00Z",
        "2026-11-24T00:01:00Z",
    )
    first = ram("GetPolicyVersion", **CUSTOM, VersionId="v1")["PolicyVersion"]
    assert first["PolicyDocument"] == policy(allow("vpc:*"))


def test_a_policy_has_five_versions_at_most(ram: Api, own: dict[str, str]):
    text: dict[str, Any] = {"PolicyDocument": policy(allow("ecs:*"))}
    for _ in range(4):
        ram("CreatePolicyVersion", **own, **text)
    refusal = ram.refusal("CreatePolicyVersion", **own, **text)
    assert refusal == ("LimitExceeded.Policy.Version", 409)
    ram(
        "CreatePolicyVersion",
        **own,
        **text,
        RotateStrategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
    )
    assert list(versions(ram)) == ["v1", "v3", "v4", "v5", "v6"]


def test_what_keeps_a_version_and_its_policy(ram: Api, own: dict[str, str]):
    ram("CreatePolicyVersion", **own, PolicyDocument=policy(allow("ecs:*")))
    conflict = ("DeleteConflict.Policy.Version", 409)
    assert ram.refusal("DeletePolicyVersion", **own, VersionId="v1") == conflict
    assert ram.refusal("DeletePolicy", **own) == conflict
    ram("DeletePolicyVersion", **own, VersionId="v2")
    missing = ("EntityNotExist.Policy.Version", 404)
    assert ram.refusal("DeletePolicyVersion", **own, VersionId="v2") == missing
    ram("DeletePolicy", **own)
    assert ram.refusal("ListPolicyVersions", **CUSTOM) == ("EntityNotExist.Policy", 404)


def test_a_policy_is_deleted_with_all_that_hangs_on_it(
    ram: Api, own: dict[str, str], emulator: Emulator
):
    new_user(ram, emulator)
    ram("AttachPolicyToUser", UserName="alice", **CUSTOM)
    ram("CreatePolicyVersion", **own, PolicyDocument=policy(allow("ecs:*")))
    ram("DeletePolicy", **own, CascadingDelete=True)
    assert ram("ListPoliciesForUser", UserName="alice")["Policies"]["Policy"] == []


def test_a_system_policy_has_its_first_version_alone(ram: Api):
    system = {"PolicyType": "System", "PolicyName": "ReadOnlyAccess"}
    (row,) = ram("ListPolicyVersions", **system)["PolicyVersions"]["PolicyVersion"]
    assert (row["VersionId"], row["IsDefaultVersion"]) == ("v1", True)
    text = {"PolicyDocument": policy(allow("ecs:*"))}
    refusal = ram.refusal("CreatePolicyVersion", PolicyName="ReadOnlyAccess", **text)
    assert refusal == ("EntityNotExist.Policy", 404)


def test_a_user_changes_and_keeps_keys_and_policies(ram: Api, emulator: Emulator):
    keys = new_user(ram, emulator, "alice", "ReadOnlyAccess")
    before = ram("GetUser", UserName="alice")["User"]
    ram("UpdateUser", UserName="alice", NewDisplayName="Alice", NewComments="of the team")
    made = ram("UpdateUser", UserName="alice", NewUserName="bob")["User"]
    assert (made["UserName"], made["DisplayName"]) == ("bob", "Alice")
    assert made["UserId"] == before["UserId"]
    assert keys.identity()["Arn"] == "acs:ram::1234567890123456:user/bob"
    assert ram("ListPoliciesForUser", UserName="bob")["Policies"]["Policy"]
    assert ram.refusal("GetUser", UserName="alice") == ("EntityNotExist.User", 404)
    ram("CreateUser", UserName="alice")
    refusal = ram.refusal("UpdateUser", UserName="alice", NewUserName="bob")
    assert refusal == ("EntityAlreadyExists.User", 409)
