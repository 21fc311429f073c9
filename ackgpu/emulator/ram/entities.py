"""Finding RAM's entities, and how RAM refuses.

RAM is global: its documents have no region, and their ids are their names (a custom policy's is
``Custom/name``). ``body["Policies"]`` of a user or role is ``{"System/name": attached at}``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.ram import presets
from ackgpu.emulator.store import Doc

USER, ROLE, POLICY, KEY = "ramuser", "ramrole", "rampolicy", "accesskey"
NAMES = {
    "UserName": re.compile(r"[A-Za-z0-9._-]{1,64}"),
    "NewUserName": re.compile(r"[A-Za-z0-9._-]{1,64}"),
    "RoleName": re.compile(r"[A-Za-z0-9.-]{1,64}"),
    "PolicyName": re.compile(r"[A-Za-z0-9-]{1,128}"),
}
MAX_ITEMS = 1000


def name_given(call: Call, parameter: str) -> str:
    """The name in a parameter; RAM refuses another alphabet with InvalidParameter.… (400)."""
    name = call.params.required(parameter)
    if not NAMES[parameter].fullmatch(name):
        raise ApiError(
            f"InvalidParameter.{parameter}.InvalidChars", f"The {parameter} {name} is not valid."
        )
    return name


def not_found(what: str, name: str) -> ApiError:
    """EntityNotExist.…, 404."""
    return ApiError(f"EntityNotExist.{what}", f"The {what.lower()} {name} does not exist.", 404)


def user(call: Call, name: str) -> Doc:
    """The RAM user of that name."""
    doc = call.docs.get(USER, name)
    if doc is None or not doc.alive(call.now):
        raise not_found("User", name)
    return doc


def role(call: Call, name: str) -> Doc:
    """The role of that name, a service role among them."""
    doc = presets.find_role(call.docs, name, missing_roles(call))
    if doc is None:
        raise not_found("Role", name)
    return doc


def missing_roles(call: Call) -> tuple[str, ...]:
    """The service roles that the scenario leaves out."""
    return tuple(call.settings.get("missing_roles", ()))


def new_number(call: Call) -> str:
    """A fresh number of 18 digits, such as RAM's ids are."""
    return str(call.rng.randrange(10**17, 10**18))


def policy_document(text: str, code: str = "MalformedPolicyDocument") -> dict[str, Any]:
    """The policy as an object; refuses what is no policy of version 1."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("Version") != "1" or not statements:
        raise ApiError(code, "The policy document is not valid.")
    if not isinstance(statements, list) or not all(_is_statement(one) for one in statements):
        raise ApiError(code, "A statement of the policy document is not valid.")
    return document


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.get("Effect") in {"Allow", "Deny"}
        and ("Action" in statement or "NotAction" in statement)
    )


def marker_page(call: Call, rows: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """One page by Marker and MaxItems; IsTruncated, and the Marker where there is more."""
    size = call.params.integer("MaxItems", 100, low=1, high=MAX_ITEMS)
    marker = call.params.text("Marker", "0")
    if not marker.isdecimal():
        raise ApiError("InvalidParameter.Marker", "The Marker is not valid.")
    following = int(marker) + size
    page = rows[int(marker) : following]
    if following >= len(rows):
        return page, {"IsTruncated": False}
    return page, {"IsTruncated": True, "Marker": str(following)}
