"""The elastic IP of the NAT gateway, and its binding."""

from __future__ import annotations

from ackgpu.cloud.api import Cloud, Eip, NatGateway
from ackgpu.engine.step import (
    Absent,
    Broken,
    CheckStep,
    Context,
    Drift,
    Finding,
    Pending,
    Ready,
    Step,
)
from ackgpu.errors import ConflictError
from ackgpu.inventory.resources import EIP
from ackgpu.steps.selection import REMOVING, SelectedStep


class EipStep(SelectedStep[Eip]):
    """An EIP. It is Available at once and billed until it is released.

    ``needs``: steps that settle which of two creates at once goes on (see docs/adr/0011).
    """

    what = EIP
    makes = "network.allocate_eip"
    typical = 1

    def _words(self) -> str:
        return f"{self._plan.spec.network.nat.eip.bandwidth} Mbit/s, pay by traffic"

    def _ask(self, ctx: Context, token: str) -> str:
        del ctx
        return self._cloud.network.allocate_eip(
            name=self._plan.name_of("eip"),
            bandwidth_mbps=self._plan.spec.network.nat.eip.bandwidth,
            tags=self._plan.tags,
            token=token,
        )

    def _usable(self, state: str) -> bool:
        # Usable in any state: bound, or being bound, is as good as free for the step that binds it.
        return state not in REMOVING

    def _detail(self, found: Eip) -> str:
        return found.address

    def _drift(self, found: Eip) -> tuple[Drift, ...]:
        wanted, has = self._plan.spec.network.nat.eip.bandwidth, found.bandwidth_mbps
        return () if has == wanted else (Drift("network.nat.eip.bandwidth", str(wanted), str(has)),)


class BoundAddressStep(CheckStep[str]):
    """The address of a given NAT gateway: of the first EIP that is bound to it."""

    reads = ("network.eips",)
    title = "the EIP on the given NAT gateway"

    def __init__(self, cloud: Cloud, *, nat: Step[NatGateway]) -> None:
        super().__init__("eip binding", "eip binding", (nat,))
        self._network = cloud.network
        self._nat = nat

    def find(self, ctx: Context) -> Finding[str]:
        nat = ctx[self._nat]
        bound = self._network.eips(ids=nat.eip_ids) if nat.eip_ids else []
        if not bound:
            error = ConflictError(
                f"The NAT gateway {nat.id} has no EIP, and a given gateway is not changed.",
                resolution="Bind an EIP to it, or let ackgpu make a gateway.",
            )
            return Broken(error, id=nat.id)
        return Ready(bound[0].address, detail=f"{bound[0].address} on {nat.id}", ownership="given")


class EipBindingStep(Step[str]):
    """The EIP bound to the NAT gateway that was made. Its value is the public address."""

    typical = 5
    reads = ("network.eips",)
    writes = ("network.associate_eip", "network.unassociate_eip")
    title = "the EIP on the NAT gateway"

    def __init__(self, cloud: Cloud, *, nat: Step[NatGateway], eip: Step[Eip]) -> None:
        super().__init__("eip binding", "eip binding", (nat, eip))
        self._network = cloud.network
        self._nat = nat
        self._eip = eip

    def find(self, ctx: Context) -> Finding[str]:
        """Look at what the EIP says it is bound to; read afresh, since binding takes a while."""
        nat, eip = ctx.get(self._nat), ctx.get(self._eip)
        if nat is None or eip is None:
            return Absent()
        # The value of the EIP's step is from before the binding was requested.
        fresh = next(iter(self._network.eips(ids=[eip.id])), None)
        if fresh is None or fresh.state == "Available":
            return Absent()
        # Never unbound: a given EIP may serve somebody else.
        if fresh.bound_to and fresh.bound_to != nat.id:
            error = ConflictError(
                f"The EIP {fresh.id} is bound to {fresh.bound_to}, not to {nat.id}.",
                resolution="Unbind it, or give another EIP.",
            )
            return Broken(error, id=fresh.id)
        if fresh.state != "InUse":
            return Pending(fresh.state, id=fresh.id, removing=fresh.state == "Unassociating")
        return Ready(fresh.address, detail=f"{fresh.address} on {nat.id}")

    def create(self, ctx: Context, token: str) -> None:
        self._network.associate_eip(
            eip_id=ctx[self._eip].id, nat_gateway_id=ctx[self._nat].id, token=token
        )

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it is undone; refused while a SNAT entry uses the address."""
        del found_id
        self._network.unassociate_eip(eip_id=ctx[self._eip].id, nat_gateway_id=ctx[self._nat].id)
