"""Instances that outlive their pool: subscriptions, and what somebody attached by hand.

Neither is released with its pool or by a scale-in (ACK documentation, deleting node pools and
removing nodes): they leave the cluster and go on being billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ackgpu.cloud.api import Cloud, ClusterNode, Instance

SUBSCRIPTION = "a subscription, which the cloud does not release before its term"
ATTACHED = "attached by hand, so ACK does not release it"


@dataclass(frozen=True)
class StayingInstance:
    """An instance that stays, and why."""

    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.id}: {self.why}"


def staying_instances(cloud: Cloud, nodes: Sequence[ClusterNode]) -> tuple[StayingInstance, ...]:
    """Those of the ``nodes`` that would outlive their pool."""
    ids = [node.instance_id for node in nodes if node.instance_id]
    attached = {node.instance_id for node in nodes if node.attached}
    instances = cloud.compute.instances(ids=ids) if ids else []
    whys = ((instance.id, _why(instance, attached)) for instance in instances)
    return tuple(StayingInstance(id_, why) for id_, why in whys if why)


def _why(instance: Instance, attached: set[str]) -> str:
    if instance.charge_type == "PrePaid":
        return SUBSCRIPTION
    return ATTACHED if instance.id in attached else ""
