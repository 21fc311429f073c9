"""What a cluster leaves behind when its deletion does not take everything along.

Load balancers of Services, the API server's load balancers and EIP, the security group that ACK
makes, and nodes: DeleteCluster should remove them. These steps come after it in a deletion. They
find nothing where it did, and remove what it left.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

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


class _SingleRemoval(Removal):
    """One resource that a cluster or its add-ons made, and that may outlive it."""

    noun: ClassVar[str]
    product: ClassVar[str] = "ecs"
    type: ClassVar[str]
    billable: ClassVar[bool] = True

    def __init__(self, cloud: Cloud, *, pick: Pick, name: str, needs: Sequence[Step[Any]]) -> None:
        super().__init__(name, self.noun, needs)
        self._cloud = cloud
        self._pick = pick

    @property
    def given(self) -> bool:
        """Whether it is retained."""
        return self._pick.given

    def find(self, ctx: Context) -> Finding[Any]:
        """Look by id."""
        del ctx
        row = next(iter(self._rows(self._pick.ids)), None)
        if row is None:
            return Absent()
        if row.state in {"Detaching", "Deleting"}:
            return Pending(row.state, id=row.id, removing=row.state == "Deleting")
        resource = Resource(
            product=self.product,
            type=self.type,
            id=row.id,
            name=row.name,
            region=self._cloud.region,
            state=row.state,
            owned=True,
            billable=self.billable,
        )
        detail = self._detail(row)
        return Ready(row, row.id, detail, self._pick.ownership, resources=(resource,))

    @abstractmethod
    def _rows(self, ids: Sequence[str]) -> Sequence[Any]:
        """The records with the ids."""

    @abstractmethod
    def _detail(self, row: Any) -> str:
        """What is worth saying of it."""


class BalancerRemoval(_SingleRemoval):
    """A load balancer that ACK or its cloud controller made."""

    noun, product, type = "load balancer", "slb", "LoadBalancer"
    reads = ("balancers.load_balancers",)
    writes = ("balancers.delete_load_balancer",)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it with its listeners."""
        del ctx
        self._cloud.balancers.delete_load_balancer(found_id)

    def _rows(self, ids: Sequence[str]) -> Sequence[LoadBalancer]:
        return self._cloud.balancers.load_balancers(ids=ids)

    def _detail(self, row: LoadBalancer) -> str:
        return row.address


class DiskRemoval(_SingleRemoval):
    """The disk of a volume, with all that is on it."""

    noun, type = "volume disk", "Disk"
    reads = ("compute.disks",)
    writes = ("compute.delete_disk",)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it; NotYet while an instance has it."""
        del ctx
        self._cloud.compute.delete_disk(found_id)

    def _rows(self, ids: Sequence[str]) -> Sequence[Disk]:
        return self._cloud.compute.disks(ids=ids)

    def _detail(self, row: Disk) -> str:
        return f"{row.size_gib} GiB"


class InterfaceRemoval(_SingleRemoval):
    """A network interface of pods."""

    noun, type, billable = "network interface", "NetworkInterface", False
    reads = ("compute.interfaces",)
    writes = ("compute.delete_interface",)

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it; NotYet while an instance has it."""
        del ctx
        self._cloud.compute.delete_interface(found_id)

    def _rows(self, ids: Sequence[str]) -> Sequence[NetworkInterface]:
        return self._cloud.compute.interfaces(ids=ids)

    def _detail(self, row: NetworkInterface) -> str:
        return row.vswitch_id


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
