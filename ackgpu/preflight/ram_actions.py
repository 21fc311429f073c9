"""Which RAM actions calls ask for, and which calls checks make: what a least policy is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ackgpu.preflight.check import Check
from ackgpu.preflight.facts import Target
from ackgpu.tables import table

EVERY_RESOURCE = "*"
LINKING = "ram:CreateServiceLinkedRole"
NAT_SERVICE = "nat.aliyuncs.com"


def actions_of(calls: Iterable[str]) -> list[str]:
    """The RAM actions of calls such as ``network.create_vpc``, each once, sorted."""
    rows = table("preflight", "ram")
    found: set[str] = set()
    for call in calls:
        product, _, method = call.partition(".")
        found |= set(rows[product][method])
    return sorted(found)


def policy_of(actions: Sequence[str]) -> dict[str, Any]:
    """A RAM policy document that allows ``actions`` and nothing else.

    A service-linked role may be made for the NAT gateway's service alone (RAM documentation,
    service-linked roles, permissions).
    """
    plain = [action for action in actions if action != LINKING]
    statements: list[dict[str, Any]] = [_allow(plain)]
    if LINKING in actions:
        only = {"StringEquals": {"ram:ServiceName": NAT_SERVICE}}
        statements.append(_allow([LINKING]) | {"Condition": only})
    return {"Version": "1", "Statement": statements}


def _allow(actions: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": EVERY_RESOURCE}


def calls_of(checks: Iterable[Check], target: Target) -> set[str]:
    """The calls that the checks' reads make for ``target``."""
    reads = (asked for check in checks for asked in check.reads(target).values())
    return {name for asked in reads for name in asked.names}
