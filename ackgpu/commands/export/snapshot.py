"""A cluster and its network as they stand, read for an export; nothing is changed.

What a spec cannot say of them is in :attr:`ClusterSnapshot.unread`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import (
    Addon,
    Cloud,
    Cluster,
    Eip,
    NatGateway,
    NodePool,
    SecurityGroup,
    SecurityRule,
    SnatEntry,
    Tags,
    Vpc,
    VSwitch,
)
from ackgpu.commands.cluster.lookup import cluster_named
from ackgpu.engine.gather import all_of
from ackgpu.errors import ConflictError
from ackgpu.inventory.discover import discover
from ackgpu.inventory.inventory import Inventory
from ackgpu.inventory.ownership import ACK_TAG
from ackgpu.naming import cluster_name_from_tags, expiry_from_tags, is_asleep, problem_with_tag
from ackgpu.session import Session
from ackgpu.steps.blueprint import PODS
from ackgpu.steps.cluster_drift import pod_vswitch_ids
from ackgpu.steps.observed_pool import unsupported_settings
from ackgpu.steps.sleep_record import awake

BALANCER_TYPE = "ALIYUN::SLB::LoadBalancer"
"""What DescribeClusterResources calls the load balancer of the API server, among others."""

SSH_PORT = 22
_NETWORK_ADDONS = ("flannel", "terway")
"""Words in the names of the addons that stand for ``network.plugin``."""


@dataclass(frozen=True, kw_only=True)
class ClusterSnapshot:
    """What stands. ``ours``: the ids that ackgpu made; everything else was given to it.

    ``pod_vswitches`` hold pods alone (Terway). ``rules`` are what a security group of ours
    lets in.
    ``snat_entries`` are those of the cluster's vSwitches on ``nat_gateway``, and ``eip`` is the
    address that they use. ``addons`` are those that ACK does not install itself. ``unread`` are
    sentences for people.
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
    pod_vswitches: tuple[VSwitch, ...] = ()
    addons: tuple[Addon, ...] = ()
    ssh: bool = False
    unread: tuple[str, ...] = ()

    @property
    def all_vswitches(self) -> tuple[VSwitch, ...]:
        """Those of the nodes, then those of only pods."""
        return (*self.vswitches, *self.pod_vswitches)

    @property
    def flannel(self) -> bool:
        """Whether pods have a CIDR of their own, and no addresses of vSwitches (Terway)."""
        return bool(self.cluster.pod_cidr)


def read(session: Session, name: str) -> ClusterSnapshot:
    """The cluster ``name`` with its network.

    Raises NoSuchCluster, or ConflictError where the name is not ackgpu's.
    """
    cloud, run = session.cloud(), session.reading()
    cluster = cluster_named(cloud, name)
    inventory = discover(cloud, name, run)
    found = all_of(run, _reads(cloud, cluster, inventory))
    vpc = _only(found["vpc"], cluster)
    inside = {vswitch.id: vswitch for vswitch in found["vswitches"]}
    pools = [pool for pool in found["pools"] if cluster_name_from_tags(pool.tags) == name]
    # A cluster that sleeps is exported with the pools that it has when it is awake.
    pools = awake(pools, cluster.tags)
    nodes = _those(inside, _node_vswitch_ids(cluster, pools, inventory))
    pods = _those(inside, _pod_vswitch_ids(nodes, found["addons"], inventory))
    gateway, entries = _way_out(cloud, found["nats"], (*nodes, *pods), inventory)
    more = all_of(run, _further_reads(cloud, cluster, gateway, inventory))
    return ClusterSnapshot(
        cluster=cluster,
        vpc=vpc,
        vswitches=nodes,
        group=next(iter(found["groups"]), None),
        node_pools=tuple(pools),
        ours=frozenset(inventory.ids),
        rules=more["rules"].let_in if "rules" in more else (),
        nat_gateway=gateway,
        eip=_address(more.get("eips", ()), entries),
        snat_entries=entries,
        pod_vswitches=pods,
        addons=tuple(
            addon
            for addon in found["addons"]
            if not addon.by_default and not any(word in addon.name for word in _NETWORK_ADDONS)
        ),
        ssh=any(SSH_PORT in ports for ports in found["ports"]),
        unread=(*_unread(cluster, pools), *_left_out(found["pools"], pools)),
    )


def own_tags(tags: Tags) -> dict[str, str]:
    """The tags that a user gave; ackgpu's and the cloud's own are left out."""
    return {k: v for k, v in tags.items() if not problem_with_tag(k, v) and k != ACK_TAG}


def _reads(cloud: Cloud, cluster: Cluster, inventory: Inventory) -> dict[str, Callable[[], Any]]:
    groups = [cluster.security_group_id] if cluster.security_group_id else []
    made = [row.id for row in inventory.by_ack if row.type == BALANCER_TYPE]
    # Whether SSH was requested no field tells; the
    # balancer of a public endpoint listens on 22 then.
    public = made if cluster.public_endpoint else []
    return {
        "vpc": partial(cloud.network.vpcs, ids=[cluster.vpc_id]),
        "vswitches": partial(cloud.network.vswitches, vpc_id=cluster.vpc_id),
        "groups": partial(cloud.compute.security_groups, ids=groups) if groups else tuple,
        "nats": partial(cloud.network.nat_gateways, vpc_id=cluster.vpc_id),
        "pools": partial(cloud.containers.node_pools, cluster.id),
        "addons": partial(cloud.containers.addons, cluster.id),
        "ports": lambda: [cloud.balancers.listener_ports(id_) for id_ in public],
    }


def _further_reads(
    cloud: Cloud, cluster: Cluster, gateway: NatGateway | None, inventory: Inventory
) -> dict[str, Callable[[], Any]]:
    reads: dict[str, Callable[[], Any]] = {}
    if gateway is not None and gateway.eip_ids:
        reads["eips"] = partial(cloud.network.eips, ids=gateway.eip_ids)
    if cluster.security_group_id in {group.id for group in inventory.groups}:
        reads["rules"] = partial(cloud.compute.security_rules, cluster.security_group_id)
    return reads


def _those(vswitches: Mapping[str, VSwitch], ids: Iterable[str]) -> tuple[VSwitch, ...]:
    return tuple(vswitches[id_] for id_ in ids if id_ in vswitches)


def _node_vswitch_ids(
    cluster: Cluster, pools: Sequence[NodePool], inventory: Inventory
) -> dict[str, None]:
    """The cluster's, and those of ours that a pool went on to when its zone was sold out."""
    ours = {vswitch.id for vswitch in inventory.vswitches}
    further = [id_ for pool in pools for id_ in pool.vswitch_ids if id_ in ours]
    return dict.fromkeys((*cluster.vswitch_ids, *further))


def _pod_vswitch_ids(
    nodes: Sequence[VSwitch], addons: Sequence[Addon], inventory: Inventory
) -> list[str]:
    """The vSwitches of only pods: those that Terway's configuration names, and those of ours."""
    named = [id_ for addon in addons if "terway" in addon.name for id_ in pod_vswitch_ids(addon)]
    ours = [vswitch.id for vswitch in inventory.vswitches if vswitch.name.endswith(PODS)]
    of_nodes = {vswitch.id for vswitch in nodes}
    return [id_ for id_ in dict.fromkeys([*named, *ours]) if id_ not in of_nodes]


def _only(vpcs: Sequence[Vpc], cluster: Cluster) -> Vpc:
    if not vpcs:
        raise ConflictError(
            f"The VPC of {cluster.name} ({cluster.vpc_id or 'none yet'}) cannot be read: the"
            f" cluster is {cluster.state}.",
            resolution=f"`ackgpu describe {cluster.name}` shows what there is.",
        )
    return vpcs[0]


def _way_out(
    cloud: Cloud, gateways: Sequence[NatGateway], vswitches: Sequence[VSwitch], inventory: Inventory
) -> tuple[NatGateway | None, tuple[SnatEntry, ...]]:
    """The gateway that lets the cluster's vSwitches out, and its entries for them; else ours."""
    inside = {vswitch.id for vswitch in vswitches}
    for gateway in gateways:
        rows = cloud.network.snat_entries(table_id=gateway.snat_table_id)
        entries = tuple(row for row in rows if row.vswitch_id in inside)
        if entries:
            return gateway, entries
    return next(iter(inventory.nat_gateways), None), ()


def _address(eips: Sequence[Eip], entries: Sequence[SnatEntry]) -> Eip | None:
    """The EIP that the entries use, else the first that is bound."""
    used = {entry.address for entry in entries}
    return next((eip for eip in eips if eip.address in used), next(iter(eips), None))


def _unread(cluster: Cluster, pools: Sequence[NodePool]) -> list[str]:
    said = []
    if cluster.state != "running":
        said.append(f"The cluster is {cluster.state}: export it again once it is running.")
    if is_asleep(cluster.tags):
        said.append("It sleeps; its node pools are written as they are when it is awake.")
    for pool in pools:
        said += [
            f"Node pool {pool.name}: a cluster.yaml has no word for {key} {value}."
            for key, value in unsupported_settings(pool).items()
        ]
    expires = expiry_from_tags(cluster.tags)
    if expires is not None:
        said.append(
            f"It still expires at {expires:%Y-%m-%d %H:%M} UTC: "
            f"`ackgpu extend {cluster.name} {flag.HOLD}` keeps it."
        )
    return said


def _left_out(pools: Sequence[NodePool], exported: Sequence[NodePool]) -> list[str]:
    names = {pool.name for pool in exported}
    left = [pool.name for pool in pools if pool.name not in names]
    return [f"Left out, as ackgpu did not make them: node pools {', '.join(left)}."] if left else []
