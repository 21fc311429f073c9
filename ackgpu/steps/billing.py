"""Nodes changed from pay-as-you-go to a subscription."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.cloud.api import Cloud, Cluster, Instance
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Step
from ackgpu.errors import ResourceNotFound

MAX_AN_ORDER = 20
"""ECS API reference, ModifyInstanceChargeType, InstanceIds."""


class SubscriptionStep(Step[tuple[Instance, ...]]):
    """One order for up to 20 instances. Its client token makes sure that it is paid once."""

    typical = 10
    changes = True
    paid = True
    reads = ("compute.instances",)
    writes = ("compute.subscribe",)

    def __init__(
        self,
        cloud: Cloud,
        *,
        name: str,
        instance_ids: Sequence[str],
        months: int,
        running: Step[Cluster],
    ) -> None:
        super().__init__(name, "billing", (running,))
        self._compute = cloud.compute
        self._ids = tuple(instance_ids)
        self._months = months
        self.title = f"{len(self._ids)} × PrePaid, months: {self._months}"

    def find(self, ctx: Context) -> Finding[tuple[Instance, ...]]:
        del ctx
        found = self._compute.instances(ids=self._ids)
        gone = set(self._ids) - {instance.id for instance in found}
        if gone:
            return Broken(ResourceNotFound(f"{', '.join(sorted(gone))} exist no more."))
        open_ids = [i.id for i in found if i.charge_type != "PrePaid"]
        if not open_ids:
            return Ready(tuple(found), detail=f"{len(found)} × PrePaid")
        if len(open_ids) < len(found):
            return Pending(f"{len(open_ids)} of {len(found)} instances are still PostPaid")
        return Absent()

    def create(self, ctx: Context, token: str) -> None:
        del ctx
        self._compute.subscribe(self._ids, months=self._months, token=token)


def subscription_steps(
    cloud: Cloud, instances: Sequence[Instance], months: int, *, running: Step[Cluster]
) -> tuple[SubscriptionStep, ...]:
    """The orders for ``instances``, 20 in each.

    A step's name stands in its token, and says whom the order begins with: after a crash those that
    are left are cut anew, and no token may be used for another order.
    """
    ids = sorted(instance.id for instance in instances)
    parts = [ids[at : at + MAX_AN_ORDER] for at in range(0, len(ids), MAX_AN_ORDER)]
    return tuple(
        SubscriptionStep(
            cloud,
            name=f"order from {part[0]}",
            instance_ids=part,
            months=months,
            running=running,
        )
        for part in parts
    )
