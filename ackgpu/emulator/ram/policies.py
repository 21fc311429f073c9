"""RAM policies, system and custom, and what they are attached to."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator import limits
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import entities, presets
from ackgpu.emulator.ram.product import PRODUCT
from ackgpu.emulator.ram.roles import role_arn
from ackgpu.emulator.store import Doc

VERSION = "v1"


@PRODUCT.operation("CreatePolicy", writes=True, tokened=False)
def create_policy(call: Call) -> dict[str, Any]:
    """CreatePolicy: a custom one."""
    name = entities.name_given(call, "PolicyName")
    text = call.params.required("PolicyDocument")
    entities.policy_document(text)
    old = call.docs.get(entities.POLICY, f"Custom/{name}")
    taken = old is not None and old.alive(call.now)
    if taken or presets.system_policy(name):
        raise ApiError("EntityAlreadyExists.Policy", f"The policy {name} exists.", 409)
    limits.refuse_over(
        call,
        "ram_policies",
        call.docs.count(entities.POLICY, at=call.now),
        1,
        "LimitExceeded.Policy",
        "The limit of policies is reached.",
        409,
    )
    body = {"PolicyDocument": text, "Description": call.params.text("Description")}
    doc = Doc(entities.POLICY, f"Custom/{name}", name=name, born=call.now, body=body)
    return {"Policy": _shown(call, call.docs.put(doc))}


def _policy(call: Call) -> Doc:
    """The policy that PolicyType and PolicyName name."""
    kind, name = call.params.required("PolicyType"), call.params.required("PolicyName")
    if kind not in {"System", "Custom"}:
        raise ApiError("InvalidParameter.PolicyType", "PolicyType is System or Custom.")
    doc = _find(call, f"{kind}/{name}")
    if doc is None:
        raise entities.not_found("Policy", name)
    return doc


def _find(call: Call, policy_id: str) -> Doc | None:
    kind, _, name = policy_id.partition("/")
    if kind == "Custom":
        doc = call.docs.get(entities.POLICY, policy_id)
        return doc if doc is not None and doc.alive(call.now) else None
    system = presets.system_policy(name)
    if system is None:
        return None
    body = {"PolicyDocument": presets.document(system), "Description": system["description"]}
    return Doc(entities.POLICY, policy_id, name=name, body=body)


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "PolicyName": doc.name,
        "PolicyType": doc.id.partition("/")[0],
        "Description": doc.body["Description"],
        "DefaultVersion": VERSION,
        "CreateDate": entities.text_of(call, doc.born),
    }


def _holders(call: Call, policy_id: str) -> tuple[list[Doc], list[Doc]]:
    """The users and the roles that a policy is attached to."""
    users = call.docs.find(entities.USER, at=call.now)
    roles = presets.all_roles(call.docs, entities.missing_roles(call))
    return (
        [doc for doc in users if policy_id in doc.body["Policies"]],
        [doc for doc in roles if policy_id in doc.body["Policies"]],
    )


def _counted(call: Call, doc: Doc) -> dict[str, Any]:
    users, roles = _holders(call, doc.id)
    updated = entities.text_of(call, doc.born)
    return {"AttachmentCount": len(users) + len(roles), "UpdateDate": updated}


def _version(call: Call, doc: Doc) -> dict[str, Any]:
    return {
        "VersionId": VERSION,
        "IsDefaultVersion": True,
        "PolicyDocument": doc.body["PolicyDocument"],
        "CreateDate": entities.text_of(call, doc.born),
    }


@PRODUCT.operation("GetPolicy")
def get_policy(call: Call) -> dict[str, Any]:
    """GetPolicy, with its default version."""
    doc = _policy(call)
    shown = _shown(call, doc) | _counted(call, doc) | {"PolicyDocument": doc.body["PolicyDocument"]}
    return {"Policy": shown, "DefaultPolicyVersion": _version(call, doc)}


@PRODUCT.operation("GetPolicyVersion")
def get_policy_version(call: Call) -> dict[str, Any]:
    """GetPolicyVersion: there is the first version alone."""
    doc = _policy(call)
    if call.params.required("VersionId") != VERSION:
        raise entities.not_found("Policy.Version", call.params["VersionId"])
    return {"PolicyVersion": _version(call, doc)}


@PRODUCT.operation("ListPolicies")
def list_policies(call: Call) -> dict[str, Any]:
    """ListPolicies, by Marker, of one PolicyType where it is given."""
    kind = call.params.text("PolicyType")
    ids = [doc.id for doc in call.docs.find(entities.POLICY, at=call.now)]
    ids += [f"System/{name}" for name in presets.system_policy_names()]
    wanted = [one for one in ids if not kind or one.startswith(f"{kind}/")]
    page, more = entities.marker_page(call, wanted)
    docs = [doc for doc in (_find(call, one) for one in page) if doc is not None]
    rows = [_shown(call, doc) | _counted(call, doc) for doc in docs]
    return {"Policies": {"Policy": rows}, **more}


@PRODUCT.operation("DeletePolicy", writes=True, tokened=False)
def delete_policy(call: Call) -> dict[str, Any]:
    """DeletePolicy: a custom one that nobody has."""
    name = call.params.required("PolicyName")
    doc = _find(call, f"Custom/{name}")
    if doc is None:
        raise entities.not_found("Policy", name)
    users, roles = _holders(call, doc.id)
    if users or roles:
        kind = "User" if users else "Role"
        raise ApiError(f"DeleteConflict.Policy.{kind}", f"{name} is attached.", 409)
    doc.gone = call.now
    call.docs.put(doc)
    return {}


@PRODUCT.operation("ListEntitiesForPolicy")
def list_entities_for_policy(call: Call) -> dict[str, Any]:
    """ListEntitiesForPolicy: users and roles; groups are not emulated."""
    doc = _policy(call)
    users, roles = _holders(call, doc.id)
    user_rows = [
        {
            "UserName": one.id,
            "UserId": one.body["UserId"],
            "DisplayName": one.body["DisplayName"],
            "AttachDate": entities.text_of(call, one.body["Policies"][doc.id]),
        }
        for one in users
    ]
    role_rows = [
        {
            "RoleName": one.id,
            "RoleId": one.body["RoleId"],
            "Description": one.body["Description"],
            "Arn": role_arn(call, one.id),
            "AttachDate": entities.text_of(call, one.body["Policies"][doc.id]),
        }
        for one in roles
    ]
    lists = {"Users": {"User": user_rows}, "Roles": {"Role": role_rows}}
    return lists | {"Groups": {"Group": []}}


def _attached(call: Call, holder: Doc) -> dict[str, Any]:
    found = [(_find(call, one), at) for one, at in holder.body["Policies"].items()]
    rows = [
        {
            "PolicyName": doc.name,
            "PolicyType": doc.id.partition("/")[0],
            "Description": doc.body["Description"],
            "DefaultVersion": VERSION,
            "AttachDate": entities.text_of(call, at),
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


def _attach(call: Call, holder: Doc, what: str, limit_name: str) -> dict[str, Any]:
    policy_id = _policy(call).id
    if policy_id in holder.body["Policies"]:
        raise ApiError(
            f"EntityAlreadyExists.{what}.Policy", f"{policy_id} is attached already.", 409
        )
    limits.refuse_over(
        call,
        limit_name,
        len(holder.body["Policies"]),
        1,
        f"LimitExceeded.{what}.Policy",
        "The limit of policies is reached.",
        409,
    )
    holder.body["Policies"][policy_id] = call.now
    call.docs.put(holder)
    return {}


def _detach(call: Call, holder: Doc, what: str) -> dict[str, Any]:
    policy_id = _policy(call).id
    if holder.body["Policies"].pop(policy_id, None) is None:
        raise entities.not_found(f"{what}.Policy", policy_id)
    call.docs.put(holder)
    return {}


@PRODUCT.operation("AttachPolicyToRole", writes=True, tokened=False)
def attach_policy_to_role(call: Call) -> dict[str, Any]:
    """AttachPolicyToRole."""
    holder = entities.role(call, call.params.required("RoleName"))
    return _attach(call, holder, "Role", "policies_per_role")


@PRODUCT.operation("DetachPolicyFromRole", writes=True, tokened=False)
def detach_policy_from_role(call: Call) -> dict[str, Any]:
    """DetachPolicyFromRole."""
    return _detach(call, entities.role(call, call.params.required("RoleName")), "Role")


@PRODUCT.operation("AttachPolicyToUser", writes=True, tokened=False)
def attach_policy_to_user(call: Call) -> dict[str, Any]:
    """AttachPolicyToUser."""
    holder = entities.user(call, call.params.required("UserName"))
    return _attach(call, holder, "User", "policies_per_user")


@PRODUCT.operation("DetachPolicyFromUser", writes=True, tokened=False)
def detach_policy_from_user(call: Call) -> dict[str, Any]:
    """DetachPolicyFromUser."""
    return _detach(call, entities.user(call, call.params.required("UserName")), "User")
