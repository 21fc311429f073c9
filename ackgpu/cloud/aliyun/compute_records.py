"""Rows of the ECS API as :mod:`ackgpu.cloud.api` records."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any

from ackgpu.cloud.aliyun.rows import amount, listed, number, tags_of, texts
from ackgpu.cloud.api import (
    Disk,
    Instance,
    InstanceType,
    NetworkInterface,
    NodePrice,
    Price,
    SecurityGroup,
    SecurityRule,
)


def console_text(encoded: str) -> str:
    """What an instance printed, from its Base64; what is not Base64 is the text itself."""
    try:
        return b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return encoded


def node_price(price: Any) -> NodePrice:
    """The parts of a price: an answer without them leaves the disks unknown."""
    currency = getattr(price, "currency", None) or ""
    total = amount(getattr(price, "trade_price", None))
    rows = listed(getattr(price, "detail_infos", None), "detail_info")
    parts = {"instance": 0.0, "disks": 0.0}
    for row in rows:
        part = "disks" if "Disk" in (row.resource or "") else "instance"
        parts[part] += amount(row.trade_price) or 0.0
    if not rows:
        unknown = Price(None, currency, "DescribePrice")
        return NodePrice(Price(total, currency, "DescribePrice"), unknown)
    return NodePrice(
        Price(parts["instance"], currency, "DescribePrice"),
        Price(parts["disks"], currency, "DescribePrice"),
    )


def security_group(row: Any) -> SecurityGroup:
    """A row of DescribeSecurityGroups."""
    return SecurityGroup(
        id=row.security_group_id,
        name=row.security_group_name or "",
        vpc_id=row.vpc_id or "",
        tags=tags_of(listed(row.tags, "tag")),
        service_managed=bool(row.service_managed),
        enterprise=row.security_group_type == "enterprise",
    )


def security_rule(row: Any) -> SecurityRule:
    """A permission of DescribeSecurityGroupAttribute."""
    egress = (row.direction or "").lower() == "egress"
    return SecurityRule(
        protocol=(row.ip_protocol or "").lower(),
        port_range=row.port_range or "",
        cidr=(row.dest_cidr_ip if egress else row.source_cidr_ip) or "",
        group=(row.dest_group_id if egress else row.source_group_id) or "",
        egress=egress,
        accepts=(row.policy or "Accept").lower() == "accept",
        priority=int(row.priority or 1),
    )


def instance(row: Any) -> Instance:
    """A row of DescribeInstances."""
    vpc = row.vpc_attributes
    return Instance(
        id=row.instance_id,
        name=row.instance_name or "",
        type=row.instance_type or "",
        zone_id=row.zone_id or "",
        vpc_id=getattr(vpc, "vpc_id", None) or "",
        vswitch_id=getattr(vpc, "v_switch_id", None) or "",
        state=row.status or "",
        charge_type=row.instance_charge_type or "",
        tags=tags_of(listed(row.tags, "tag")),
        spot=(row.spot_strategy or "NoSpot") != "NoSpot",
    )


def disk(row: Any) -> Disk:
    """A row of DescribeDisks."""
    return Disk(
        id=row.disk_id,
        name=row.disk_name or "",
        state=row.status or "",
        tags=tags_of(listed(row.tags, "tag")),
    )


def interface(row: Any) -> NetworkInterface:
    """A row of DescribeNetworkInterfaces."""
    return NetworkInterface(
        id=row.network_interface_id,
        name=row.network_interface_name or "",
        state=row.status or "",
        vpc_id=row.vpc_id or "",
        vswitch_id=row.v_switch_id or "",
        instance_id=row.instance_id or "",
        group_ids=texts(listed(row.security_group_ids, "security_group_id")),
        primary=row.type == "Primary",
        service_managed=bool(row.service_managed),
        tags=tags_of(listed(row.tags, "tag")),
    )


def instance_type(row: Any) -> InstanceType:
    """A row of DescribeInstanceTypes."""
    return InstanceType(
        id=row.instance_type_id,
        cpu=number(row.cpu_core_count),
        memory_gib=amount(row.memory_size) or 0.0,
    )
