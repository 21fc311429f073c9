"""What a cluster leaves behind when its deletion does not take everything along.

Load balancers of Services, the API server's load balancers and EIP, the security group that ACK
makes, and nodes: DeleteCluster should remove them. These steps come after it in a deletion. They
find nothing where it did, and remove what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, Disk, Instance, LoadBalancer, NetworkInterface
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Resource, Step
from ackgpu.errors import CloudError, ConflictError
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

    @property
    def given(self) -> bool:
        """Whether it is retained."""
        return self._pick.given

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

    @property
    def given(self) -> bool:
        """Whether they are retained."""
        return self._keep

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


class _SingleRemoval(Removal):
    """One ECS resource that a cluster's add-ons made, and that outlives it."""

    type = ""
    billable = False

    def __init__(self, cloud: Cloud, *, pick: Pick, name: str, needs: Sequence[Step[Any]]) -> None:
        super().__init__(name, self.type, needs)
        self._compute = cloud.compute
        self._region = cloud.region
        self._pick = pick

    @property
    def given(self) -> bool:
        """Whether it is retained."""
        return self._pick.given

    def _found(self, row: Disk | NetworkInterface, detail: str) -> Finding[Any]:
        resource = Resource(
            product="ecs",
            type=self.type,
            id=row.id,
            name=row.name,
            region=self._region,
            state=row.state,
            owned=True,
            billable=self.billable,
        )
        if row.state in {"Detaching", "Deleting"}:
            return Pending(row.state, id=row.id, removing=row.state == "Deleting")
        return Ready(row, row.id, detail, self._pick.ownership, resources=(resource,))


class DiskRemoval(_SingleRemoval):
    """The disk of a volume, with all that is on it."""

    type = "Disk"
    billable = True
    reads = ("compute.disks",)
    writes = ("compute.delete_disk",)

    def find(self, ctx: Context) -> Finding[Disk]:
        """Look by id."""
        del ctx
        found = next(iter(self._compute.disks(ids=self._pick.ids)), None)
        return Absent() if found is None else self._found(found, f"{found.size_gib} GiB")

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it; NotYet while an instance has it."""
        del ctx
        self._compute.delete_disk(found_id)


class InterfaceRemoval(_SingleRemoval):
    """A network interface of pods."""

    type = "NetworkInterface"
    reads = ("compute.interfaces",)
    writes = ("compute.delete_interface",)

    def find(self, ctx: Context) -> Finding[NetworkInterface]:
        """Look by id."""
        del ctx
        found = next(iter(self._compute.interfaces(ids=self._pick.ids)), None)
        return Absent() if found is None else self._found(found, found.vswitch_id)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it; NotYet while an instance has it."""
        del ctx
        self._compute.delete_interface(found_id)


class Occupied(Removal):
    """A VPC, vSwitch or security group that cannot go, since somebody else's things are in it."""

    def __init__(self, home: Step[Any], by: Sequence[str]) -> None:
        super().__init__(home.name, home.kind, home.needs)
        self._home = home
        self._by = ", ".join(by)

    def find(self, ctx: Context) -> Finding[Any]:
        """Look as its own step does: it is there, and stays."""
        found = self._home.find(ctx)
        if not isinstance(found, Ready) or found.ownership == "given":
            return found
        return Broken(self._error(), found.id, found.resources)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Raise ConflictError: it is not tried."""
        del ctx, found_id
        raise self._error()

    def _error(self) -> ConflictError:
        return ConflictError(
            f"in use by {self._by}.",
            resolution="Remove what is in it, then run it again.",
        )
