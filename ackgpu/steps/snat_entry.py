"""A SNAT entry: what lets a vSwitch's nodes out. It carries no tags; its name says whose it is."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.cloud.api import Cloud, NatGateway, SnatEntry, VSwitch
from ackgpu.engine.step import Absent, Context, Finding, Pending, Ready, Step
from ackgpu.inventory.resources import SNAT_ENTRY
from ackgpu.steps.blueprint import Blueprint, ZonePlan


class SnatEntryStep(Step[SnatEntry]):
    """A SNAT entry for one vSwitch.

    Right after the EIP was bound the cloud refuses it for some seconds (TF and field notes:
    OperationUnsupported.EipInBinding), which the adapter reports as NotYet.
    """

    typical = 5
    reads = ("network.snat_entries",)
    writes = ("network.create_snat_entry", "network.delete_snat_entry")

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        zone: ZonePlan,
        *,
        nat: Step[NatGateway],
        vswitch: Step[VSwitch],
        address: Step[str],
    ) -> None:
        super().__init__(f"snat {zone.short}", "snat entry", (nat, vswitch, address))
        self._network = cloud.network
        self._plan = plan
        self._nat = nat
        self._vswitch = vswitch
        self._address = address
        self._name = plan.name_of(f"snat-{zone.short}")
        self.title = f"lets {self._vswitch.name} out"

    @property
    def consumes(self) -> Mapping[str, int]:
        return {"snat_entries": 1}

    def find(self, ctx: Context) -> Finding[SnatEntry]:
        """Look for the vSwitch's entry in the gateway's SNAT table.

        An entry for this vSwitch that somebody else made serves as well: it is used like a given
        one, and stays.
        """
        nat, vswitch = ctx.get(self._nat), ctx.get(self._vswitch)
        if nat is None or vswitch is None:
            return Absent()
        entries = self._network.snat_entries(table_id=nat.snat_table_id)
        found = next(
            # An entry may have been made by the range instead
            # of the vSwitch, and lets the same nodes out.
            (row for row in entries if row.vswitch_id == vswitch.id or row.cidr == vswitch.cidr),
            None,
        )
        if found is None:
            return Absent()
        # The exact name: that of a cluster whose name begins alike is not ours.
        ours = found.name == self._name or found.id == ctx.recall(self, "id")
        resource = SNAT_ENTRY.resource(found, self._plan.region, owned=ours)
        if found.state != "Available":
            removing = found.state == "Deleting"
            return Pending(found.state, id=found.id, removing=removing, resources=(resource,))
        detail = f"{vswitch.cidr} as {found.address}"
        return Ready(found, found.id, detail, "ours" if ours else "given", resources=(resource,))

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the entry, and keep its id: nothing else would tell that it is ours."""
        entry_id = self._network.create_snat_entry(
            table_id=ctx[self._nat].snat_table_id,
            vswitch_id=ctx[self._vswitch].id,
            address=ctx[self._address],
            name=self._name,
            token=token,
        )
        ctx.remember(self, "id", entry_id)

    def delete(self, ctx: Context, found_id: str) -> None:
        self._network.delete_snat_entry(table_id=ctx[self._nat].snat_table_id, entry_id=found_id)
