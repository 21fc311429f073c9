"""Whether RAM lets a caller do something: deny wins, and what nobody allows is denied.

A request names its resource only down to the product (``acs:ecs:cn-hangzhou:<account>:*``), so an
Allow that is limited to some of the product's resources counts, and a Deny that is does not. A
statement with a Condition is read the safe way: as an Allow it does not count, as a Deny it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ackgpu.emulator.operation import Caller
from ackgpu.emulator.ram import presets
from ackgpu.emulator.store import Session

PARTS = 5
Statement = Mapping[str, Any]


def decide(session: Session, caller: Caller, action: str, resource: str) -> bool:
    """Whether ``caller`` may do ``action`` (``ecs:RunInstances``) on ``resource``.

    The account itself may do everything. A temporary key may do what both its role and the
    policy given with AssumeRole allow.
    """
    if caller.kind == "Account":
        return True
    if not _allowed(list(_statements(session, caller)), action, resource):
        return False
    narrower = _session_policy(session, caller)
    return not narrower or _allowed(narrower, action, resource)


def _allowed(statements: list[Statement], action: str, resource: str) -> bool:
    relevant = [one for one in statements if _concerns(one, action, resource)]
    effects = {one["Effect"] for one in relevant}
    return "Allow" in effects and "Deny" not in effects


def _concerns(statement: Statement, action: str, resource: str) -> bool:
    allows = statement["Effect"] == "Allow"
    if allows and statement.get("Condition"):
        return False
    if "NotAction" in statement:
        acts = not any(_matches(one, action) for one in _list(statement["NotAction"]))
    else:
        acts = any(_matches(one, action) for one in _list(statement.get("Action", [])))
    patterns = _list(statement.get("Resource", "*"))
    return acts and any(_covers(one, resource, loosely=allows) for one in patterns)


def _covers(pattern: str, resource: str, *, loosely: bool) -> bool:
    """Whether a Resource covers the one asked for; ``loosely``: covering a part is enough."""
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


def _statements(session: Session, caller: Caller) -> Iterator[Statement]:
    """The statements of every policy that the user or role has."""
    if caller.kind == "RAMUser":
        holder = session.get("ramuser", caller.name)
        alive = holder is not None and holder.gone is None
    else:
        holder = presets.find_role(session, caller.name)
        alive = holder is not None
    if holder is None or not alive:
        return
    for policy_id in holder.body["Policies"]:
        yield from _policy_statements(session, policy_id)


def _policy_statements(session: Session, policy_id: str) -> list[Statement]:
    kind, _, name = policy_id.partition("/")
    if kind == "System":
        statements: list[Statement] = (presets.system_policy(name) or {}).get("statements", [])
        return statements
    doc = session.get("rampolicy", policy_id)
    if doc is None or doc.gone is not None:
        return []
    own: list[Statement] = json.loads(doc.body["PolicyDocument"])["Statement"]
    return own


def _session_policy(session: Session, caller: Caller) -> list[Statement]:
    doc = session.get("ststoken", caller.access_key_id)
    if doc is None or not doc.body.get("Policy"):
        return []
    statements: list[Statement] = json.loads(doc.body["Policy"])["Statement"]
    return statements
