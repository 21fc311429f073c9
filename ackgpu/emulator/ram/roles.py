"""RAM roles: who may take them is in their trust policy (AssumeRolePolicyDocument)."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import PRODUCT, entities, presets
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

SESSION_SECONDS = (3600, 43200)


@PRODUCT.operation("CreateRole", writes=True, idempotent_by_token=False)
def create_role(call: Call) -> dict[str, Any]:
    """CreateRole."""
    name = entities.name_given(call, "RoleName")
    if presets.find_role(call.docs, name, entities.missing_roles(call)) is not None:
        raise ApiError("EntityAlreadyExists.Role", f"The role {name} exists.", 409)
    trust = call.params.required("AssumeRolePolicyDocument")
    entities.policy_document(trust)
    limits.refuse_over(call, "ram_roles", call.docs.count(entities.ROLE, at=call.now))
    body = {
        "RoleId": entities.new_number(call),
        "AssumeRolePolicyDocument": trust,
        "Description": call.params.text("Description"),
        "MaxSessionDuration": _duration(call, "MaxSessionDuration", SESSION_SECONDS[0]),
        "Policies": {},
        "updated": call.now,
    }
    doc = call.docs.put(Doc(entities.ROLE, name, name=name, created_at=call.now, body=body))
    return {"Role": _shown(call, doc) | {"AssumeRolePolicyDocument": trust}}


def _duration(call: Call, name: str, default: int) -> int:
    low, high = SESSION_SECONDS
    return call.params.integer(name, default, low=low, high=high)


def role_arn(call: Call, name: str) -> str:
    """The role's resource name."""
    return f"acs:ram::{call.caller.account_id}:role/{name}"


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "RoleName": doc.id,
        "RoleId": doc.body["RoleId"],
        "Arn": role_arn(call, doc.id),
        "Description": doc.body["Description"],
        "MaxSessionDuration": doc.body["MaxSessionDuration"],
        "CreateDate": stamp(call, doc.created_at),
    }


def _whole(call: Call, doc: Doc) -> dict[str, Any]:
    return _shown(call, doc) | {
        "AssumeRolePolicyDocument": doc.body["AssumeRolePolicyDocument"],
        "UpdateDate": stamp(call, doc.body["updated"]),
    }


@PRODUCT.operation("GetRole")
def get_role(call: Call) -> dict[str, Any]:
    """GetRole."""
    return {"Role": _whole(call, entities.role(call, call.params.required("RoleName")))}


@PRODUCT.operation("ListRoles")
def list_roles(call: Call) -> dict[str, Any]:
    """ListRoles, by Marker."""
    found = presets.all_roles(call.docs, entities.missing_roles(call))
    docs, more = entities.marker_page(call, found)
    rows = [_shown(call, doc) | {"UpdateDate": stamp(call, doc.body["updated"])} for doc in docs]
    return {"Roles": {"Role": rows}, **more}


@PRODUCT.operation("UpdateRole", writes=True, idempotent_by_token=False)
def update_role(call: Call) -> dict[str, Any]:
    """UpdateRole: what is named changes, the rest stays."""
    doc = entities.role(call, call.params.required("RoleName"))
    trust = call.params.text("NewAssumeRolePolicyDocument")
    if trust:
        entities.policy_document(trust)
        doc.body["AssumeRolePolicyDocument"] = trust
    doc.body["Description"] = call.params.get("NewDescription", doc.body["Description"])
    longest = doc.body["MaxSessionDuration"]
    doc.body["MaxSessionDuration"] = _duration(call, "NewMaxSessionDuration", longest)
    doc.body["updated"] = call.now
    return {"Role": _whole(call, call.docs.put(doc))}


@PRODUCT.operation("DeleteRole", writes=True, idempotent_by_token=False)
def delete_role(call: Call) -> None:
    """DeleteRole: refused while policies are attached (DeleteConflict.Role.Policy, 409)."""
    doc = entities.role(call, call.params.required("RoleName"))
    if doc.body["Policies"]:
        raise ApiError("DeleteConflict.Role.Policy", f"{doc.id} has policies.", 409)
    doc.deleted_at = call.now
    call.docs.put(doc)
