"""The keys of what is read to decide what a spec leaves open, each with the type of its result."""

from __future__ import annotations

from ackgpu.cloud.api import Cluster, KubernetesVersion, NodePrice, Stock, VSwitch
from ackgpu.engine.reads import Read, ReadOf

REGIONS = Read[list[str]]("regions")
VERSIONS = Read[list[KubernetesVersion]]("versions")
NAMED_CLUSTERS = Read[list[Cluster]]("clusters")
OUR_VSWITCHES = Read[list[VSwitch]]("vswitches")
GIVEN_VSWITCHES = Read[list[VSwitch]]("given")
NAT_ZONES = Read[list[str]]("nat zones")
stock_of_type = ReadOf[list[Stock]]("stock")
"""Where a type is sold in the region."""
type_price = ReadOf[NodePrice]("price")
"""The price of an hour of a node of that type with the disk that a pool has by default."""
