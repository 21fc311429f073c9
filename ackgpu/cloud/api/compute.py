"""ECS: security groups, instances and their types, stock and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ackgpu.cloud.api.tags import Tags


@dataclass(frozen=True)
class SecurityGroup:
    """A security group. ``service_managed``: owned by a cloud product, which removes it itself.

    ``enterprise``: of the kind that by default lets nothing in or out, its own members included.
    """

    id: str
    name: str
    vpc_id: str
    tags: Tags
    service_managed: bool = False
    enterprise: bool = False


@dataclass(frozen=True)
class SecurityRule:
    """A rule: protocol lower case, port range such as ``-1/-1``, and whose traffic it is about.

    That is a range of addresses or the members of another group: where it comes from, or with
    ``egress`` where it goes. Of rules that match, the least ``priority`` holds, and of equal ones a
    refusal.
    """

    protocol: str
    port_range: str
    cidr: str = ""
    group: str = ""
    egress: bool = False
    accepts: bool = True
    priority: int = 1


@dataclass(frozen=True)
class SecurityRules:
    """What a group lets through. ``open_inside``: its members reach each other without a rule."""

    rules: tuple[SecurityRule, ...]
    open_inside: bool

    @property
    def let_in(self) -> tuple[SecurityRule, ...]:
        """The rules that let traffic in."""
        return tuple(rule for rule in self.rules if rule.accepts and not rule.egress)


@dataclass(frozen=True)
class Instance:
    """An ECS instance. ``state``: Pending, Starting, Running, Stopping, Stopped."""

    id: str
    name: str
    type: str
    zone_id: str
    vpc_id: str
    vswitch_id: str
    state: str
    charge_type: str
    tags: Tags
    spot: bool = False


@dataclass(frozen=True)
class Disk:
    """A cloud disk. ``state``: Available, In_use, Attaching, Detaching, Creating, ReIniting."""

    id: str
    name: str
    state: str
    tags: Tags


@dataclass(frozen=True)
class NetworkInterface:
    """An elastic network interface. ``state``: Available, Attaching, InUse, Detaching, Deleting.

    ``primary``: it comes and goes with its instance. ``service_managed``: it belongs to a cloud
    product, and goes with what that product made.
    """

    id: str
    name: str
    state: str
    vpc_id: str
    vswitch_id: str
    instance_id: str
    group_ids: tuple[str, ...]
    primary: bool
    service_managed: bool
    tags: Tags


@dataclass(frozen=True)
class InstanceType:
    """An ECS instance type."""

    id: str
    cpu: int
    memory_gib: float


@dataclass(frozen=True)
class Stock:
    """Whether a zone has an instance type now.

    ``status``: ``WithStock``, ``ClosedWithStock`` (sold, not refilled), ``WithoutStock``,
    ``ClosedWithoutStock``.
    """

    zone_id: str
    instance_type: str
    status: str

    @property
    def available(self) -> bool:
        """Whether an instance can be had."""
        return self.status in {"WithStock", "ClosedWithStock"}


@dataclass(frozen=True)
class Price:
    """A price in ``currency``, an hour's unless it is said to be another's.

    ``amount`` None is unknown, which is not free.
    """

    amount: float | None
    currency: str
    source: str


@dataclass(frozen=True)
class NodePrice:
    """What one node costs an hour: the instance, and all of its disks together."""

    instance: Price
    disks: Price


class ComputeApi(Protocol):
    """ECS: security groups, instances, types, stock, prices."""

    def regions(self) -> list[str]:
        """The ids of the regions that are open to the account."""

    def zones(self) -> list[str]:
        """The ids of the region's zones."""

    def security_groups(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[SecurityGroup]:
        """Those of a VPC, with a tag, or by id."""

    def create_security_group(self, *, vpc_id: str, name: str, tags: Tags, token: str) -> str:
        """Ask for an empty group of the normal kind in the VPC; its id."""

    def security_rules(self, security_group_id: str) -> SecurityRules:
        """The group's rules, and how its members stand to each other."""

    def authorize(
        self, security_group_id: str, rules: Sequence[SecurityRule], *, token: str
    ) -> None:
        """Add rules that let traffic in, up to 100; one that is there already is no error."""

    def delete_security_group(self, security_group_id: str) -> None:
        """Delete it; NotYet while it has members."""

    def instances(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[Instance]:
        """Those of a VPC, with a tag, or by id."""

    def console_output(self, instance_id: str) -> str:
        """What it has printed on its serial console; empty if that is nothing yet."""

    def delete_instance(self, instance_id: str) -> None:
        """Release it, running or not."""

    def disks(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Disk]:
        """Those with a tag, or by id."""

    def delete_disk(self, disk_id: str) -> None:
        """Delete it with all that is on it; NotYet while it is attached."""

    def interfaces(self, *, vpc_id: str = "", ids: Sequence[str] = ()) -> list[NetworkInterface]:
        """Those of a VPC, or by id."""

    def delete_interface(self, interface_id: str) -> None:
        """Delete it; NotYet while it is attached."""

    def subscribe(self, instance_ids: Sequence[str], *, months: int, token: str) -> str:
        """Change up to 20 pay-as-you-go instances and their data disks to a subscription.

        It is paid at once. The order's id.
        """

    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Tags) -> None:
        """Set tags on resources of ECS; others of theirs stay."""

    def instance_types(self, ids: Sequence[str]) -> list[InstanceType]:
        """Those types of the ids given that ECS knows, sold in the region or not."""

    def stock(self, instance_type: str) -> list[Stock]:
        """Every zone of the region that sells the type, and whether it has it now."""

    def price(
        self,
        *,
        instance_type: str,
        zone_id: str,
        disks: Sequence[tuple[str, int]],
        spot: bool = False,
    ) -> NodePrice:
        """An hour of a node. ``disks``: category and GiB of each, the system disk first."""

    def subscription_price(
        self, *, instance_type: str, zone_id: str, disks: Sequence[tuple[str, int]], months: int
    ) -> Price:
        """What ``months`` of a node cost, its disks included; not an hour's price."""

    def key_pairs(self, name: str) -> list[str]:
        """The names of the key pairs that are called so; ``*`` stands for anything."""

    def account_attributes(self, names: Sequence[str]) -> Mapping[str, str]:
        """What ECS says of the account, by the attributes' names."""
