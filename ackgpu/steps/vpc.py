"""The VPC: made for the cluster, or given."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.cloud.api import Cloud, Tags, Vpc
from ackgpu.engine.step import Context, Drift
from ackgpu.inventory.resources import VPC
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick
from ackgpu.steps.selection import SelectedStep


class VpcStep(SelectedStep[Vpc]):
    """A VPC. It turns Available a few seconds after it was requested."""

    what = VPC
    typical = 3
    reads = ("network.vpcs",)
    writes = ("network.create_vpc", "network.delete_vpc")

    def __init__(self, cloud: Cloud, plan: Blueprint, *, pick: Pick, name: str = "vpc") -> None:
        super().__init__(plan, pick, name, "vpc")
        self._network = cloud.network

    @property
    def title(self) -> str:
        """Its address range."""
        return self._pick.id or self._plan.spec.network.vpc.cidr

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while anything lives in it."""
        del ctx
        self._network.delete_vpc(found_id)

    def _ask(self, ctx: Context, token: str) -> str:
        del ctx
        return self._network.create_vpc(
            name=self._plan.name_of("vpc"),
            cidr=self._plan.spec.network.vpc.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def _rows(self, ctx: Context, tags: Tags | None, ids: Sequence[str]) -> Sequence[Vpc]:
        del ctx
        return self._network.vpcs(tags=tags, ids=ids)

    def _state(self, found: Vpc) -> str:
        return found.state

    def _detail(self, found: Vpc) -> str:
        return found.cidr

    def _drift(self, found: Vpc) -> tuple[Drift, ...]:
        wanted = self._plan.spec.network.vpc.cidr
        return () if found.cidr == wanted else (Drift("network.vpc.cidr", wanted, found.cidr),)
