"""A cluster and its network as they stand, read for an export; nothing is changed.

What the reads do not tell is in :attr:`Standing.unread`, so that an export never passes a guess off
as a fact.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu.app import App
from ackgpu.cloud.api import (
    Cloud,
    Cluster,
    Eip,
    NatGateway,
    NodePool,
    RouteEntry,
    SecurityGroup,
    SecurityRule,
    SnatEntry,
    Tags,
    Vpc,
    VSwitch,
)
from ackgpu.commands.estates import cluster_named
from ackgpu.engine.gather import all_of
from ackgpu.errors import ConflictError
from ackgpu.naming import cluster_name_from_tags, expiry_from_tags, problem_with_tag
from ackgpu.steps.discover import ACK_TAG, Estate, discover

_UNREAD = (
    "Not read: kube-proxy's mode, addons and SSH of the cluster; image, labels, taints, runtime and"
    " user data of the node pools. Compare with the cluster.yaml that made it."
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands. ``ours``: the ids that ackgpu made; everything else was given to it.

    ``rules`` are those of a security group of ours. ``snat_entries`` are those of the cluster's
    vSwitches on ``nat_gateway``, and ``eip`` is the address that they use. ``node_cidr_mask`` is 0
    where no node's route tells it. ``unread`` are sentences for people.
    """

    cluster: Cluster
    vpc: Vpc
    vswitches: tuple[VSwitch, ...]
    group: SecurityGroup | None
    node_pools: tuple[NodePool, ...]
    ours: frozenset[str]
    rules: tuple[SecurityRule, ...] = ()
    nat_gateway: NatGateway | None = None
    eip: Eip | None = None
    snat_entries: tuple[SnatEntry, ...] = ()
    node_cidr_mask: int = 0
    unread: tuple[str, ...] = ()

    @property
    def flannel(self) -> bool:
        """Whether pods have a CIDR of their own, and no addresses of vSwitches (Terway)."""
        return bool(self.cluster.pod_cidr)


def read(app: App, name: str) -> Standing:
    """The cluster ``name`` with its network.

    Raises NoSuchCluster, or ConflictError where the name is not ackgpu's.
    """
    cloud, run = app.cloud(), app.reading()
    cluster = cluster_named(cloud, name)
    estate = discover(cloud, name, run)
    found = all_of(run, _reads(cloud, cluster))
    vpc = _only(found["vpc"], cluster)
    vswitches = _in_order(found["vswitches"], cluster.vswitch_ids)
    gateway, entries = _way_out(cloud, found["nats"], vswitches, estate)
    more = all_of(run, _further_reads(cloud, cluster, vpc, gateway, estate))
    pools = [pool for pool in found["pools"] if cluster_name_from_tags(pool.tags) == name]
    mask = _mask(more.get("routes", ()), cluster.pod_cidr)
    return Standing(
        cluster=cluster,
        vpc=vpc,
        vswitches=vswitches,
        group=next(iter(found["groups"]), None),
        node_pools=tuple(pools),
        ours=frozenset(estate.ids),
        rules=tuple(more.get("rules", ())),
        nat_gateway=gateway,
        eip=_address(more.get("eips", ()), entries),
        snat_entries=entries,
        node_cidr_mask=mask,
        unread=(*_unread(cluster, pools, mask), *_left_out(found["pools"], pools)),
    )


def own_tags(tags: Tags) -> dict[str, str]:
    """The tags that a user gave; ackgpu's and the cloud's own are left out."""
    return {k: v for k, v in tags.items() if not problem_with_tag(k, v) and k != ACK_TAG}


def _reads(cloud: Cloud, cluster: Cluster) -> dict[str, Callable[[], Any]]:
    groups = [cluster.security_group_id] if cluster.security_group_id else []
    return {
        "vpc": partial(cloud.network.vpcs, ids=[cluster.vpc_id]),
        "vswitches": partial(cloud.network.vswitches, ids=cluster.vswitch_ids),
        "groups": partial(cloud.compute.security_groups, ids=groups) if groups else tuple,
        "nats": partial(cloud.network.nat_gateways, vpc_id=cluster.vpc_id),
        "pools": partial(cloud.containers.node_pools, cluster.id),
    }


def _further_reads(
    cloud: Cloud, cluster: Cluster, vpc: Vpc, gateway: NatGateway | None, estate: Estate
) -> dict[str, Callable[[], Any]]:
    reads: dict[str, Callable[[], Any]] = {}
    if gateway is not None and gateway.eip_ids:
        reads["eips"] = partial(cloud.network.eips, ids=gateway.eip_ids)
    if cluster.security_group_id in {group.id for group in estate.groups}:
        reads["rules"] = partial(cloud.compute.security_rules, cluster.security_group_id)
    if cluster.pod_cidr and vpc.route_table_id:
        reads["routes"] = partial(cloud.network.route_entries, table_id=vpc.route_table_id)
    return reads


def _in_order(vswitches: Sequence[VSwitch], ids: Sequence[str]) -> tuple[VSwitch, ...]:
    by_id = {vswitch.id: vswitch for vswitch in vswitches}
    return tuple(by_id[id_] for id_ in ids if id_ in by_id)


def _only(vpcs: Sequence[Vpc], cluster: Cluster) -> Vpc:
    if not vpcs:
        raise ConflictError(
            f"The VPC of {cluster.name} ({cluster.vpc_id or 'none yet'}) cannot be read: the"
            f" cluster is {cluster.state}.",
            resolution=f"ackgpu describe {cluster.name} shows what there is.",
        )
    return vpcs[0]


def _way_out(
    cloud: Cloud, gateways: Sequence[NatGateway], vswitches: Sequence[VSwitch], estate: Estate
) -> tuple[NatGateway | None, tuple[SnatEntry, ...]]:
    """The gateway that lets the cluster's vSwitches out, and its entries for them; else ours."""
    inside = {vswitch.id for vswitch in vswitches}
    for gateway in gateways:
        rows = cloud.network.snat_entries(table_id=gateway.snat_table_id)
        entries = tuple(row for row in rows if row.vswitch_id in inside)
        if entries:
            return gateway, entries
    return next(iter(estate.nat_gateways), None), ()


def _address(eips: Sequence[Eip], entries: Sequence[SnatEntry]) -> Eip | None:
    """The EIP that the entries use, else the first that is bound."""
    used = {entry.address for entry in entries}
    return next((eip for eip in eips if eip.address in used), next(iter(eips), None))


def _mask(routes: Sequence[RouteEntry], pod_cidr: str) -> int:
    """With Flannel each node has a route for its share of the pod CIDR: the share's mask."""
    if not routes:
        return 0
    pods = ipaddress.IPv4Network(pod_cidr)
    for route in routes:
        share = ipaddress.IPv4Network(route.cidr)
        if share != pods and share.subnet_of(pods):
            return share.prefixlen
    return 0


def _unread(cluster: Cluster, pools: Sequence[NodePool], mask: int) -> list[str]:
    said = [_UNREAD]
    if cluster.state != "running":
        said.append(f"The cluster is {cluster.state}: export it again once it is running.")
    if cluster.pod_cidr and not mask:
        said.append("No node has a route yet that would tell the node CIDR mask.")
    said += [
        f"Node pool {pool.name}: the period of its subscription is not read."
        for pool in pools
        if pool.charge_type == "PrePaid"
    ]
    said += [
        f"Node pool {pool.name}: the price limit of its spot instances is not read."
        for pool in pools
        if pool.spot_strategy == "SpotWithPriceLimit"
    ]
    expires = expiry_from_tags(cluster.tags)
    if expires is not None:
        said.append(
            f"It still expires at {expires:%Y-%m-%d %H:%M} UTC: "
            f"`ackgpu extend {cluster.name} --hold` keeps it."
        )
    return said


def _left_out(pools: Sequence[NodePool], exported: Sequence[NodePool]) -> list[str]:
    left = [pool.name for pool in pools if pool not in exported]
    return [f"Left out, as ackgpu did not make them: node pools {', '.join(left)}."] if left else []
