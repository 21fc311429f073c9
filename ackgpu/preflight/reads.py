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
from ackgpu.engine.reads import Read

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


def quotas_of(product: str) -> Read[list[Quota]]:
    """What Quota Center says of a product."""
    return Read(f"quotas {product}")


def clusters_in(region: str) -> Read[list[Cluster]]:
    """The clusters of a region."""
    return Read(f"clusters in {region}")


def eips_in(region: str) -> Read[list[Eip]]:
    """The EIPs of a region."""
    return Read(f"eips in {region}")


def balancers_in(region: str) -> Read[int]:
    """How many load balancers of a region are paid as they are used."""
    return Read(f"load balancers in {region}")


def groups_in(region: str) -> Read[list[SecurityGroup]]:
    """The security groups of a region."""
    return Read(f"security groups in {region}")


def key_pairs_called(name: str) -> Read[list[str]]:
    """The key pairs of that name in the region."""
    return Read(f"key pair {name}")


def node_price(pool: str, type_id: str) -> Read[NodePrice]:
    """The price of an hour of a node of a pool, if it is of that type."""
    return Read(f"price {pool} {type_id}")


def period_price(pool: str, type_id: str) -> Read[Price]:
    """The price of a pool's whole period for one node of that type."""
    return Read(f"price {pool} {type_id}")


def price_of_use(what: str) -> Read[Price]:
    """The price of an hour of what is paid by use: NAT, EIP, SLB."""
    return Read(f"price of {what}")
