"""GetCallerIdentity and AssumeRole."""

from __future__ import annotations

import json
import re
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import entities
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc
from ackgpu.emulator.sts import PRODUCT

ROLE_ARN = re.compile(r"acs:ram::(\d+):role/([A-Za-z0-9.-]+)")
SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}")
SHORTEST = 900
POLICY_BYTES = 2048


@PRODUCT.operation("GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """GetCallerIdentity: whose key signed the request. Everybody may ask."""
    caller = call.caller
    user_id = role_id = ""
    if caller.kind == "Account":
        user_id = principal = caller.account_id
    elif caller.kind == "RAMUser":
        user_id = principal = entities.user(call, caller.name).body["UserId"]
    else:
        role_id = entities.role(call, caller.name).body["RoleId"]
        principal = f"{role_id}:{caller.arn.rpartition('/')[2]}"
    return {
        "IdentityType": caller.kind,
        "AccountId": caller.account_id,
        "PrincipalId": principal,
        "UserId": user_id,
        "RoleId": role_id,
        "Arn": caller.arn,
    }


@PRODUCT.operation("AssumeRole", writes=True, idempotent_by_token=False)
def assume_role(call: Call) -> dict[str, Any]:
    """AssumeRole: temporary keys for a role whose trust policy names the caller.

    The account itself may not (NoPermission, 403). The keys are valid for DurationSeconds, 900 to
    the role's MaxSessionDuration.
    """
    role = _trusted_role(call)
    session_name = call.params.required("RoleSessionName")
    if not SESSION_NAME.fullmatch(session_name):
        raise invalid_parameter("RoleSessionName")
    longest = int(role.body["MaxSessionDuration"])
    text = call.params.text("DurationSeconds", "3600")
    if not text.isdecimal() or not SHORTEST <= int(text) <= longest:
        raise invalid_parameter("DurationSeconds")
    account = call.caller.account_id
    body = {
        "AccessKeySecret": call.new_id("", 44),
        "SecurityToken": "CAIS" + call.new_id("", 120),
        "Expiration": call.now + int(text),
        "RoleArn": f"acs:ram::{account}:role/{role.id}",
        "RoleSessionName": session_name,
        "Arn": f"acs:ram::{account}:assumed-role/{role.id}/{session_name}",
        "Policy": _policy(call),
    }
    doc = Doc("ststoken", call.new_id("STS.NT", 22), created_at=call.now, body=body)
    call.docs.put(doc)
    return _answer(call, role, doc)


def invalid_parameter(name: str) -> ApiError:
    """STS's own refusal of a parameter."""
    return ApiError(f"InvalidParameter.{name}", f"The parameter {name} is wrongly formed.")


def _answer(call: Call, role: Doc, doc: Doc) -> dict[str, Any]:
    body = doc.body
    return {
        "Credentials": {
            "AccessKeyId": doc.id,
            "AccessKeySecret": body["AccessKeySecret"],
            "SecurityToken": body["SecurityToken"],
            "Expiration": stamp(call, body["Expiration"]),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.body['RoleId']}:{body['RoleSessionName']}",
            "Arn": body["Arn"],
        },
    }


def _trusted_role(call: Call) -> Doc:
    """The role that RoleArn names, which trusts the caller."""
    found = ROLE_ARN.fullmatch(call.params.required("RoleArn"))
    if found is None:
        raise invalid_parameter("RoleArn")
    if call.caller.kind == "Account" or not _trusts(call, found.group(2)):
        raise ApiError(
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
            403,
        )
    return entities.role(call, found.group(2))


def _trusts(call: Call, name: str) -> bool:
    role = entities.role(call, name)
    trusted = {call.caller.arn.lower(), f"acs:ram::{call.caller.account_id}:root"}
    for statement in json.loads(role.body["AssumeRolePolicyDocument"])["Statement"]:
        named = statement.get("Principal", {}).get("RAM", [])
        arns = [named] if isinstance(named, str) else named
        if statement["Effect"] == "Allow" and trusted & {str(arn).lower() for arn in arns}:
            return True
    return False


def _policy(call: Call) -> str:
    text = call.params.text("Policy")
    if len(text.encode()) > POLICY_BYTES:
        raise ApiError(
            "InvalidParameter.PolicySize", "The size of Policy must be smaller than 2048 bytes."
        )
    if text:
        entities.policy_document(text, "InvalidParameter.PolicyGrammar")
    return text
