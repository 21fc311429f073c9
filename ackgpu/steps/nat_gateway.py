"""The enhanced NAT gateway: the nodes' way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.api import Cloud, NatGateway, Tags, Vpc, VSwitch
from ackgpu.engine.step import Context, Step
from ackgpu.inventory.resources import NAT_GATEWAY
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, within
from ackgpu.steps.selection import SelectedStep


class NatGatewayStep(SelectedStep[NatGateway]):
    """A NAT gateway in the first vSwitch. It takes one to three minutes (VPC documentation).

    ``after``: steps that settle which of two creates at once goes on (see docs/adr/0011).
    """

    what = NAT_GATEWAY
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
        super().__init__(plan, pick, name, "nat gateway", (vpc, vswitch, *after))
        self._network = cloud.network
        self._vpc = vpc
        self._vswitch = vswitch

    @property
    def title(self) -> str:
        """Its kind."""
        return self._pick.id or "enhanced, pay by LCU"

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an EIP or a SNAT entry is on it."""
        del ctx
        self._network.delete_nat_gateway(found_id)

    def _ask(self, ctx: Context, token: str) -> str:
        return self._network.create_nat_gateway(
            vpc_id=ctx[self._vpc].id,
            vswitch_id=ctx[self._vswitch].id,
            name=self._plan.name_of("nat"),
            tags=self._plan.tags,
            token=token,
        )

    def _rows(self, ctx: Context, tags: Tags | None, ids: Sequence[str]) -> Sequence[NatGateway]:
        rows = self._network.nat_gateways(tags=tags, ids=ids)
        return within(ctx.get(self._vpc), rows, self._pick)

    def _state(self, found: NatGateway) -> str:
        return found.state

    def _usable(self, state: str) -> bool:
        return state in {"Available", "Modifying"}
