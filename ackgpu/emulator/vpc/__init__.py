"""The VPC product: importing the package registers its operations."""

from __future__ import annotations

from ackgpu.emulator.vpc import (
    eip_bindings,
    eip_changes,
    eip_reads,
    forward_entries,
    nat_gateway_changes,
    nat_gateway_reads,
    places,
    protection,
    route_entry_changes,
    route_reads,
    route_tables,
    snat_entry_changes,
    snat_entry_reads,
    tags,
    vpcs,
    vswitches,
)
from ackgpu.emulator.vpc.product import PRODUCT

__all__ = [
    "PRODUCT",
    "eip_bindings",
    "eip_changes",
    "eip_reads",
    "forward_entries",
    "nat_gateway_changes",
    "nat_gateway_reads",
    "places",
    "protection",
    "route_entry_changes",
    "route_reads",
    "route_tables",
    "snat_entry_changes",
    "snat_entry_reads",
    "tags",
    "vpcs",
    "vswitches",
]
