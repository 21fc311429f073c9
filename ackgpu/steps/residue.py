"""What a cluster leaves behind when its deletion does not take everything along.

Load balancers of Services, the API server's load balancers and EIP, the security group that ACK
makes, and nodes: DeleteCluster should remove them. These steps come after it in a deletion. They
find nothing where it did, and remove what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, Instance, LoadBalancer
from ackgpu.engine.step import Absent, Broken, Context, Finding, Ready, Resource, Step
from ackgpu.errors import CloudError
from ackgpu.steps.lookup import Pick


class Removal(Step[Any]):
    """A step of a deletion: it creates nothing."""

    def create(self, ctx: Context, token: str) -> None:
        """Nothing is made in a deletion."""
        del ctx, token
        raise AssertionError("a removal creates nothing")


class BalancerRemoval(Removal):
    """A load balancer that ACK or its cloud controller made."""

    reads = ("balancers.load_balancers",)
    writes = ("balancers.delete_load_balancer",)

    def __init__(self, cloud: Cloud, *, pick: Pick, name: str, needs: Sequence[Step[Any]]) -> None:
        super().__init__(name, "load balancer", needs)
        self._balancers = cloud.balancers
        self._region = cloud.region
        self._pick = pick

    def find(self, ctx: Context) -> Finding[LoadBalancer]:
        """Look by id."""
        del ctx
        found = next(iter(self._balancers.load_balancers(ids=self._pick.ids)), None)
        if found is None:
            return Absent()
        resource = Resource(
            product="slb",
            type="LoadBalancer",
            id=found.id,
            name=found.name,
            region=self._region,
            state=found.state,
            owned=True,
            billable=True,
        )
        return Ready(found, found.id, found.address, self._pick.ownership, resources=(resource,))

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it with its listeners."""
        del ctx
        self._balancers.delete_load_balancer(found_id)


class InstancesRemoval(Removal):
    """The instances that node pools made. Subscriptions cannot be released: they stay."""

    reads = ("compute.instances",)
    writes = ("compute.delete_instance",)

    def __init__(
        self, cloud: Cloud, ids: Sequence[str], *, keep: bool, name: str, needs: Sequence[Step[Any]]
    ) -> None:
        super().__init__(name, "instances", needs)
        self._compute = cloud.compute
        self._region = cloud.region
        self._ids = tuple(ids)
        self._keep = keep

    def find(self, ctx: Context) -> Finding[tuple[Instance, ...]]:
        """Look by their ids."""
        del ctx
        found = tuple(self._compute.instances(ids=self._ids))
        if not found:
            return Absent()
        resources = tuple(self._resource(instance) for instance in found)
        if self._keep:
            return Ready(found, resources[0].id, ownership="given", resources=resources)
        if all(instance.charge_type == "PrePaid" for instance in found):
            error = CloudError(
                f"{len(found)} subscription instances are not released by a deletion.",
                resolution="Have them refunded in the ECS console, then run it again.",
            )
            return Broken(error, found[0].id, resources)
        return Ready(found, found[0].id, f"{len(found)} instances", resources=resources)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Release those that are paid as they go."""
        del ctx, found_id
        for instance in self._compute.instances(ids=self._ids):
            if instance.charge_type != "PrePaid":
                self._compute.delete_instance(instance.id)

    def _resource(self, instance: Instance) -> Resource:
        return Resource(
            product="ecs",
            type="Instance",
            id=instance.id,
            name=instance.name,
            region=self._region,
            state=instance.state,
            owned=True,
            billable=True,
        )
