"""The rules of security groups: authorize and revoke, ingress and egress.

A rule that exists already is accepted without a second copy. Revoking what is not there is refused,
by an id always and by what it allows under the doubt ``absent_rule`` (RevokeSecurityGroup).
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.security_groups import KIND, refuse_managed, security_group
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "gre": "GRE", "all": "ALL"}
"""Taken in any case; answers show them in upper case."""
HIGHEST_PORT = 65535
PRIORITIES = range(1, 101)
MAX_AT_ONCE = 100
SHOWN = (
    "SourceGroupId",
    "DestGroupOwnerAccount",
    "DestPrefixListId",
    "DestPrefixListName",
    "SourceCidrIp",
    "Ipv6DestCidrIp",
    "Ipv6SourceCidrIp",
    "DestGroupId",
    "DestCidrIp",
    "DestGroupName",
    "Description",
    "SourcePrefixListName",
    "SourcePrefixListId",
    "SourceGroupOwnerAccount",
    "SourceGroupName",
    "SourcePortRange",
)
"""What a rule shows as empty text where it was not given."""
SAME = (
    "IpProtocol",
    "PortRange",
    "Policy",
    "Priority",
    "SourceCidrIp",
    "Ipv6SourceCidrIp",
    "SourceGroupId",
    "SourcePrefixListId",
    "DestCidrIp",
    "Ipv6DestCidrIp",
    "DestGroupId",
    "DestPrefixListId",
)
"""Two rules that agree in these are one."""


@PRODUCT.operation("AuthorizeSecurityGroup", writes=True)
def authorize_security_group(call: Call) -> None:
    """AuthorizeSecurityGroup: add ingress rules."""
    _authorize(call, "ingress")


@PRODUCT.operation("AuthorizeSecurityGroupEgress", writes=True)
def authorize_security_group_egress(call: Call) -> None:
    """AuthorizeSecurityGroupEgress: add egress rules."""
    _authorize(call, "egress")


@PRODUCT.operation("RevokeSecurityGroup", writes=True)
def revoke_security_group(call: Call) -> None:
    """RevokeSecurityGroup: take ingress rules away."""
    _revoke(call, "ingress")


@PRODUCT.operation("RevokeSecurityGroupEgress", writes=True)
def revoke_security_group_egress(call: Call) -> None:
    """RevokeSecurityGroupEgress: take egress rules away."""
    _revoke(call, "egress")


def grant(call: Call, group: Doc, direction: str, **permission: str) -> None:
    """Add a rule on a product's own behalf, by the parameters of AuthorizeSecurityGroup."""
    group.body["Rules"].append(rule_of(call, permission, direction))
    call.docs.put(group)


def _authorize(call: Call, direction: str) -> None:
    doc = group_to_change(call)
    for row in _permissions(call):
        rule = rule_of(call, row, direction)
        if not any(same_rule(rule, other) for other in doc.body["Rules"]):
            doc.body["Rules"].append(rule)
    limits.refuse_over(call, "rules_per_security_group", len(doc.body["Rules"]), 0)
    call.docs.put(doc)


def _revoke(call: Call, direction: str) -> None:
    doc = group_to_change(call)
    rules = doc.body["Rules"]
    ids = call.params.listed("SecurityGroupRuleId")
    unknown = set(ids) - {rule["SecurityGroupRuleId"] for rule in rules}
    if unknown:
        raise ApiError(
            "InvalidSecurityGroupRuleId.NotFound",
            "The specified SecurityGroupRuleId is not exists.",
            404,
        )
    going = [] if ids else [rule_of(call, row, direction) for row in _permissions(call)]
    if call.doubt("absent_rule") == "refused":
        _refuse_absent(going, rules)
    doc.body["Rules"] = [
        rule
        for rule in rules
        if rule["SecurityGroupRuleId"] not in ids and not any(same_rule(rule, one) for one in going)
    ]
    call.docs.put(doc)


def _refuse_absent(going: list[dict[str, Any]], rules: list[dict[str, Any]]) -> None:
    if not all(any(same_rule(rule, one) for rule in rules) for one in going):
        raise ApiError(
            "InvalidSecurityGroupRule.RuleNotExist", "The specified rule does not exist."
        )


def group_to_change(call: Call) -> Doc:
    """The group that SecurityGroupId names, which is the account's own to change."""
    doc = security_group(call, call.params.required("SecurityGroupId"))
    refuse_managed(doc)
    return doc


def _permissions(call: Call) -> list[dict[str, str]]:
    """``Permissions.N``, or the older parameters at the top level as one permission."""
    rows = call.params.objects("Permissions")
    single = "IpProtocol" in call.params
    if rows and single:
        raise ApiError(
            "InvalidParam.Permissions",
            "The specified parameter Permissions cannot coexist with other parameters.",
        )
    if not rows:
        return [dict(call.params)]
    if len(rows) > MAX_AT_ONCE:
        raise ApiError("InvalidParam.Permissions", "There are more than 100 Permissions.")
    return rows


def rule_of(call: Call, row: dict[str, str], direction: str) -> dict[str, Any]:
    """The rule that a permission asks for, checked."""
    peers = "Source" if direction == "ingress" else "Dest"
    given = [f"{peers}CidrIp", f"Ipv6{peers}CidrIp", f"{peers}GroupId", f"{peers}PrefixListId"]
    if not any(row.get(name) for name in given):
        raise ApiError(f"MissingParameter.{peers}", f"One of {', '.join(given)} is needed.", 400)
    _check_peer(call, row, peers)
    protocol = PROTOCOLS.get(row.get("IpProtocol", "").lower())
    if protocol is None:
        raise ApiError(
            "InvalidIpProtocol.ValueNotSupported", "IpProtocol is TCP, UDP, ICMP, GRE or ALL."
        )
    policy = row.get("Policy", "accept").lower()
    if policy not in {"accept", "drop"}:
        raise ApiError("InvalidPolicy.Malformed", "The specified parameter Policy is not valid.")
    return {
        "SecurityGroupRuleId": call.new_id("sgr-bp1", 17),
        "Direction": direction,
        "CreateTime": stamp(call, call.now),
        "IpProtocol": protocol,
        "Priority": _priority(row.get("Priority", "1")),
        "NicType": "intranet",
        "Policy": policy.capitalize(),
        "PortRange": _port_range(row.get("PortRange", ""), protocol),
        **{name: row.get(name, "") for name in SHOWN},
    }


def _check_peer(call: Call, row: dict[str, str], peers: str) -> None:
    block = row.get(f"{peers}CidrIp")
    if block:
        try:
            ip_network(block, strict=False)
        except ValueError:
            raise ApiError(
                f"Invalid{peers}CidrIp.Malformed", f"{block} is no CIDR block or address."
            ) from None
    group_id = row.get(f"{peers}GroupId")
    if group_id and call.alive(KIND, group_id) is None:
        raise ApiError(
            f"Invalid{peers}GroupId.NotFound", f"There is no security group {group_id}.", 404
        )


def _priority(text: str) -> str:
    if not text.isdecimal() or int(text) not in PRIORITIES:
        raise ApiError("InvalidPriority.Malformed", "The parameter Priority is invalid.")
    return text


def _port_range(text: str, protocol: str) -> str:
    """``from/to`` for TCP and UDP, ``-1/-1`` for the rest."""
    if protocol not in {"TCP", "UDP"}:
        if text not in {"", "-1/-1"}:
            raise ApiError(
                "InvalidPortRange.Malformed", "The specified parameter PortRange must set."
            )
        return "-1/-1"
    first, _, last = text.partition("/")
    whole = first.isdecimal() and last.isdecimal()
    if not whole or not 1 <= int(first) <= int(last) <= HIGHEST_PORT:
        raise ApiError("InvalidPortRange.Malformed", "The specified parameter PortRange must set.")
    return text


def same_rule(rule: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the two allow or forbid the same."""
    return bool(
        rule["Direction"] == other["Direction"] and all(rule[name] == other[name] for name in SAME)
    )
