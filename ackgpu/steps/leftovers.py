"""What a cluster leaves behind when its deletion does not take everything along.

Load balancers of Services, the API server's load balancers and EIP, the security group that ACK
makes, and nodes: DeleteCluster should remove them. These steps come after it in a deletion. They
find nothing where it did, and remove what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, Instance
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import CloudError, ConflictError
from ackgpu.inventory.resources import INSTANCE, ResourceKind
from ackgpu.steps.lookup import Pick

LEAVING = frozenset({"Detaching", "Deleting"})
"""States of what is busy with coming off, or on its way out."""


class RemovalStep(Step[Any]):
    """A step of a deletion: it creates nothing."""

    def create(self, ctx: Context, token: str) -> None:
        del ctx, token
        raise AssertionError("a removal creates nothing")


class KindRemoval(RemovalStep):
    """One resource that a cluster or its add-ons made, and that may outlive it."""

    def __init__(
        self,
        cloud: Cloud,
        kind: ResourceKind,
        *,
        pick: Pick,
        name: str,
        needs: Sequence[Step[Any]],
    ) -> None:
        super().__init__(name, kind.noun, needs)
        self.reads, self.writes = (kind.lists,), (kind.deletes,) if kind.deletes else ()
        self._cloud = cloud
        self._kind = kind
        self._pick = pick
        self.given = pick.given

    def find(self, ctx: Context) -> Finding[Any]:
        del ctx
        row = next(iter(self._kind.listing(self._cloud)(ids=self._pick.ids)), None)
        if row is None:
            return Absent()
        resource = self._kind.resource(row, self._cloud.region)
        if row.state in LEAVING:
            # Detaching ends by itself and then has to be deleted: it is busy, not on its way out.
            removing = row.state == "Deleting"
            return Pending(row.state, id=row.id, removing=removing, resources=(resource,))
        return Ready(row, row.id, ownership=self._pick.ownership, resources=(resource,))

    def delete(self, ctx: Context, found_id: str) -> None:
        """Delete it with all that is in it; NotYet while something has it."""
        del ctx
        self._kind.deletion(self._cloud)(found_id)


class InstancesRemoval(RemovalStep):
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
        self.given = keep

    def find(self, ctx: Context) -> Finding[tuple[Instance, ...]]:
        del ctx
        found = tuple(self._compute.instances(ids=self._ids))
        if not found:
            return Absent()
        resources = tuple(INSTANCE.resource(instance, self._region) for instance in found)
        if self._keep:
            return Ready(found, resources[0].id, ownership="given", resources=resources)
        # The cloud releases none before its term. Told at once: waiting changes nothing.
        if all(instance.charge_type == "PrePaid" for instance in found):
            error = CloudError(
                "Subscriptions are not released before their term.",
                resolution="Have them refunded (`aliyun bssopenapi RefundInstance`), then run it"
                " again.",
            )
            return Broken(error, found[0].id, resources)
        return Ready(found, found[0].id, f"{len(found)} instances", resources=resources)

    def delete(self, ctx: Context, found_id: str) -> None:
        del ctx, found_id
        # Read anew: most of them go with the cluster, and some between the look and now.
        for instance in self._compute.instances(ids=self._ids):
            if instance.charge_type != "PrePaid":
                self._compute.delete_instance(instance.id)


class InUse(RemovalStep):
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
