"""Which of two creates of one name goes on: asked before anything that costs is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ackgpu.cloud.api import Cloud, SecurityGroup, Vpc
from ackgpu.engine.step import Broken
from ackgpu.errors import Overtaken
from ackgpu.inventory.ownership import Tagged
from ackgpu.naming import CLUSTER_ID_TAG
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import the_one


class Claim(NamedTuple):
    """What a create has made before its cluster; a given VPC is not among it."""

    vpcs: Sequence[Vpc]
    groups: Sequence[SecurityGroup]

    @property
    def cluster_id(self) -> str:
        """The id of the cluster that was made here; empty if none was."""
        rows: Sequence[Tagged] = (*self.vpcs, *self.groups)
        return next(filter(None, (row.tags.get(CLUSTER_ID_TAG, "") for row in rows)), "")


def abort_if_superseded(cloud: Cloud, plan: Blueprint, vpc_id: str) -> Claim:
    """What stands in the VPC; raises Overtaken if an earlier run has made the network as well.

    Each step looked for itself when it was made, and reads may not have shown the other run's
    resources then. ``vpc_id``: where this run makes its own.
    """
    vpcs = cloud.network.vpcs(tags=plan.ours)
    groups = cloud.compute.security_groups(tags=plan.ours)
    nats = cloud.network.nat_gateways(tags=plan.ours)
    # Each kind: a run may lose the race for one and not have requested the other yet.
    for found in (
        the_one(vpcs, "VPC", run=plan.run),
        the_one([g for g in groups if g.vpc_id == vpc_id], "security group", run=plan.run),
        the_one([n for n in nats if n.vpc_id == vpc_id], "NAT gateway", run=plan.run),
        # An EIP is in no VPC.
        the_one(cloud.network.eips(tags=plan.ours), "EIP", run=plan.run),
    ):
        if isinstance(found, Broken) and isinstance(found.error, Overtaken):
            raise found.error
    return Claim(vpcs, [g for g in groups if g.vpc_id == vpc_id])


CLAIM_READS = (
    "network.vpcs",
    "network.nat_gateways",
    "network.eips",
    "compute.security_groups",
)
