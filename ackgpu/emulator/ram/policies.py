"""RAM policies, system and custom, and what they are attached to."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import PRODUCT, entities, presets
from ackgpu.emulator.ram.roles import role_arn
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

FIRST = "v1"


@PRODUCT.operation("CreatePolicy", writes=True, idempotent_by_token=False)
def create_policy(call: Call) -> dict[str, Any]:
    """CreatePolicy: a custom one."""
    name = entities.name_given(call, "PolicyName")
    text = call.params.required("PolicyDocument")
    entities.policy_document(text)
    old = call.docs.get(entities.POLICY, f"Custom/{name}")
    taken = old is not None and old.alive(call.now)
    if taken or presets.system_policy(name):
        raise ApiError("EntityAlreadyExists.Policy", f"The policy {name} exists.", 409)
    limits.refuse_over(call, "ram_policies", call.docs.count(entities.POLICY, at=call.now))
    body = {"PolicyDocument": text, "Description": call.params.text("Description")}
    doc = Doc(entities.POLICY, f"Custom/{name}", name=name, created_at=call.now, body=body)
    return {"Policy": _shown(call, call.docs.put(doc))}


def policy(call: Call) -> Doc:
    """The policy that PolicyType and PolicyName name; refuses with EntityNotExist.Policy (404)."""
    kind, name = call.params.required("PolicyType"), call.params.required("PolicyName")
    if kind not in {"System", "Custom"}:
        raise ApiError("InvalidParameter.PolicyType", "PolicyType is System or Custom.")
    doc = find_policy(call, f"{kind}/{name}")
    if doc is None:
        raise entities.not_found("Policy", name)
    return doc


def find_policy(call: Call, policy_id: str) -> Doc | None:
    """The policy of an id such as ``Custom/name``, if there is one."""
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
        "DefaultVersion": default_version(doc),
        "CreateDate": stamp(call, doc.created_at),
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
    updated = max(version["made"] for version in versions(doc).values())
    count = len(users) + len(roles)
    return {"AttachmentCount": count, "UpdateDate": stamp(call, updated)}


def default_version(doc: Doc) -> str:
    """The id of the version that holds; its text is the body's PolicyDocument."""
    return str(doc.body.get("DefaultVersion", FIRST))


def versions(doc: Doc) -> dict[str, dict[str, Any]]:
    """The versions by their ids, oldest first: each one's ``text``, and when it was ``made``."""
    first = {FIRST: {"text": doc.body["PolicyDocument"], "made": doc.created_at}}
    found: dict[str, dict[str, Any]] = doc.body.get("Versions", first)
    return found


def version_row(call: Call, doc: Doc, version_id: str) -> dict[str, Any]:
    """A version as answers show it; refuses one that there is not (404)."""
    found = versions(doc).get(version_id)
    if found is None:
        raise entities.not_found("Policy.Version", version_id)
    return {
        "VersionId": version_id,
        "IsDefaultVersion": version_id == default_version(doc),
        "PolicyDocument": found["text"],
        "CreateDate": stamp(call, found["made"]),
    }


@PRODUCT.operation("GetPolicy")
def get_policy(call: Call) -> dict[str, Any]:
    """GetPolicy, with its default version."""
    doc = policy(call)
    shown = _shown(call, doc) | _counted(call, doc) | {"PolicyDocument": doc.body["PolicyDocument"]}
    return {"Policy": shown, "DefaultPolicyVersion": version_row(call, doc, default_version(doc))}


@PRODUCT.operation("ListPolicies")
def list_policies(call: Call) -> dict[str, Any]:
    """ListPolicies, by Marker, of one PolicyType where it is given."""
    kind = call.params.text("PolicyType")
    ids = [doc.id for doc in call.docs.find(entities.POLICY, at=call.now)]
    ids += [f"System/{name}" for name in presets.system_policy_names()]
    wanted = [one for one in ids if not kind or one.startswith(f"{kind}/")]
    page, more = entities.marker_page(call, wanted)
    docs = [doc for doc in (find_policy(call, one) for one in page) if doc is not None]
    rows = [_shown(call, doc) | _counted(call, doc) for doc in docs]
    return {"Policies": {"Policy": rows}, **more}


def custom_policy(call: Call) -> Doc:
    """The account's own policy that PolicyName names; refuses with EntityNotExist.Policy (404)."""
    name = call.params.required("PolicyName")
    doc = find_policy(call, f"Custom/{name}")
    if doc is None:
        raise entities.not_found("Policy", name)
    return doc


@PRODUCT.operation("DeletePolicy", writes=True, idempotent_by_token=False)
def delete_policy(call: Call) -> None:
    """DeletePolicy: a custom one that nobody has, of one version; or all of it, where asked."""
    doc = custom_policy(call)
    users, roles = _holders(call, doc.id)
    if call.params.boolean("CascadingDelete"):
        for holder in (*users, *roles):
            del holder.body["Policies"][doc.id]
            call.docs.put(holder)
    elif users or roles:
        kind = "User" if users else "Role"
        raise ApiError(f"DeleteConflict.Policy.{kind}", f"{doc.name} is attached.", 409)
    elif len(versions(doc)) > 1:
        raise ApiError("DeleteConflict.Policy.Version", f"{doc.name} has other versions.", 409)
    doc.deleted_at = call.now
    call.docs.put(doc)


@PRODUCT.operation("ListEntitiesForPolicy")
def list_entities_for_policy(call: Call) -> dict[str, Any]:
    """ListEntitiesForPolicy: users and roles; groups are not emulated."""
    doc = policy(call)
    users, roles = _holders(call, doc.id)
    user_rows = [
        {
            "UserName": one.id,
            "UserId": one.body["UserId"],
            "DisplayName": one.body["DisplayName"],
            "AttachDate": stamp(call, one.body["Policies"][doc.id]),
        }
        for one in users
    ]
    role_rows = [
        {
            "RoleName": one.id,
            "RoleId": one.body["RoleId"],
            "Description": one.body["Description"],
            "Arn": role_arn(call, one.id),
            "AttachDate": stamp(call, one.body["Policies"][doc.id]),
        }
        for one in roles
    ]
    lists = {"Users": {"User": user_rows}, "Roles": {"Role": role_rows}}
    return lists | {"Groups": {"Group": []}}
