"""The emulated account: its well-known keys, kept with the state, and whose key is whose.

The root key is no secret: it opens nothing but an emulator on loopback.
"""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.emulator.operation import Caller
from ackgpu.emulator.store import Transaction

ACCOUNT_ID = "1234567890123456"
ACCESS_KEY_ID = "LTAI5tEmulatorKey000001"
ACCESS_KEY_SECRET = "EmulatorSecret0123456789abcdef"  # noqa: S105 -- opens an emulator, no account
REGION = "cn-hangzhou"
RESOURCE_GROUP = "rg-acfmx2emulated0"
"""The default resource group; no operation moves a resource to another."""


@dataclass(frozen=True)
class Key:
    """An access key that exists. ``token`` is the security token that must come with it.

    ``expires`` in emulated seconds, None for keys that last.
    """

    secret: str
    caller: Caller
    active: bool = True
    token: str = ""
    expires: float | None = None


def find_key(session: Transaction, access_key_id: str, now: float) -> Key | None:
    """The key of that id: the account's own, a RAM user's, or a temporary one."""
    if access_key_id == ACCESS_KEY_ID:
        return Key(ACCESS_KEY_SECRET, root(access_key_id))
    doc = session.get("accesskey", access_key_id)
    if doc is not None and doc.alive(now):
        name = str(doc.body.get("UserName", ""))
        caller = _user(access_key_id, name) if name else root(access_key_id)
        active = doc.body.get("Status", "Active") == "Active"
        return Key(doc.body["AccessKeySecret"], caller, active)
    doc = session.get("ststoken", access_key_id)
    if doc is None:
        return None
    body = doc.body
    return Key(
        body["AccessKeySecret"],
        _assumed_role(access_key_id, body),
        token=body["SecurityToken"],
        expires=float(body["Expiration"]),
    )


def root(access_key_id: str) -> Caller:
    """The account itself."""
    return Caller(access_key_id, ACCOUNT_ID, "Account", "root", f"acs:ram::{ACCOUNT_ID}:root")


def _user(access_key_id: str, name: str) -> Caller:
    return Caller(access_key_id, ACCOUNT_ID, "RAMUser", name, f"acs:ram::{ACCOUNT_ID}:user/{name}")


def _assumed_role(access_key_id: str, body: dict[str, object]) -> Caller:
    role_arn, session_name = str(body.get("RoleArn", "")), str(body.get("RoleSessionName", ""))
    role = role_arn.rpartition("/")[2]
    arn = str(body.get("Arn") or f"acs:ram::{ACCOUNT_ID}:assumed-role/{role}/{session_name}")
    return Caller(access_key_id, ACCOUNT_ID, "AssumedRoleUser", role, arn)
