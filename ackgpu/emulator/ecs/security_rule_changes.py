"""Rules of security groups changed in place: one, by its id or by what it says.

A rule that is named by its id takes the fields that are given. One that is not is found by what it
says, and takes the description alone (the older form, which Terraform's provider still uses).
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.security_rules import group_to_change, rule_of, same_rule
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call

PEERS = {
    "ingress": ("SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourcePrefixListId"),
    "egress": ("DestCidrIp", "Ipv6DestCidrIp", "DestGroupId", "DestPrefixListId"),
}
"""What a rule may be about, by its direction: one of these, which cannot become another."""
CHANGEABLE = ("IpProtocol", "PortRange", "Policy", "Priority", "Description", "SourcePortRange")


@PRODUCT.operation("ModifySecurityGroupRule", writes=True)
def modify_security_group_rule(call: Call) -> None:
    """ModifySecurityGroupRule: an ingress rule."""
    _modify(call, "ingress")


@PRODUCT.operation("ModifySecurityGroupEgressRule", writes=True)
def modify_security_group_egress_rule(call: Call) -> None:
    """ModifySecurityGroupEgressRule: an egress rule."""
    _modify(call, "egress")


def _modify(call: Call, direction: str) -> None:
    doc = group_to_change(call)
    rules = [rule for rule in doc.body["Rules"] if rule["Direction"] == direction]
    rule_id = call.params.text("SecurityGroupRuleId")
    if rule_id:
        old = next((rule for rule in rules if rule["SecurityGroupRuleId"] == rule_id), None)
        if old is None:
            raise ApiError(
                "InvalidSecurityGroupRuleId.NotFound",
                "The specified SecurityGroupRuleId is not exists.",
                404,
            )
        new = rule_of(call, old | _given(call, old, direction), direction)
    else:
        new = rule_of(call, dict(call.params), direction)
        old = next((rule for rule in rules if same_rule(rule, new)), None)
        if old is None:
            raise ApiError(
                "InvalidSecurityGroupRule.RuleNotExist", "The specified rule does not exist."
            )
    if any(same_rule(rule, new) for rule in rules if rule is not old):
        raise ApiError(
            "InvalidSecurityGroupRule.RuleAlreadyExist", "The specified rule already exists.", 403
        )
    kept = {name: old[name] for name in ("SecurityGroupRuleId", "CreateTime")}
    old |= new | kept
    call.docs.put(doc)


def _given(call: Call, old: dict[str, Any], direction: str) -> dict[str, str]:
    """The fields that are to change; refuses another kind of peer than the rule has."""
    peers = {name: call.params.text(name) for name in PEERS[direction] if call.params.text(name)}
    if any(not old[name] for name in peers):
        raise ApiError(
            "InvalidParam.SecurityGroupRule",
            "The type of the authorization object of a rule cannot be modified.",
        )
    changes = {name: call.params.text(name) for name in CHANGEABLE if call.params.text(name)}
    protocol = changes.get("IpProtocol", old["IpProtocol"]).upper()
    if "PortRange" not in changes and protocol not in {"TCP", "UDP"}:
        changes["PortRange"] = "-1/-1"
    return peers | changes
