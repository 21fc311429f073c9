"""The kinds of resources that a cluster consists of: a row each, with all that is known of it.

Who adds a kind adds a row here, and its calls to :mod:`ackgpu.cloud.api` and its adapter.
Discovery, removal, blockers, leftovers, quotas, policies, exports and receipts read the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from ackgpu.cloud.api import Cloud, ClusterResource
from ackgpu.engine.step import Resource

Filter = Literal["tags", "ids", "vpc_id"]
List = Callable[..., Sequence[Any]]
Delete = Callable[[str], None]


@dataclass(frozen=True)
class TagType:
    """The call of :class:`~ackgpu.cloud.api.Cloud` that tags a kind, and its word for the kind."""

    call: str
    word: str


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """A kind of resource. Every column is said, so that none is forgotten.

    ``field``: where an :class:`~ackgpu.inventory.inventory.Inventory` holds it. ``noun`` and
    ``plural`` are for people; ``product`` and ``type`` are the words of results. ``lists`` is
    the call of :class:`~ackgpu.cloud.api.Cloud` that lists it (``network.vpcs``), and ``by`` what
    that can be asked for. ``deletes``: the call that deletes one, None if it goes with something
    else. ``tag``: how our tags are put on it
    afterwards, None if it carries none. ``lives_in``: the attributes of a row with the ids of what
    it keeps from being deleted. ``limit``: the one of :mod:`ackgpu.preflight.limits` that it counts
    against, ``billed`` whether it costs by itself. ``made_by``: who makes it for a cluster.
    ``part``: the word in the name that ackgpu gives it, and ``by_zone`` whether a zone follows.
    ``terraform`` and ``ros``: the types of both; ACK names what it made by the latter.
    """

    field: str
    noun: str
    plural: str
    product: str
    type: str
    lists: str
    by: frozenset[Filter]
    deletes: str | None
    tag: TagType | None
    lives_in: tuple[str, ...]
    limit: str
    billed: bool
    made_by: Literal["ackgpu", "ACK", "Services", "pods", "others"]
    part: str
    by_zone: bool
    terraform: str
    ros: str

    def listing(self, cloud: Cloud) -> List:
        """The call that lists it, of ``cloud``."""
        call: List = attrgetter(self.lists)(cloud)
        return call

    def deletion(self, cloud: Cloud) -> Delete:
        """The call that deletes one, of ``cloud``."""
        if self.deletes is None:
            raise AssertionError(f"a {self.noun} is deleted with something else")
        call: Delete = attrgetter(self.deletes)(cloud)
        return call

    def set_tags(self, cloud: Cloud, ids: Sequence[str], tags: Mapping[str, str]) -> None:
        """Set tags on resources of the kind; others of theirs stay."""
        if self.tag is None:
            raise ValueError(f"a {self.noun} carries no tags")
        # Container Service takes ids of clusters only, one kind and one form of its own.
        if self is CLUSTER:
            for id_ in ids:
                cloud.containers.set_tags(id_, tags)
        else:
            attrgetter(self.tag.call)(cloud)(resource_type=self.tag.word, ids=ids, tags=tags)

    def ids_of_homes(self, row: Any) -> frozenset[str]:
        """The ids of what ``row`` lives in, which cannot be deleted before it."""
        ids: set[str] = set()
        for attribute in self.lives_in:
            found = getattr(row, attribute)
            ids |= {found} if isinstance(found, str) else set(found)
        return frozenset(ids - {""})

    def resource(self, row: Any, region: str, *, owned: bool = True) -> Resource:
        """A row as results show it."""
        return Resource(
            product=self.product,
            type=self.type,
            id=row.id,
            name=row.name,
            region=region,
            state=getattr(row, "state", ""),
            owned=owned,
            billable=self.billed,
        )


_TAGS_IDS: frozenset[Filter] = frozenset({"tags", "ids"})
_ALL: frozenset[Filter] = frozenset({"tags", "ids", "vpc_id"})

VPC = ResourceKind(
    field="vpcs", noun="VPC", plural="VPCs", product="vpc", type="Vpc",
    lists="network.vpcs", by=_TAGS_IDS,
    deletes="network.delete_vpc",
    tag=TagType("network.tag", "VPC"), lives_in=(), limit="vpcs", billed=False, made_by="ackgpu",
    part="vpc", by_zone=False, terraform="alicloud_vpc", ros="ALIYUN::ECS::VPC",
)  # fmt: skip
VSWITCH = ResourceKind(
    field="vswitches", noun="vSwitch", plural="vSwitches", product="vpc", type="VSwitch",
    lists="network.vswitches", by=_ALL,
    deletes="network.delete_vswitch",
    tag=TagType("network.tag", "VSWITCH"), lives_in=("vpc_id",), limit="vswitches", billed=False,
    made_by="ackgpu", part="vswitch", by_zone=True, terraform="alicloud_vswitch",
    ros="ALIYUN::ECS::VSwitch",
)  # fmt: skip
SECURITY_GROUP = ResourceKind(
    field="groups", noun="security group", plural="security groups", product="ecs",
    type="SecurityGroup", lists="compute.security_groups", by=_ALL,
    deletes="compute.delete_security_group",
    tag=TagType("compute.tag", "securitygroup"), lives_in=("vpc_id",), limit="security_groups",
    billed=False, made_by="ackgpu", part="sg", by_zone=False,
    terraform="alicloud_security_group", ros="ALIYUN::ECS::SecurityGroup",
)  # fmt: skip
NAT_GATEWAY = ResourceKind(
    field="nat_gateways", noun="NAT gateway", plural="NAT gateways", product="vpc",
    type="NatGateway", lists="network.nat_gateways", by=_ALL,
    deletes="network.delete_nat_gateway",
    tag=TagType("network.tag", "NATGATEWAY"), lives_in=("vpc_id", "vswitch_id"),
    limit="nat_gateways", billed=True, made_by="ackgpu", part="nat", by_zone=False,
    terraform="alicloud_nat_gateway", ros="ALIYUN::VPC::NatGateway",
)  # fmt: skip
EIP = ResourceKind(
    field="eips", noun="EIP", plural="EIPs", product="vpc", type="Eip",
    lists="network.eips", by=_TAGS_IDS,
    deletes="network.release_eip",
    tag=TagType("network.tag", "EIP"), lives_in=(), limit="eips", billed=True, made_by="ackgpu",
    part="eip", by_zone=False, terraform="alicloud_eip_address", ros="ALIYUN::VPC::EIP",
)  # fmt: skip
INSTANCE = ResourceKind(
    field="instances", noun="instance", plural="instances", product="ecs", type="Instance",
    lists="compute.instances", by=_ALL,
    deletes="compute.delete_instance",
    tag=TagType("compute.tag", "instance"), lives_in=("vpc_id", "vswitch_id"), limit="",
    billed=True, made_by="ACK", part="", by_zone=False, terraform="alicloud_instance",
    ros="ALIYUN::ECS::Instance",
)  # fmt: skip
DISK = ResourceKind(
    field="disks", noun="volume disk", plural="disks", product="ecs", type="Disk",
    lists="compute.disks", by=_TAGS_IDS,
    deletes="compute.delete_disk",
    tag=TagType("compute.tag", "disk"), lives_in=(), limit="", billed=True, made_by="pods",
    part="", by_zone=False, terraform="alicloud_ecs_disk", ros="ALIYUN::ECS::Disk",
)  # fmt: skip
INTERFACE = ResourceKind(
    field="interfaces", noun="network interface", plural="network interfaces", product="ecs",
    type="NetworkInterface", lists="compute.interfaces",
    by=frozenset({"ids", "vpc_id"}), deletes="compute.delete_interface",
    tag=None, lives_in=("vpc_id", "vswitch_id", "group_ids"), limit="", billed=False,
    made_by="pods", part="", by_zone=False, terraform="alicloud_ecs_network_interface",
    ros="ALIYUN::ECS::NetworkInterface",
)  # fmt: skip
BALANCER = ResourceKind(
    field="balancers", noun="load balancer", plural="load balancers", product="slb",
    type="LoadBalancer", lists="balancers.load_balancers", by=_ALL,
    deletes="balancers.delete_load_balancer",
    tag=None, lives_in=("vpc_id", "vswitch_id"), limit="load_balancers", billed=True,
    made_by="ACK", part="", by_zone=False, terraform="alicloud_slb_load_balancer",
    ros="ALIYUN::SLB::LoadBalancer",
)  # fmt: skip
NLB = ResourceKind(
    field="network_balancers", noun="network load balancer", plural="network load balancers",
    product="nlb", type="LoadBalancer", lists="nlb.load_balancers", by=_ALL,
    deletes="nlb.delete_load_balancer",
    tag=None, lives_in=("vpc_id", "vswitch_ids"), limit="", billed=True, made_by="Services",
    part="", by_zone=False, terraform="alicloud_nlb_load_balancer", ros="ALIYUN::NLB::LoadBalancer",
)  # fmt: skip
ALB = ResourceKind(
    field="application_balancers", noun="application load balancer",
    plural="application load balancers", product="alb", type="LoadBalancer",
    lists="alb.load_balancers", by=_ALL,
    deletes="alb.delete_load_balancer",
    tag=None, lives_in=("vpc_id", "vswitch_ids"), limit="", billed=True, made_by="Services",
    part="", by_zone=False, terraform="alicloud_alb_load_balancer", ros="ALIYUN::ALB::LoadBalancer",
)  # fmt: skip
ROUTE_TABLE = ResourceKind(
    field="route_tables", noun="route table", plural="route tables", product="vpc",
    type="RouteTable", lists="network.route_tables", by=frozenset({"vpc_id"}),
    deletes=None, tag=None, lives_in=("vswitch_ids",), limit="", billed=False, made_by="others",
    part="", by_zone=False, terraform="alicloud_route_table", ros="ALIYUN::VPC::RouteTable",
)  # fmt: skip
CLUSTER = ResourceKind(
    field="clusters", noun="cluster", plural="clusters", product="cs", type="Cluster",
    lists="containers.clusters", by=frozenset(),
    deletes=None, tag=TagType("containers.set_tags", "CLUSTER"), lives_in=("vpc_id", "vswitch_ids"),
    limit="clusters", billed=True, made_by="ackgpu", part="", by_zone=False,
    terraform="alicloud_cs_managed_kubernetes", ros="ALIYUN::CS::ManagedKubernetesCluster",
)  # fmt: skip

SNAT_ENTRY = ResourceKind(
    field="snat_entries", noun="SNAT entry", plural="SNAT entries", product="vpc",
    type="SnatEntry", lists="network.snat_entries", by=frozenset(),
    deletes=None, tag=None, lives_in=("vswitch_id",), limit="snat_entries", billed=False,
    made_by="ackgpu", part="snat", by_zone=True, terraform="alicloud_snat_entry",
    ros="ALIYUN::VPC::SnatEntry",
)  # fmt: skip

KINDS: tuple[ResourceKind, ...] = (
    VPC, VSWITCH, SECURITY_GROUP, NAT_GATEWAY, EIP, CLUSTER, INSTANCE, BALANCER, NLB, ALB, DISK,
    INTERFACE, ROUTE_TABLE,
)  # fmt: skip
"""Every kind that has ids and a list of its own; SNAT entries are listed by their gateway."""

NOT_LOOKED_FOR = {
    "ALIYUN::ROS::Stack": "deleted with the cluster; not read back, as ackgpu calls no ROS",
    "ALIYUN::SLS::Project": "deleted with the cluster; not read back, as ackgpu calls no SLS",
    "ALIYUN::RAM::Role": "deleted with the cluster; not read back, as ackgpu asks RAM for nothing",
}
"""What ACK makes beside, and why it is not read back: the receipt lists it as unread."""


def kinds(**columns: object) -> tuple[ResourceKind, ...]:
    """The kinds with these values in their columns."""
    return tuple(k for k in KINDS if all(getattr(k, c) == value for c, value in columns.items()))


def listed_by(what: Filter) -> tuple[ResourceKind, ...]:
    """The kinds whose list can be filtered by it."""
    return tuple(kind for kind in KINDS if what in kind.by)


def kind_of_step(name: str) -> ResourceKind | None:
    """The kind that a step of that name makes; None for one that is no resource of its own."""
    words = {kind.noun.lower(): kind for kind in kinds(made_by="ackgpu")}
    named = (k for word, k in words.items() if name == word or name.startswith(f"{word} "))
    return next(named, None)


def by_ack(row: ClusterResource, region: str) -> Resource:
    """A resource that ACK made for a cluster, as results show it."""
    kind = next((kind for kind in KINDS if kind.ros == row.type), None)
    *_, service, word = row.type.split("::") if "::" in row.type else ("", "cs", row.type)
    return Resource(
        product=kind.product if kind else service.lower(),
        type=kind.type if kind else word,
        id=row.id,
        name="",
        region=region,
        state=row.state,
        owned=True,
        billable=kind is not None and kind.billed,
    )
