"""A vSwitch: the VPC's part in one zone."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.cloud.api import Cloud, Tags, Vpc, VSwitch
from ackgpu.engine.step import Context, Drift, Step
from ackgpu.inventory.resources import VSWITCH
from ackgpu.steps.blueprint import PODS, Blueprint, ZonePlan
from ackgpu.steps.lookup import Pick, within
from ackgpu.steps.selection import SelectedStep


class VSwitchStep(SelectedStep[VSwitch]):
    """A vSwitch. The cloud makes one at a time in a VPC, and refuses the next one meanwhile."""

    what = VSWITCH
    typical = 3
    reads = ("network.vswitches",)
    writes = ("network.create_vswitch", "network.delete_vswitch")

    def __init__(
        self, cloud: Cloud, plan: Blueprint, zone: ZonePlan, *, vpc: Step[Vpc], pick: Pick
    ) -> None:
        super().__init__(plan, pick, f"vswitch {zone.short}", "vswitch", (vpc,))
        self._network = cloud.network
        self._zone = zone
        self._vpc = vpc

    @property
    def title(self) -> str:
        """Its range and zone."""
        return f"{self._zone.cidr} in {self._zone.zone_id}"

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an address of it is in use."""
        del ctx
        self._network.delete_vswitch(found_id)

    def _ask(self, ctx: Context, token: str) -> str:
        return self._network.create_vswitch(
            vpc_id=ctx[self._vpc].id,
            zone_id=self._zone.zone_id,
            name=self._plan.name_of(f"vswitch-{self._zone.short}"),
            cidr=self._zone.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def _rows(self, ctx: Context, tags: Tags | None, ids: Sequence[str]) -> Sequence[VSwitch]:
        rows = self._network.vswitches(tags=tags, ids=ids)
        fitting = rows if ids else [row for row in rows if self._fits(row)]
        return within(ctx.get(self._vpc), fitting, self._pick)

    def _fits(self, row: VSwitch) -> bool:
        """Of the zone, and for the same use: pods' vSwitches are told by their names."""
        return row.zone_id == self._zone.zone_id and row.name.endswith(PODS) == self._zone.pods

    def _state(self, found: VSwitch) -> str:
        return found.state

    def _detail(self, found: VSwitch) -> str:
        return f"{found.cidr} in {found.zone_id}"

    def _drift(self, found: VSwitch) -> tuple[Drift, ...]:
        wanted = self._zone.cidr
        part = "podVswitches" if self._zone.pods else "vswitches"
        key = f"network.{part}[{self._zone.zone_id}].cidr"
        return () if found.cidr == wanted else (Drift(key, wanted, found.cidr),)
