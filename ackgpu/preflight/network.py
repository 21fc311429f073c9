"""Whether an existing VPC has room for the address plan."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ackgpu.cloud.api import ContainerApi, NetworkApi, Vpc
from ackgpu.engine.reads import ReadResults
from ackgpu.naming import cluster_name_from_tags
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.quota_reads import route_entries_of
from ackgpu.preflight.reads import CLUSTERS_HERE, GIVEN_VPC, ROUTE_ENTRIES, VSWITCHES
from ackgpu.spec.cidrs import parse_or_none

ID = "network"
FIX = "Choose other ranges: network.podCidr, cluster.serviceCidr."


def _reads(target: Target) -> Reads:
    vpc_id = target.spec.network.vpc.id
    if not vpc_id:
        return {}
    return {
        GIVEN_VPC: call(NetworkApi.vpcs, ids=[vpc_id]),
        VSWITCHES: call(NetworkApi.vswitches, vpc_id=vpc_id),
        ROUTE_ENTRIES: route_entries_of(vpc_id),
        CLUSTERS_HERE: call(ContainerApi.clusters),
    }


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    network = target.spec.network
    if not network.vpc.id:
        yield CheckFinding(ID, "ok", f"a VPC of its own, {network.vpc.cidr}")
        return
    found = next(iter(facts[GIVEN_VPC]), None)
    if found is None:
        what = f"the VPC {network.vpc.id} does not exist in {target.region}"
        yield CheckFinding(ID, "error", what, "", "Check the id and the region.")
        return
    problems = [*_overlaps(target, facts, found), *_vswitches(target, facts)]
    yield from problems
    if not problems:
        yield CheckFinding(ID, "ok", f"{found.id} {found.cidr} has room")


def _overlaps(target: Target, facts: ReadResults, vpc: Vpc) -> Iterator[CheckFinding]:
    for name, mine in _wanted(target):
        # A create that goes on meets its own cluster's pods and their routes.
        own = _own_pods(target, facts) if name == "pod CIDR" else None
        for other, label in _taken(facts, vpc, pods=name == "pod CIDR"):
            if own is not None and other.subnet_of(own):
                continue
            if mine.overlaps(other):
                what = f"the {name} {mine} overlaps {other}"
                yield CheckFinding(ID, "error", what, label, FIX)


def _own_pods(target: Target, facts: ReadResults) -> IPv4Network | None:
    """The pod CIDR of the cluster itself, if a creation goes on: it and its routes are no others'.

    None as long as nothing of it stands.
    """
    clusters = facts[CLUSTERS_HERE]
    name = target.spec.name
    standing = (c for c in clusters if c.name == name == cluster_name_from_tags(c.tags))
    return next((parse_or_none(c.pod_cidr) for c in standing), None)


def _wanted(target: Target) -> list[tuple[str, IPv4Network]]:
    spec = target.spec
    texts = [("service CIDR", spec.cluster.service_cidr)]
    if spec.network.is_flannel:
        texts.insert(0, ("pod CIDR", spec.network.pod_cidr))
    return [(name, block) for name, text in texts if (block := parse_or_none(text))]


def _taken(facts: ReadResults, vpc: Vpc, *, pods: bool) -> Iterator[tuple[IPv4Network, str]]:
    """The ranges in use; routes and other clusters' pods matter only to pods."""
    if block := parse_or_none(vpc.cidr):
        yield block, f"the VPC {vpc.id}"
    if not pods:
        return
    entries = facts[ROUTE_ENTRIES]
    for entry in entries:
        route = parse_or_none(entry.cidr)
        # The default route overlaps everything, and is in nobody's way.
        if route is not None and route.prefixlen:
            yield route, f"route entry {entry.id} to {entry.next_hop}"
    clusters = facts[CLUSTERS_HERE]
    for cluster in clusters:
        if cluster.vpc_id == vpc.id and (block := parse_or_none(cluster.pod_cidr)):
            yield block, f"the pods of cluster {cluster.name}"


def _vswitches(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    rows = {row.id: row for row in facts[VSWITCHES]}
    ids = [vswitch.id for vswitch in target.spec.network.vswitches if vswitch.id]
    for vswitch_id in ids:
        if vswitch_id not in rows:
            fix = "Give the ids of vSwitches of that VPC."
            where = target.spec.network.vpc.id
            yield CheckFinding(ID, "error", f"{vswitch_id} is not in {where}", "", fix)
    free = sum(rows[i].free_addresses for i in ids if i in rows)
    needed = target.spec.node_count
    if ids and all(i in rows for i in ids) and free < needed:
        yield CheckFinding(
            ID,
            "error",
            f"the vSwitches have {free} free addresses, {needed} nodes need one each",
            ", ".join(ids),
            "Give a further or a larger vSwitch.",
        )


CHECK = Check(ID, _judge, _reads)
