"""The keys of what is read before anything is made, each with the type of what it reads.

Two checks that need the same thing name the same key, and it is read once. What depends on a
region, a type or a product has a function. Those of decisions are in :mod:`ackgpu.steps.reads`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.cloud.api import (
    Cluster,
    Eip,
    Identity,
    Instance,
    InstanceType,
    NatGateway,
    NodePrice,
    Price,
    Quota,
    RouteEntry,
    SecurityGroup,
    SecurityRules,
    SnatEntry,
    Vpc,
    VSwitch,
)
from ackgpu.engine.reads import Read, ReadOf

IDENTITY = Read[Identity]("identity")
ZONES = Read[list[str]]("zones")
TYPES = Read[list[InstanceType]]("types")
INSTANCES = Read[list[Instance]]("instances")
VPCS = Read[list[Vpc]]("vpcs")
VSWITCHES = Read[list[VSwitch]]("vswitches")
ROUTE_ENTRIES = Read[list[RouteEntry]]("route entries")
NAT_GATEWAYS = Read[list[NatGateway]]("nat gateways")
SNAT_ENTRIES = Read[list[SnatEntry]]("snat entries")
CLUSTERS_HERE = Read[list[Cluster]]("clusters here")
GIVEN_VPC = Read[list[Vpc]]("given vpc")
GIVEN_GROUP = Read[list[SecurityGroup]]("given security group")
GROUP_RULES = Read[SecurityRules]("security rules")
MISSING_ROLES = Read[list[str]]("missing roles")
ATTRIBUTES = Read[Mapping[str, str]]("attributes")
USER_QUOTA = Read[Mapping[str, int]]("user quota")
quotas_of = ReadOf[list[Quota]]("quotas")
"""What Quota Center says of a product."""
clusters_in = ReadOf[list[Cluster]]("clusters in")
eips_in = ReadOf[list[Eip]]("eips in")
balancers_in = ReadOf[int]("load balancers in")
"""How many load balancers of a region are paid as they are used."""
groups_in = ReadOf[list[SecurityGroup]]("security groups in")
key_pairs_called = ReadOf[list[str]]("key pair")
node_price = ReadOf[NodePrice]("price")
"""The price of an hour of a node of a pool, if it is of that type."""
period_price = ReadOf[Price]("price")
"""The price of a pool's whole period for one node of that type."""
price_of_use = ReadOf[Price]("price of")
"""The price of an hour of what is paid by use: NAT, EIP, SLB."""
