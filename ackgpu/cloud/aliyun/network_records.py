"""Rows of the VPC API as :mod:`ackgpu.cloud.api` records."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.aliyun.rows import listed, number, tags_of, texts
from ackgpu.cloud.api import Eip, NatGateway, RouteEntry, RouteTable, SnatEntry, Vpc, VSwitch


def vpc(row: Any) -> Vpc:
    """A row of DescribeVpcs: the first route table is the VPC's own."""
    return Vpc(
        id=row.vpc_id,
        name=row.vpc_name or "",
        cidr=row.cidr_block or "",
        state=row.status or "",
        tags=tags_of(listed(row.tags, "tag")),
        route_table_id=next(iter(listed(row.router_table_ids, "router_table_ids")), ""),
    )


def vswitch(row: Any) -> VSwitch:
    """A row of DescribeVSwitches."""
    return VSwitch(
        id=row.v_switch_id,
        name=row.v_switch_name or "",
        vpc_id=row.vpc_id or "",
        zone_id=row.zone_id or "",
        cidr=row.cidr_block or "",
        state=row.status or "",
        tags=tags_of(listed(row.tags, "tag")),
        free_addresses=number(row.available_ip_address_count),
    )


def nat_gateway(row: Any, tags: dict[str, str]) -> NatGateway:
    """A row of DescribeNatGateways; ``tags`` for where the row shows none."""
    private = row.nat_gateway_private_info
    return NatGateway(
        id=row.nat_gateway_id,
        name=row.name or "",
        vpc_id=row.vpc_id or "",
        vswitch_id=(private.vswitch_id if private is not None else "") or "",
        state=row.status or "",
        snat_table_id=next(iter(listed(row.snat_table_ids, "snat_table_id")), ""),
        tags=tags_of(listed(row.tags, "tag")) or tags,
        eip_ids=texts(ip.allocation_id for ip in listed(row.ip_lists, "ip_list")),
    )


def eip(row: Any) -> Eip:
    """A row of DescribeEipAddresses."""
    return Eip(
        id=row.allocation_id,
        name=row.name or "",
        address=row.ip_address or "",
        state=row.status or "",
        bound_to=row.instance_id or "",
        bandwidth_mbps=number(row.bandwidth),
        tags=tags_of(listed(row.tags, "tag")),
    )


def snat_entry(row: Any) -> SnatEntry:
    """A row of DescribeSnatTableEntries."""
    return SnatEntry(
        id=row.snat_entry_id,
        table_id=row.snat_table_id or "",
        vswitch_id=row.source_vswitch_id or "",
        cidr=row.source_cidr or "",
        address=row.snat_ip or "",
        state=row.status or "",
        name=row.snat_entry_name or "",
    )


def route_table(row: Any) -> RouteTable:
    """A row of DescribeRouteTableList."""
    return RouteTable(
        id=row.route_table_id,
        name=row.route_table_name or "",
        custom=row.route_table_type == "Custom",
        tags=tags_of(listed(row.tags, "tag")),
        vswitch_ids=texts(listed(row.v_switch_ids, "v_switch_id")),
    )


def route_entry(row: Any) -> RouteEntry:
    """A row of DescribeRouteEntryList."""
    hops = listed(row.next_hops, "next_hop")
    return RouteEntry(
        id=row.route_entry_id,
        cidr=row.destination_cidr_block or "",
        next_hop=hops[0].next_hop_id or "" if hops else "",
    )
