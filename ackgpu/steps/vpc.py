"""The VPC: made for the cluster, or given."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.cloud.api import Cloud, Vpc
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
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, the_one


class VpcStep(Step[Vpc]):
    """A VPC. It turns Available a few seconds after it was asked for."""

    typical = 3
    reads = ("network.vpcs",)
    writes = ("network.create_vpc", "network.delete_vpc")

    def __init__(self, cloud: Cloud, plan: Blueprint, *, pick: Pick, name: str = "vpc") -> None:
        super().__init__(name, "vpc")
        self._network = cloud.network
        self._plan = plan
        self._pick = pick

    @property
    def title(self) -> str:
        """Its address range."""
        return self._pick.id or self._plan.spec.network.vpc.cidr

    @property
    def given(self) -> bool:
        """Whether the spec names it."""
        return self._pick.given

    @property
    def consumes(self) -> Mapping[str, int]:
        """One of its kind."""
        return {} if self.given else {"vpcs": 1}

    def find(self, ctx: Context) -> Finding[Vpc]:
        """Look by id or by tag."""
        del ctx
        tags = None if self._pick.id else self._plan.ours
        rows = self._network.vpcs(tags=tags, ids=self._pick.ids)
        found = the_one(rows, "VPC", self._pick, self._plan.region, run=self._plan.run)
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        resource = self._resource(found)
        if found.state != "Available":
            return Pending(found.state, id=found.id, resources=(resource,))
        return Ready(
            found, found.id, found.cidr, self._pick.ownership, self._drift(found), (resource,)
        )

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the VPC."""
        del ctx
        self._network.create_vpc(
            name=self._plan.name_of("vpc"),
            cidr=self._plan.spec.network.vpc.cidr,
            tags=self._plan.tags,
            token=token,
        )

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while anything lives in it."""
        del ctx
        self._network.delete_vpc(found_id)

    def _drift(self, found: Vpc) -> tuple[Drift, ...]:
        wanted = self._plan.spec.network.vpc.cidr
        same = self._pick.id or found.cidr == wanted
        return () if same else (Drift("network.vpc.cidr", wanted, found.cidr),)

    def _resource(self, found: Vpc) -> Resource:
        return Resource(
            product="vpc",
            type="Vpc",
            id=found.id,
            name=found.name,
            region=self._plan.region,
            state=found.state,
            owned=not self._pick.given,
            billable=False,
        )
