"""The VPC product: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.vpc import (
    dnat,
    eip_addresses,
    eip_bindings,
    nat_gateway_operations,
    nat_gateway_reads,
    places,
    protection,
    route_entries,
    route_reads,
    route_tables,
    snat_entries,
    tags,
    vpcs,
    vswitches,
)
from ackgpu.emulator.vpc.product import PRODUCT

__all__ = [
    "PRODUCT",
    "dnat",
    "eip_addresses",
    "eip_bindings",
    "nat_gateway_operations",
    "nat_gateway_reads",
    "places",
    "protection",
    "route_entries",
    "route_reads",
    "route_tables",
    "snat_entries",
    "tags",
    "vpcs",
    "vswitches",
]
