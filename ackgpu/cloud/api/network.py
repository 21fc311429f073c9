"""VPC, vSwitch, NAT gateway, EIP, SNAT entries and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ackgpu.cloud.api.tags import Tags


@dataclass(frozen=True)
class Vpc:
    """A VPC. ``state``: Pending or Available."""

    id: str
    name: str
    cidr: str
    state: str
    tags: Tags
    route_table_id: str = ""


@dataclass(frozen=True)
class VSwitch:
    """A vSwitch. ``state``: Pending or Available. ``free_addresses``: IPv4 addresses left."""

    id: str
    name: str
    vpc_id: str
    zone_id: str
    cidr: str
    state: str
    tags: Tags
    free_addresses: int = 0


@dataclass(frozen=True)
class NatGateway:
    """An enhanced NAT gateway. ``state``: Creating, Available, Modifying, Deleting, Converting."""

    id: str
    name: str
    vpc_id: str
    vswitch_id: str
    state: str
    snat_table_id: str
    tags: Tags
    eip_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Eip:
    """An elastic IP. ``state``: Available, Associating, InUse, Unassociating, Releasing."""

    id: str
    name: str
    address: str
    state: str
    bound_to: str
    bandwidth_mbps: int
    tags: Tags


@dataclass(frozen=True)
class SnatEntry:
    """A SNAT entry: it carries no tags. ``state``: Pending, Available, Modifying, Deleting."""

    id: str
    table_id: str
    vswitch_id: str
    cidr: str
    address: str
    state: str
    name: str = ""


@dataclass(frozen=True)
class RouteEntry:
    """A custom entry of a VPC's route table."""

    id: str
    cidr: str
    next_hop: str


@dataclass(frozen=True)
class RouteTable:
    """A route table of a VPC. ``custom``: somebody made it; ``vswitch_ids`` use it."""

    id: str
    name: str
    custom: bool
    tags: Tags
    vswitch_ids: tuple[str, ...] = ()


class NetworkApi(Protocol):
    """VPC, vSwitch, NAT gateway, EIP, SNAT, routes."""

    def vpcs(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Vpc]:
        """Those with a tag, or by id."""

    def create_vpc(self, *, name: str, cidr: str, tags: Tags, token: str) -> str:
        """Ask for a VPC; its id."""

    def delete_vpc(self, vpc_id: str) -> None:
        """Ask that it goes; NotYet while anything lives in it."""

    def vswitches(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[VSwitch]:
        """Those of a VPC, with a tag, or by id."""

    def create_vswitch(  # noqa: PLR0913
        self, *, vpc_id: str, zone_id: str, name: str, cidr: str, tags: Tags, token: str
    ) -> str:
        """Ask for a vSwitch; its id. NotYet while another is being made in the VPC."""

    def delete_vswitch(self, vswitch_id: str) -> None:
        """Ask that it goes; NotYet while an address of it is in use."""

    def nat_gateways(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[NatGateway]:
        """Those of a VPC, with a tag, or by id."""

    def create_nat_gateway(
        self, *, vpc_id: str, vswitch_id: str, name: str, tags: Tags, token: str
    ) -> str:
        """Ask for an enhanced gateway in the vSwitch, paid by LCU; its id."""

    def delete_nat_gateway(self, nat_gateway_id: str) -> None:
        """Ask that it goes; NotYet while an EIP or a SNAT entry is on it."""

    def nat_zones(self) -> list[str]:
        """Zones in which an enhanced NAT gateway can be made."""

    def eips(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Eip]:
        """Those with a tag, or by id."""

    def allocate_eip(self, *, name: str, bandwidth_mbps: int, tags: Tags, token: str) -> str:
        """Ask for an address, paid by traffic; its id."""

    def associate_eip(self, *, eip_id: str, nat_gateway_id: str, token: str) -> None:
        """Ask that it is bound to the gateway."""

    def unassociate_eip(self, *, eip_id: str, nat_gateway_id: str) -> None:
        """Ask that it comes off the gateway; NotYet while a SNAT entry uses it."""

    def release_eip(self, eip_id: str) -> None:
        """Give it back; NotYet while it is bound."""

    def snat_entries(self, *, table_id: str) -> list[SnatEntry]:
        """The entries of a gateway's SNAT table."""

    def create_snat_entry(
        self, *, table_id: str, vswitch_id: str, address: str, name: str, token: str
    ) -> str:
        """Ask that a vSwitch gets out with the address; the entry's id."""

    def delete_snat_entry(self, *, table_id: str, entry_id: str) -> None:
        """Ask that the entry goes."""

    def route_tables(self, *, vpc_id: str) -> list[RouteTable]:
        """The route tables of a VPC, the system's included."""

    def route_entries(self, *, table_id: str) -> list[RouteEntry]:
        """The custom entries of a route table."""

    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Tags) -> None:
        """Set tags on resources of VPC (``VPC``, ``EIP``…); others of theirs stay."""
