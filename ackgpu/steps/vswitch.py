"""A vSwitch: the VPC's part in one zone."""

from __future__ import annotations

from ackgpu.cloud.api import Cloud, Vpc, VSwitch
from ackgpu.engine.step import Context, Drift, Step
from ackgpu.inventory.resources import VSWITCH
from ackgpu.steps.blueprint import PODS, Blueprint, ZonePlan
from ackgpu.steps.lookup import Pick
from ackgpu.steps.selection import SelectedStep


class VSwitchStep(SelectedStep[VSwitch]):
    """A vSwitch. The cloud makes one at a time in a VPC, and refuses the next one meanwhile."""

    what = VSWITCH
    makes = "network.create_vswitch"
    typical = 3

    def __init__(
        self, cloud: Cloud, plan: Blueprint, zone: ZonePlan, *, vpc: Step[Vpc], pick: Pick
    ) -> None:
        self._zone = zone
        super().__init__(cloud, plan, pick=pick, name=f"vswitch {zone.short}", vpc=vpc)
        self.title = self._words()

    def _words(self) -> str:
        return f"{self._zone.cidr} in {self._zone.zone_id}"

    def _ask(self, ctx: Context, token: str) -> str:
        return self._cloud.network.create_vswitch(
            vpc_id=self._vpc_id(ctx),
            zone_id=self._zone.zone_id,
            name=self._plan.name_of(f"vswitch-{self._zone.short}"),
            cidr=self._zone.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def _fits(self, row: VSwitch) -> bool:
        """Of the zone, and for the same use: pods' vSwitches are told by their names."""
        return row.zone_id == self._zone.zone_id and row.name.endswith(PODS) == self._zone.pods

    def _detail(self, found: VSwitch) -> str:
        return f"{found.cidr} in {found.zone_id}"

    def _drift(self, found: VSwitch) -> tuple[Drift, ...]:
        wanted = self._zone.cidr
        part = "podVswitches" if self._zone.pods else "vswitches"
        key = f"network.{part}[{self._zone.zone_id}].cidr"
        return () if found.cidr == wanted else (Drift(key, wanted, found.cidr),)
