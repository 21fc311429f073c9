"""The VPC: made for the cluster, or given."""

from __future__ import annotations

from ackgpu.cloud.api import Vpc
from ackgpu.engine.step import Context, Drift
from ackgpu.inventory.resources import VPC
from ackgpu.steps.selection import SelectedStep


class VpcStep(SelectedStep[Vpc]):
    """A VPC. It turns Available a few seconds after it was requested."""

    what = VPC
    makes = "network.create_vpc"
    typical = 3

    def _words(self) -> str:
        return self._plan.spec.network.vpc.cidr

    def _ask(self, ctx: Context, token: str) -> str:
        del ctx
        return self._cloud.network.create_vpc(
            name=self._plan.name_of("vpc"),
            cidr=self._plan.spec.network.vpc.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def _detail(self, found: Vpc) -> str:
        return found.cidr

    def _drift(self, found: Vpc) -> tuple[Drift, ...]:
        wanted = self._plan.spec.network.vpc.cidr
        return () if found.cidr == wanted else (Drift("network.vpc.cidr", wanted, found.cidr),)
