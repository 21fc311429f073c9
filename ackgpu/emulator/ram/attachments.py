"""Policies attached to users and to roles."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import PRODUCT, entities
from ackgpu.emulator.ram.policies import default_version, find_policy, policy
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc


def _attached(call: Call, holder: Doc) -> dict[str, Any]:
    found = [(find_policy(call, one), at) for one, at in holder.body["Policies"].items()]
    rows = [
        {
            "PolicyName": doc.name,
            "PolicyType": doc.id.partition("/")[0],
            "Description": doc.body["Description"],
            "DefaultVersion": default_version(doc),
            "AttachDate": stamp(call, at),
        }
        for doc, at in found
        if doc is not None
    ]
    return {"Policies": {"Policy": rows}}


@PRODUCT.operation("ListPoliciesForRole")
def list_policies_for_role(call: Call) -> dict[str, Any]:
    """ListPoliciesForRole: all of them, without pages."""
    return _attached(call, entities.role(call, call.params.required("RoleName")))


@PRODUCT.operation("ListPoliciesForUser")
def list_policies_for_user(call: Call) -> dict[str, Any]:
    """ListPoliciesForUser: all of them, without pages."""
    return _attached(call, entities.user(call, call.params.required("UserName")))


def _attach(call: Call, holder: Doc, what: str, limit_name: str) -> None:
    policy_id = policy(call).id
    if policy_id in holder.body["Policies"]:
        raise ApiError(
            f"EntityAlreadyExists.{what}.Policy", f"{policy_id} is attached already.", 409
        )
    if len(holder.body["Policies"]) >= limits.limit(call, limit_name):
        raise ApiError(f"LimitExceeded.{what}.Policy", "The limit of policies is reached.", 409)
    holder.body["Policies"][policy_id] = call.now
    call.docs.put(holder)


def _detach(call: Call, holder: Doc, what: str) -> None:
    policy_id = policy(call).id
    if holder.body["Policies"].pop(policy_id, None) is None:
        raise entities.not_found(f"{what}.Policy", policy_id)
    call.docs.put(holder)


@PRODUCT.operation("AttachPolicyToRole", writes=True, idempotent_by_token=False)
def attach_policy_to_role(call: Call) -> None:
    """AttachPolicyToRole."""
    holder = entities.role(call, call.params.required("RoleName"))
    _attach(call, holder, "Role", "policies_per_role")


@PRODUCT.operation("DetachPolicyFromRole", writes=True, idempotent_by_token=False)
def detach_policy_from_role(call: Call) -> None:
    """DetachPolicyFromRole."""
    _detach(call, entities.role(call, call.params.required("RoleName")), "Role")


@PRODUCT.operation("AttachPolicyToUser", writes=True, idempotent_by_token=False)
def attach_policy_to_user(call: Call) -> None:
    """AttachPolicyToUser."""
    holder = entities.user(call, call.params.required("UserName"))
    _attach(call, holder, "User", "policies_per_user")


@PRODUCT.operation("DetachPolicyFromUser", writes=True, idempotent_by_token=False)
def detach_policy_from_user(call: Call) -> None:
    """DetachPolicyFromUser."""
    _detach(call, entities.user(call, call.params.required("UserName")), "User")
