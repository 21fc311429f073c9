"""Whether a given security group lets a cluster's traffic through.

ACK adds no rule to a group that is given to CreateCluster. What must pass: pods to pods of other
nodes and so to DNS (with Flannel their addresses belong to no group), nodes to the control plane,
whose interfaces are in the group, and back. ACK documentation, "Configure security group rules".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from ackgpu.cloud.api import ComputeApi, NetworkApi, SecurityGroup, SecurityRule, SecurityRules, Vpc
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding, Severity
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import GIVEN_GROUP, GIVEN_VPC, GROUP_RULES
from ackgpu.spec.cidrs import parse_or_none

ID = "security-group"
ANY_PORT, EVERYWHERE = "-1/-1", "0.0.0.0/0"


@dataclass(frozen=True)
class Opening:
    """A rule that is needed, and what fails without it; ``vital``: the cluster does."""

    rule: SecurityRule
    lost: str
    vital: bool = True


def _reads(target: Target) -> Reads:
    network = target.spec.network
    if not network.security_group_id:
        return {}
    group_id = network.security_group_id
    reads: Reads = {
        GIVEN_GROUP: call(ComputeApi.security_groups, ids=[group_id]),
        GROUP_RULES: call(ComputeApi.security_rules, group_id),
    }
    if not network.vpc.id:
        return reads
    return {**reads, GIVEN_VPC: call(NetworkApi.vpcs, ids=[network.vpc.id])}


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    group_id = target.spec.network.security_group_id
    if not group_id:
        yield CheckFinding(ID, "ok", "a basic group of its own, with the rules that ACK recommends")
        return
    group = next(iter(facts[GIVEN_GROUP]), None)
    if group is None:
        what = f"the security group {group_id} does not exist in {target.region}"
        yield CheckFinding(ID, "error", what, "", "Check the id and the region.")
        return
    vpc = next(iter(facts.get(GIVEN_VPC) or ()), None)
    if vpc is not None and group.vpc_id != vpc.id:
        what = f"{group_id} is in {group.vpc_id}, not in {vpc.id}"
        yield CheckFinding(ID, "error", what, "", "Give a security group of that VPC.")
        return
    rules = facts[GROUP_RULES]
    network = target.spec.network
    pod_cidr = network.pod_cidr if network.is_flannel else ""
    found = [*missing(target.region, Guarded(group, rules, vpc), pod_cidr)]
    kind = "enterprise" if group.enterprise else "basic"
    if not found:
        yield CheckFinding(ID, "ok", f"{group_id} ({kind}) lets the cluster's traffic through")
    yield from found


@dataclass(frozen=True)
class Guarded:
    """A security group with its rules, and the VPC that it is in if that is known."""

    group: SecurityGroup
    rules: SecurityRules
    vpc: Vpc | None = None


def missing(region: str, guarded: Guarded, pod_cidr: str) -> Iterator[CheckFinding]:
    """What of a cluster's traffic a group does not let through, with the command that mends each.

    ``pod_cidr``: the range of the pods' addresses with Flannel, empty with Terway. An error breaks
    the cluster, a warning some of its traffic.
    """
    for opening in _openings(guarded, pod_cidr):
        if not _opened(opening.rule, guarded.rules, guarded.group.id):
            yield _finding(region, opening, guarded.rules, guarded.group.id)


def _openings(guarded: Guarded, pod_cidr: str) -> Iterator[Opening]:
    group = guarded.group
    if group.enterprise:
        yield from _of_enterprise(guarded.vpc)
    else:
        own = SecurityRule("all", ANY_PORT, group=group.id)
        yield Opening(own, "nodes and control plane do not reach each other")
    if pod_cidr:
        pods = SecurityRule("all", ANY_PORT, cidr=pod_cidr)
        yield Opening(pods, "pods of different nodes, DNS among them, do not reach each other")
    ping = SecurityRule("icmp", ANY_PORT, cidr=EVERYWHERE)
    yield Opening(ping, "path MTU discovery and ping fail", vital=False)


def _of_enterprise(vpc: Vpc | None) -> Iterator[Opening]:
    """An enterprise group lets nothing in or out by itself, between its own members either."""
    if vpc is not None:
        inside = SecurityRule("all", ANY_PORT, cidr=vpc.cidr)
        yield Opening(inside, "nodes and control plane do not reach each other")
    out = SecurityRule("all", ANY_PORT, cidr=EVERYWHERE, egress=True)
    yield Opening(out, "nodes reach neither the control plane nor the registries")


def _opened(wanted: SecurityRule, found: SecurityRules, group_id: str) -> bool:
    """Whether all of the wanted traffic passes: a rule covers it, and none before refuses some."""
    # A basic group's inner policy lets its members through without any rule.
    if wanted.group == group_id and found.open_inside:
        return True
    refusals = [rule for rule in found.rules if not rule.accepts and _touches(rule, wanted)]
    return any(
        # Of equal priorities the refusal wins (ECS documentation, security group rules).
        _covers(rule, wanted) and all(rule.priority < refusal.priority for refusal in refusals)
        for rule in found.rules
        if rule.accepts
    )


def _covers(rule: SecurityRule, wanted: SecurityRule) -> bool:
    if rule.egress != wanted.egress or rule.protocol not in {"all", wanted.protocol}:
        return False
    if rule.port_range != ANY_PORT:
        return False
    if wanted.group:
        return rule.group == wanted.group
    block, needed = parse_or_none(rule.cidr), parse_or_none(wanted.cidr)
    return block is not None and needed is not None and needed.subnet_of(block)


def _touches(rule: SecurityRule, wanted: SecurityRule) -> bool:
    if rule.egress != wanted.egress:
        return False
    if "all" not in {rule.protocol, wanted.protocol} and rule.protocol != wanted.protocol:
        return False
    if wanted.group:
        return rule.group == wanted.group
    blocks: Sequence[IPv4Network | None] = (parse_or_none(rule.cidr), parse_or_none(wanted.cidr))
    first, second = blocks
    return first is not None and second is not None and first.overlaps(second)


def _finding(region: str, opening: Opening, found: SecurityRules, group_id: str) -> CheckFinding:
    wanted = opening.rule
    partly = any(
        rule.accepts and _touches(rule, wanted) and (rule.protocol != "icmp" or not opening.vital)
        for rule in found.rules
    )
    peer = "itself" if wanted.group else wanted.cidr
    what = "ICMP" if wanted.protocol == "icmp" else "all traffic"
    way = f"out to {peer}" if wanted.egress else f"in from {peer}"
    only = "only part of " if partly else "no "
    # Part of the traffic may be all that this cluster needs: the documents name least ports, too.
    severity: Severity = "error" if opening.vital and not partly else "warning"
    said = f"{group_id} lets {only}{what} {way}".replace("no all traffic", "no traffic")
    lost = f"what it leaves out: {opening.lost}" if partly else opening.lost
    return CheckFinding(ID, severity, said, lost, command(region, group_id, wanted))


def command(region: str, group_id: str, rule: SecurityRule) -> str:
    """The line of Alibaba Cloud's CLI that adds the rule."""
    action = "AuthorizeSecurityGroupEgress" if rule.egress else "AuthorizeSecurityGroup"
    side = "Dest" if rule.egress else "Source"
    peer = f"{side}GroupId {rule.group}" if rule.group else f"{side}CidrIp {rule.cidr}"
    return (
        f"aliyun ecs {action} --RegionId {region} --SecurityGroupId {group_id}"
        f" --Permissions.1.IpProtocol {rule.protocol.upper()}"
        f" --Permissions.1.PortRange {rule.port_range} --Permissions.1.{peer}"
    )


CHECK = Check(ID, _judge, _reads)
