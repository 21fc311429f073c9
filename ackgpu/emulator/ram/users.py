"""RAM users and their access keys."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import PRODUCT, entities
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

TEXTS = ("DisplayName", "MobilePhone", "Email", "Comments")
NEW = {
    "NewDisplayName": "DisplayName",
    "NewMobilePhone": "MobilePhone",
    "NewEmail": "Email",
    "NewComments": "Comments",
}
"""What UpdateUser calls them."""


@PRODUCT.operation("CreateUser", writes=True, idempotent_by_token=False)
def create_user(call: Call) -> dict[str, Any]:
    """CreateUser."""
    name = _free_name(call, "UserName")
    limits.refuse_over(call, "ram_users", call.docs.count(entities.USER, at=call.now))
    body: dict[str, Any] = {text: call.params.text(text) for text in TEXTS}
    body |= {"UserId": entities.new_number(call), "Policies": {}, "updated": call.now}
    doc = call.docs.put(Doc(entities.USER, name, name=name, created_at=call.now, body=body))
    return {"User": _shown(call, doc)}


def _shown(call: Call, doc: Doc) -> dict[str, Any]:
    shown = {text: doc.body[text] for text in TEXTS}
    created = stamp(call, doc.created_at)
    return shown | {"UserName": doc.id, "UserId": doc.body["UserId"], "CreateDate": created}


def _updated(call: Call, doc: Doc) -> dict[str, Any]:
    return {"UpdateDate": stamp(call, doc.body["updated"])}


@PRODUCT.operation("GetUser")
def get_user(call: Call) -> dict[str, Any]:
    """GetUser."""
    doc = entities.user(call, call.params.required("UserName"))
    return {"User": _shown(call, doc) | _updated(call, doc) | {"LastLoginDate": ""}}


@PRODUCT.operation("ListUsers")
def list_users(call: Call) -> dict[str, Any]:
    """ListUsers, by Marker."""
    docs, more = entities.marker_page(call, call.docs.find(entities.USER, at=call.now))
    return {"Users": {"User": [_shown(call, doc) | _updated(call, doc) for doc in docs]}, **more}


@PRODUCT.operation("UpdateUser", writes=True, idempotent_by_token=False)
def update_user(call: Call) -> dict[str, Any]:
    """UpdateUser: what is given changes; a new name keeps the id, the keys and the policies."""
    doc = entities.user(call, call.params.required("UserName"))
    for parameter, text in NEW.items():
        doc.body[text] = call.params.get(parameter, doc.body[text])
    doc.body["updated"] = call.now
    if call.params.text("NewUserName", doc.id) != doc.id:
        doc = _renamed(call, doc)
    call.docs.put(doc)
    return {"User": _shown(call, doc) | _updated(call, doc)}


def _renamed(call: Call, doc: Doc) -> Doc:
    """The user under NewUserName; the old name is free from now."""
    name = _free_name(call, "NewUserName")
    for key in call.docs.find(entities.KEY, at=call.now, scope=doc.id):
        key.scope = key.body["UserName"] = name
        call.docs.put(key)
    new = Doc(entities.USER, name, name=name, created_at=doc.created_at, body=dict(doc.body))
    doc.deleted_at = call.now
    call.docs.put(doc)
    return new


def _free_name(call: Call, parameter: str) -> str:
    name = entities.name_given(call, parameter)
    old = call.docs.get(entities.USER, name)
    if old is not None and old.alive(call.now):
        raise ApiError("EntityAlreadyExists.User", f"The user {name} exists.", 409)
    return name


@PRODUCT.operation("DeleteUser", writes=True, idempotent_by_token=False)
def delete_user(call: Call) -> None:
    """DeleteUser: refused while it has keys or policies."""
    doc = entities.user(call, call.params.required("UserName"))
    if call.docs.find(entities.KEY, at=call.now, scope=doc.id):
        raise ApiError("DeleteConflict.User.AccessKey", f"{doc.id} has access keys.", 409)
    if doc.body["Policies"]:
        raise ApiError("DeleteConflict.User.Policy", f"{doc.id} has policies.", 409)
    doc.deleted_at = call.now
    call.docs.put(doc)


def _owner(call: Call) -> str:
    """Whose keys a request is about: the named user's, else the caller's own."""
    name = call.params.text("UserName")
    if name:
        return entities.user(call, name).id
    return call.caller.name if call.caller.kind == "RAMUser" else ""


@PRODUCT.operation("CreateAccessKey", writes=True, idempotent_by_token=False)
def create_access_key(call: Call) -> dict[str, Any]:
    """CreateAccessKey: the secret is shown this once."""
    owner = _owner(call)
    limits.refuse_over(
        call, "access_keys_per_user", len(call.docs.find(entities.KEY, at=call.now, scope=owner))
    )
    key_id, secret = call.new_id("LTAI5t", 18), call.new_id("", 30)
    body = {"AccessKeySecret": secret, "Status": "Active", "UserName": owner}
    doc = Doc(entities.KEY, key_id, scope=owner, created_at=call.now, body=body)
    return {"AccessKey": _key(call, call.docs.put(doc)) | {"AccessKeySecret": secret}}


def _key(call: Call, doc: Doc) -> dict[str, Any]:
    created = stamp(call, doc.created_at)
    return {"AccessKeyId": doc.id, "Status": doc.body["Status"], "CreateDate": created}


@PRODUCT.operation("ListAccessKeys")
def list_access_keys(call: Call) -> dict[str, Any]:
    """ListAccessKeys of a user, without their secrets."""
    docs = call.docs.find(entities.KEY, at=call.now, scope=_owner(call))
    return {"AccessKeys": {"AccessKey": [_key(call, doc) for doc in docs]}}


def _own_key(call: Call) -> Doc:
    key_id = call.params.required("UserAccessKeyId")
    doc = call.docs.get(entities.KEY, key_id)
    if doc is None or not doc.alive(call.now) or doc.scope != _owner(call):
        raise entities.not_found("User.AccessKey", key_id)
    return doc


@PRODUCT.operation("UpdateAccessKey", writes=True, idempotent_by_token=False)
def update_access_key(call: Call) -> None:
    """UpdateAccessKey: Active or Inactive."""
    status = call.params.required("Status")
    if status not in {"Active", "Inactive"}:
        raise invalid("Status")
    doc = _own_key(call)
    doc.body["Status"] = status
    call.docs.put(doc)


@PRODUCT.operation("DeleteAccessKey", writes=True, idempotent_by_token=False)
def delete_access_key(call: Call) -> None:
    """DeleteAccessKey."""
    doc = _own_key(call)
    doc.deleted_at = call.now
    call.docs.put(doc)


@PRODUCT.operation("GetAccountAlias")
def get_account_alias(call: Call) -> dict[str, Any]:
    """GetAccountAlias: the account's id until somebody sets another."""
    return {"AccountAlias": call.caller.account_id}
