"""A vSwitch: the VPC's part in one zone."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.cloud.api import Cloud, Vpc, VSwitch
from ackgpu.engine.step import (
    Absent,
    Broken,
    Context,
    Drift,
    Finding,
    Pending,
    Ready,
    Resource,
    Step,
)
from ackgpu.steps.blueprint import PODS, Blueprint, ZonePlan
from ackgpu.steps.lookup import Pick, the_one, within


class VSwitchStep(Step[VSwitch]):
    """A vSwitch. The cloud makes one at a time in a VPC, and refuses the next one meanwhile."""

    typical = 3
    reads = ("network.vswitches",)
    writes = ("network.create_vswitch", "network.delete_vswitch")

    def __init__(
        self, cloud: Cloud, plan: Blueprint, zone: ZonePlan, *, vpc: Step[Vpc], pick: Pick
    ) -> None:
        super().__init__(f"vswitch {zone.short}", "vswitch", (vpc,))
        self._network = cloud.network
        self._plan = plan
        self._zone = zone
        self._vpc = vpc
        self._pick = pick

    @property
    def title(self) -> str:
        """Its range and zone."""
        return f"{self._zone.cidr} in {self._zone.zone_id}"

    @property
    def given(self) -> bool:
        """Whether the spec names it."""
        return self._pick.given

    @property
    def consumes(self) -> Mapping[str, int]:
        """One of its kind."""
        return {} if self.given else {"vswitches": 1}

    def find(self, ctx: Context) -> Finding[VSwitch]:
        """Look by id, or by tag within the VPC and the zone."""
        rows = self._network.vswitches(
            tags=None if self._pick.id else self._plan.ours, ids=self._pick.ids
        )
        if not self._pick.id:
            rows = [row for row in rows if self._fits(row)]
            rows = within(ctx.get(self._vpc), rows, self._pick)
        found = the_one(rows, "vSwitch", self._pick, self._plan.region, run=self._plan.run)
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        resource = self._resource(found)
        if found.state != "Available":
            return Pending(found.state, id=found.id, resources=(resource,))
        detail = f"{found.cidr} in {found.zone_id}"
        return Ready(found, found.id, detail, self._pick.ownership, self._drift(found), (resource,))

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the vSwitch."""
        self._network.create_vswitch(
            vpc_id=ctx[self._vpc].id,
            zone_id=self._zone.zone_id,
            name=self._plan.name_of(f"vswitch-{self._zone.short}"),
            cidr=self._zone.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an address of it is in use."""
        del ctx
        self._network.delete_vswitch(found_id)

    def _fits(self, row: VSwitch) -> bool:
        """Of the zone, and for the same use: pods' vSwitches are told by their names."""
        return row.zone_id == self._zone.zone_id and row.name.endswith(PODS) == self._zone.pods

    def _drift(self, found: VSwitch) -> tuple[Drift, ...]:
        same = self._pick.id or found.cidr == self._zone.cidr
        return () if same else (Drift(f"{self.name} cidr", self._zone.cidr, found.cidr),)

    def _resource(self, found: VSwitch) -> Resource:
        return Resource(
            product="vpc",
            type="VSwitch",
            id=found.id,
            name=found.name,
            region=self._plan.region,
            state=found.state,
            owned=not self._pick.given,
            billable=False,
        )
