"""Whether an existing VPC has room for the address plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from ackgpu.cloud.api import Cluster, RouteEntry, Vpc, VSwitch
from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target
from ackgpu.preflight.quota_reads import route_entries_of
from ackgpu.spec.cidrs import parse_or_none

ID = "network"
FIX = "Choose other ranges: network.podCidr, cluster.serviceCidr."


def _reads(target: Target) -> Reads:
    vpc_id = target.spec.network.vpc.id
    if not vpc_id:
        return {}
    cloud = target.cloud
    reads: dict[str, Callable[[], Any]] = {
        "given vpc": partial(cloud.network.vpcs, ids=[vpc_id]),
        "vswitches": partial(cloud.network.vswitches, vpc_id=vpc_id),
        "route entries": route_entries_of(cloud.network, vpc_id),
        "clusters here": partial(cloud.containers.clusters, region=target.region),
    }
    return reads


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    network = target.spec.network
    if not network.vpc.id:
        yield Finding(ID, "ok", f"a VPC of its own, {network.vpc.cidr}")
        return
    found = next(iter(facts["given vpc"]), None)
    if found is None:
        what = f"the VPC {network.vpc.id} does not exist in {target.region}"
        yield Finding(ID, "error", what, "", "Check the id and the region.")
        return
    problems = [*_overlaps(target, facts, found), *_vswitches(target, facts)]
    yield from problems
    if not problems:
        yield Finding(ID, "ok", f"{found.id} {found.cidr} has room")


def _overlaps(target: Target, facts: Facts, vpc: Vpc) -> Iterator[Finding]:
    for name, mine in _wanted(target):
        for other, label in _taken(facts, vpc, pods=name == "pod CIDR"):
            if mine.overlaps(other):
                what = f"the {name} {mine} overlaps {other}"
                yield Finding(ID, "error", what, label, FIX)


def _wanted(target: Target) -> list[tuple[str, IPv4Network]]:
    spec = target.spec
    texts = [("service CIDR", spec.cluster.service_cidr)]
    if spec.network.is_flannel:
        texts.insert(0, ("pod CIDR", spec.network.pod_cidr))
    return [(name, block) for name, text in texts if (block := parse_or_none(text))]


def _taken(facts: Facts, vpc: Vpc, *, pods: bool) -> Iterator[tuple[IPv4Network, str]]:
    """The ranges in use; routes and other clusters' pods matter to pods alone."""
    if block := parse_or_none(vpc.cidr):
        yield block, f"the VPC {vpc.id}"
    if not pods:
        return
    entries: list[RouteEntry] = facts["route entries"]
    for entry in entries:
        route = parse_or_none(entry.cidr)
        if route is not None and route.prefixlen:
            yield route, f"route entry {entry.id} to {entry.next_hop}"
    clusters: list[Cluster] = facts["clusters here"]
    for cluster in clusters:
        if cluster.vpc_id == vpc.id and (block := parse_or_none(cluster.pod_cidr)):
            yield block, f"the pods of cluster {cluster.name}"


def _vswitches(target: Target, facts: Facts) -> Iterator[Finding]:
    rows: dict[str, VSwitch] = {row.id: row for row in facts["vswitches"]}
    ids = [vswitch.id for vswitch in target.spec.network.vswitches if vswitch.id]
    for vswitch_id in ids:
        if vswitch_id not in rows:
            fix = "Give the ids of vSwitches of that VPC."
            where = target.spec.network.vpc.id
            yield Finding(ID, "error", f"{vswitch_id} is not in {where}", "", fix)
    free = sum(rows[i].free_addresses for i in ids if i in rows)
    needed = target.spec.node_count
    if ids and all(i in rows for i in ids) and free < needed:
        yield Finding(
            ID,
            "error",
            f"the vSwitches have {free} free addresses, {needed} nodes need one each",
            ", ".join(ids),
            "Give a further or a larger vSwitch.",
        )


CHECK = Check(ID, _judge, _reads)
