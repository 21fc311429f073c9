"""RAM users who may do what ``policy generate`` wrote, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from support.cli import Cli

from tests.cli.machines import as_user_with

LIFE = ("create", "verify", "delete")
LINKING = "ram:CreateServiceLinkedRole"
OLD_LIST = {"cs:DescribeClustersV1", "cs:GetClusters"}
"""Asked where the new list is not known."""
NO_TAGS = {"vpc:ListTagResources"}
"""Asked where a NAT gateway shows no tags."""
LINKS_NAT = {"StringEquals": {"ram:ServiceName": "nat.aliyuncs.com"}}


def generated(cli: Cli, purpose: str, *flags: str) -> list[str]:
    """The actions of a policy; the one with a condition has it."""
    policy = json.loads(cli.ok("policy", "generate", "--for", purpose, *flags).out)
    actions: list[str] = []
    for statement in policy["Statement"]:
        assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
        assert ("Condition" in statement) is (statement["Action"] == [LINKING])
        actions += statement["Action"]
    return actions


def for_a_life(cli: Cli, *flags: str) -> set[str]:
    """The actions of creating, verifying and deleting."""
    return {action for purpose in LIFE for action in generated(cli, purpose, *flags)}


def as_user_of(cli: Cli, actions: Iterable[str]) -> dict[str, str]:
    """The environment of a RAM user who may do ``actions``."""
    plain = [action for action in actions if action != LINKING]
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": plain, "Resource": "*"}]
    if LINKING in actions:
        linking = {"Effect": "Allow", "Action": [LINKING], "Resource": "*", "Condition": LINKS_NAT}
        statements.append(linking)
    return as_user_with(cli, *statements)


def without(cli: Cli, action: str, *flags: str) -> dict[str, str]:
    """The environment of a user who may do all of a life, but for one action of it."""
    actions = for_a_life(cli, *flags)
    assert action in actions
    return as_user_of(cli, actions - {action})
