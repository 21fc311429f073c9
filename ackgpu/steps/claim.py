"""Which of two creates of one name goes on: asked before anything that costs is made."""

from __future__ import annotations

from ackgpu.cloud.api import Cloud
from ackgpu.engine.step import Broken
from ackgpu.errors import Overtaken
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import the_one


def stand_by_claim(cloud: Cloud, plan: Blueprint, vpc_id: str) -> None:
    """Raise Overtaken where an earlier run has made the network as well.

    Each step looked for itself when it was made, and reads may not have shown the other run's
    resources then. ``vpc_id``: where this run makes its own.
    """
    groups = cloud.compute.security_groups(tags=plan.ours)
    nats = cloud.network.nat_gateways(tags=plan.ours)
    for found in (
        the_one(cloud.network.vpcs(tags=plan.ours), "VPC", run=plan.run),
        the_one([g for g in groups if g.vpc_id == vpc_id], "security group", run=plan.run),
        the_one([n for n in nats if n.vpc_id == vpc_id], "NAT gateway", run=plan.run),
        the_one(cloud.network.eips(tags=plan.ours), "EIP", run=plan.run),
    ):
        if isinstance(found, Broken) and isinstance(found.error, Overtaken):
            raise found.error


CLAIM_READS = (
    "network.vpcs",
    "network.nat_gateways",
    "network.eips",
    "compute.security_groups",
)
