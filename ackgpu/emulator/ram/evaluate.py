"""Whether RAM lets a caller do something: deny wins, and what nobody allows is denied.

A request names its resource only down to the product (``acs:ecs:cn-hangzhou:<account>:*``), so an
Allow that is limited to some of the product's resources counts, and a Deny that is does not. Of
conditions StringEquals is known; one on anything that is not known of the request is read the safe
way: as an Allow it does not count, as a Deny it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ackgpu.emulator.operation import Caller
from ackgpu.emulator.ram import presets
from ackgpu.emulator.store import Transaction

PARTS = 5
Statement = Mapping[str, Any]


class AccessRequest(NamedTuple):
    """What is to be done on what, and what is known of it besides, by condition key."""

    action: str
    resource: str
    known: Mapping[str, str]


def decide(
    session: Transaction,
    caller: Caller,
    action: str,
    resource: str,
    known: Mapping[str, str] | None = None,
) -> bool:
    """Whether ``caller`` may do ``action`` (``ecs:RunInstances``) on ``resource``.

    ``known`` are values of condition keys.
    The account itself may do everything. A temporary key may do what both its role and the
    policy given with AssumeRole allow.
    """
    if caller.kind == "Account":
        return True
    asked = AccessRequest(action, resource, known or {})
    if not _allowed(list(_statements(session, caller)), asked):
        return False
    narrower = _session_policy(session, caller)
    return not narrower or _allowed(narrower, asked)


def _allowed(statements: list[Statement], asked: AccessRequest) -> bool:
    relevant = [one for one in statements if _concerns(one, asked)]
    effects = {one["Effect"] for one in relevant}
    return "Allow" in effects and "Deny" not in effects


def _concerns(statement: Statement, asked: AccessRequest) -> bool:
    action, resource, known = asked
    allows = statement["Effect"] == "Allow"
    if not _holds(statement.get("Condition") or {}, known, otherwise=not allows):
        return False
    if "NotAction" in statement:
        acts = not any(_matches(one, action) for one in _list(statement["NotAction"]))
    else:
        acts = any(_matches(one, action) for one in _list(statement.get("Action", [])))
    patterns = _list(statement.get("Resource", "*"))
    return acts and any(_covers(one, resource, loosely=allows) for one in patterns)


def _holds(
    condition: Mapping[str, Mapping[str, Any]], known: Mapping[str, str], *, otherwise: bool
) -> bool:
    """Whether a condition holds; ``otherwise`` where that cannot be told."""
    for operator, wanted in condition.items():
        if operator != "StringEquals" or not set(wanted) <= set(known):
            return otherwise
        if any(known[key] not in _list(values) for key, values in wanted.items()):
            return False
    return True


def _covers(pattern: str, resource: str, *, loosely: bool) -> bool:
    """Whether a Resource covers the requested one; ``loosely``: covering a part is enough."""
    if pattern == "*" or _matches(pattern, resource):
        return True
    own, asked = pattern.split(":", PARTS - 1), resource.split(":", PARTS - 1)
    if not loosely or len(own) < PARTS or asked[-1] != "*":
        return False
    return all(_matches(one, other) for one, other in zip(own[:-1], asked[:-1], strict=True))


def _matches(pattern: str, text: str) -> bool:
    """Case does not count; ``*`` stands for anything and ``?`` for one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.IGNORECASE) is not None


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _statements(session: Transaction, caller: Caller) -> Iterator[Statement]:
    """The statements of every policy that the user or role has."""
    if caller.kind == "RAMUser":
        holder = session.get("ramuser", caller.name)
        alive = holder is not None and holder.deleted_at is None
    else:
        holder = presets.find_role(session, caller.name)
        alive = holder is not None
    if holder is None or not alive:
        return
    for policy_id in holder.body["Policies"]:
        yield from _policy_statements(session, policy_id)


def _policy_statements(session: Transaction, policy_id: str) -> list[Statement]:
    kind, _, name = policy_id.partition("/")
    if kind == "System":
        statements: list[Statement] = (presets.system_policy(name) or {}).get("statements", [])
        return statements
    doc = session.get("rampolicy", policy_id)
    if doc is None or doc.deleted_at is not None:
        return []
    own: list[Statement] = json.loads(doc.body["PolicyDocument"])["Statement"]
    return own


def _session_policy(session: Transaction, caller: Caller) -> list[Statement]:
    doc = session.get("ststoken", caller.access_key_id)
    if doc is None or not doc.body.get("Policy"):
        return []
    statements: list[Statement] = json.loads(doc.body["Policy"])["Statement"]
    return statements
