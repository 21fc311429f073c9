"""The enhanced NAT gateway: the nodes' way out."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import Cloud, NatGateway, Vpc, VSwitch
from ackgpu.engine.step import Context, Step
from ackgpu.inventory.resources import NAT_GATEWAY
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick
from ackgpu.steps.selection import SelectedStep


class NatGatewayStep(SelectedStep[NatGateway]):
    """A NAT gateway in the first vSwitch. It takes one to three minutes (VPC documentation).

    ``needs``: steps that settle which of two creates at once goes on (see docs/adr/0011).
    """

    what = NAT_GATEWAY
    makes = "network.create_nat_gateway"
    typical = 90

    def __init__(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        cloud: Cloud,
        plan: Blueprint,
        *,
        vpc: Step[Vpc],
        vswitch: Step[VSwitch],
        pick: Pick,
        name: str = "",
        needs: tuple[Step[Any], ...] = (),
    ) -> None:
        super().__init__(cloud, plan, pick=pick, name=name, vpc=vpc, needs=(vswitch, *needs))
        self._vswitch = vswitch

    def _words(self) -> str:
        return "enhanced, pay by LCU"

    def _ask(self, ctx: Context, token: str) -> str:
        return self._cloud.network.create_nat_gateway(
            vpc_id=self._vpc_id(ctx),
            vswitch_id=ctx[self._vswitch].id,
            name=self._plan.name_of("nat"),
            tags=self._plan.tags,
            token=token,
        )

    def _usable(self, state: str) -> bool:
        return state in {"Available", "Modifying"}
