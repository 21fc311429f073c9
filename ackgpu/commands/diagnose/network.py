"""Causes in the network: what the security group keeps away, lost routes, no way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ackgpu import flag
from ackgpu.commands.diagnose.reads import ClusterReads
from ackgpu.preflight.security_group import Guarded, missing
from ackgpu.render.causes import Cause

FULL = re.compile(r"quota", re.IGNORECASE)


def causes_in_the_network(seen: ClusterReads) -> Iterator[Cause]:
    """Every cause that the VPC and its parts show."""
    yield from _security_group(seen)
    yield from _routes(seen)
    yield from _way_out(seen)


def _security_group(seen: ClusterReads) -> Iterator[Cause]:
    if seen.group is None or seen.rules is None:
        return
    pod_cidr = seen.cluster.pod_cidr
    guarded = Guarded(seen.group, seen.rules, seen.vpc)
    for finding in missing(seen.cluster.region, guarded, pod_cidr):
        vital = finding.severity == "error"
        yield Cause(
            id="security-group",
            likelihood="very likely" if vital else "possible",
            title=finding.why or "the security group keeps traffic away",
            evidence=(finding.what,),
            commands=(finding.fix,),
        )


def _routes(seen: ClusterReads) -> Iterator[Cause]:
    """Nodes whose pods no route leads to: with Flannel each needs an entry of the VPC's table."""
    full = [
        node for node in seen.nodes if "route" in node.error.lower() and FULL.search(node.error)
    ]
    for pool in seen.pools:
        nodes = [node for node in full if node.node_pool_id == pool.id]
        if not nodes:
            continue
        name = f"nodepool scale {seen.cluster.name} {pool.name} {flag.NODES} {pool.healthy}"
        yield Cause(
            id="route-table-full",
            likelihood="certain",
            title="the VPC's route table is full, and each Flannel node needs an entry",
            evidence=(nodes[0].error, f"{len(seen.routes or ())} entries are in the table"),
            commands=(seen.command(name), seen.command(f"check-quota {flag.NODES} {pool.desired}")),
            note="The first keeps the nodes that have a route; for more, ask Quota Center for"
            " vpc_quota_route_entrys_num.",
            nodes=tuple(seen.name_of(node) for node in nodes),
        )
    yield from _lost_routes(seen, {node.instance_id for node in full})


def _lost_routes(seen: ClusterReads, without: set[str]) -> Iterator[Cause]:
    if seen.routes is None or not seen.cluster.pod_cidr:
        return
    led = {(entry.cidr, entry.next_hop) for entry in seen.routes}
    for node in seen.kube_nodes or ():
        if not node.pod_cidr or not node.instance_id or node.instance_id in without:
            continue
        if (node.pod_cidr, node.instance_id) in led or seen.about not in {"", node.name}:
            continue
        mended = (
            f"aliyun vpc CreateRouteEntry --RegionId {seen.cluster.region} --RouteTableId"
            f" {seen.route_table} --DestinationCidrBlock {node.pod_cidr}"
            f" --NextHopType Instance --NextHopId {node.instance_id}"
        )
        yield Cause(
            id="route-missing",
            likelihood="very likely",
            title="no route leads to the pods of the node: other nodes do not reach them",
            evidence=(
                f"{node.pod_cidr} via {node.instance_id} is not in {seen.route_table}",
                *((f"the node says: {node.not_ready_reason}",) if node.not_ready_reason else ()),
            ),
            commands=(mended,),
            nodes=(node.name,),
        )


def _way_out(seen: ClusterReads) -> Iterator[Cause]:
    """A VPC without SNAT, where something shows that the way out is missed."""
    unjoined = any(node.node_status == "Unknown" and node.error for node in seen.nodes)
    is_missed = unjoined or any("Image" in pod.reason for pod in seen.pods)
    if seen.gateways is None or seen.snat or not is_missed:
        return
    cluster = seen.cluster
    gateways = ", ".join(gateway.id for gateway in seen.gateways) or "none"
    entries = tuple(_entry(seen, vswitch) for vswitch in cluster.vswitch_ids if seen.eips)
    yield Cause(
        id="no-way-out",
        likelihood="very likely" if entries else "possible",
        title="the nodes have no way to the internet: registries and ACK are not reached",
        evidence=(f"NAT gateways of {cluster.vpc_id}: {gateways}", "SNAT entries: none"),
        commands=entries or (seen.command(f"create {cluster.name}"),),
        note="Nodes that never joined are replaced after that."
        if entries
        else "It makes what its network lacks again; a cluster of a file takes -f as before.",
    )


def _entry(seen: ClusterReads, vswitch: str) -> str:
    """The line that lets a vSwitch out through the first gateway that has an address."""
    eip = seen.eips[0]
    gateway = next(each for each in seen.gateways or () if eip.id in each.eip_ids)
    return (
        f"aliyun vpc CreateSnatEntry --RegionId {seen.cluster.region} --SnatTableId"
        f" {gateway.snat_table_id} --SourceVSwitchId {vswitch} --SnatIp {eip.address}"
    )
