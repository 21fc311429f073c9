"""The enhanced NAT gateway: the nodes' way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackgpu.cloud.api import Cloud, NatGateway, Vpc, VSwitch
from ackgpu.engine.step import Absent, Broken, Context, Finding, Pending, Ready, Resource, Step
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, the_one, within


class NatGatewayStep(Step[NatGateway]):
    """A NAT gateway in the first vSwitch. It takes one to three minutes (VPC documentation).

    ``after``: steps that settle which of two creates at once goes on (see docs/adr/0011).
    """

    typical = 90

    reads = ("network.nat_gateways",)
    writes = ("network.create_nat_gateway", "network.delete_nat_gateway")

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        *,
        vpc: Step[Vpc],
        vswitch: Step[VSwitch],
        pick: Pick,
        name: str = "nat gateway",
        after: tuple[Step[Any], ...] = (),
    ) -> None:
        super().__init__(name, "nat gateway", (vpc, vswitch, *after))
        self._network = cloud.network
        self._plan = plan
        self._vpc = vpc
        self._vswitch = vswitch
        self._pick = pick

    @property
    def title(self) -> str:
        """Its kind."""
        return self._pick.id or "enhanced, pay by LCU"

    @property
    def given(self) -> bool:
        """Whether the spec names it."""
        return self._pick.given

    @property
    def consumes(self) -> Mapping[str, int]:
        """One of its kind."""
        return {} if self.given else {"nat_gateways": 1}

    def find(self, ctx: Context) -> Finding[NatGateway]:
        """Look by id, or by tag within the VPC."""
        tags = None if self._pick.id else self._plan.ours
        rows = self._network.nat_gateways(tags=tags, ids=self._pick.ids)
        rows = within(ctx.get(self._vpc), rows, self._pick)
        found = the_one(rows, "NAT gateway", self._pick, self._plan.region, run=self._plan.run)
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        resource = self._resource(found)
        if found.state not in {"Available", "Modifying"}:
            removing = found.state == "Deleting"
            return Pending(found.state, id=found.id, removing=removing, resources=(resource,))
        return Ready(found, found.id, "", self._pick.ownership, resources=(resource,))

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the gateway."""
        self._network.create_nat_gateway(
            vpc_id=ctx[self._vpc].id,
            vswitch_id=ctx[self._vswitch].id,
            name=self._plan.name_of("nat"),
            tags=self._plan.tags,
            token=token,
        )

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an EIP or a SNAT entry is on it."""
        del ctx
        self._network.delete_nat_gateway(found_id)

    def _resource(self, found: NatGateway) -> Resource:
        return Resource(
            product="vpc",
            type="NatGateway",
            id=found.id,
            name=found.name,
            region=self._plan.region,
            state=found.state,
            owned=not self._pick.given,
            billable=True,
        )
