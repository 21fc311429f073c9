"""What an account has from the beginning: the system policies and the service roles.

They are no documents until somebody changes them. A scenario's ``missing_roles`` lists the
service roles that nobody has authorised yet.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc, Transaction

ROLE = "ramrole"


def system_policy(name: str) -> dict[str, Any] | None:
    """The system policy of that name: ``{description, statements}``."""
    policy: dict[str, Any] | None = table("ram")["policies"].get(name)
    return policy


def system_policy_names() -> list[str]:
    """The names of every system policy."""
    return list(table("ram")["policies"])


def document(policy: dict[str, Any]) -> str:
    """A system policy's document, as JSON text."""
    return json.dumps({"Version": "1", "Statement": policy["statements"]})


def find_role(session: Transaction, name: str, missing: tuple[str, ...] = ()) -> Doc | None:
    """The role, whether somebody made it or it is a service role that has been authorised."""
    doc = session.get(ROLE, name)
    if doc is not None:
        return doc if doc.deleted_at is None else None
    row = next((row for row in table("ram")["service_roles"] if row["name"] == name), None)
    return None if row is None or name in missing else _service_role(row)


def all_roles(session: Transaction, missing: tuple[str, ...] = ()) -> list[Doc]:
    """Every role, by name."""
    names = {doc.id for doc in session.find(ROLE)}
    names |= {row["name"] for row in table("ram")["service_roles"]}
    found = (find_role(session, name, missing) for name in sorted(names))
    return [doc for doc in found if doc is not None]


def _service_role(row: dict[str, str]) -> Doc:
    name = row["name"]
    trust = {
        "Version": "1",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"Service": [row["service"]]},
            }
        ],
    }
    body = {
        "RoleId": _role_id(name),
        "AssumeRolePolicyDocument": json.dumps(trust),
        "Description": "",
        "MaxSessionDuration": 3600,
        "Policies": {f"System/{name}Policy": 0.0},
        "updated": 0.0,
    }
    return Doc(ROLE, name, name=name, body=body)


def _role_id(name: str) -> str:
    """A stable number of 18 digits, derived from the name."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big")
    return f"3{digest % 10**17:017}"
