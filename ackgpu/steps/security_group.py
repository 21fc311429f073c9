"""The security group of the nodes, and the rule that lets ICMP through within the VPC."""

from __future__ import annotations

from collections.abc import Mapping

from ackgpu.cloud.api import Cloud, SecurityGroup, SecurityRule, Vpc
from ackgpu.engine.step import Absent, Broken, Context, Finding, Ready, Resource, Step
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, the_one, within


class SecurityGroupStep(Step[SecurityGroup]):
    """A security group. Making one is synchronous."""

    typical = 1
    reads = ("compute.security_groups",)
    writes = ("compute.create_security_group", "compute.delete_security_group")

    def __init__(
        self,
        cloud: Cloud,
        plan: Blueprint,
        *,
        vpc: Step[Vpc],
        pick: Pick,
        name: str = "security group",
    ) -> None:
        super().__init__(name, "security group", (vpc,))
        self._compute = cloud.compute
        self._plan = plan
        self._vpc = vpc
        self._pick = pick

    @property
    def title(self) -> str:
        """What it lets in."""
        return self._pick.id or "ICMP within the VPC"

    @property
    def given(self) -> bool:
        """Whether the spec names it."""
        return self._pick.given

    @property
    def consumes(self) -> Mapping[str, int]:
        """One of its kind."""
        return {} if self.given else {"security_groups": 1}

    def find(self, ctx: Context) -> Finding[SecurityGroup]:
        """Look by id, or by tag within the VPC."""
        tags = None if self._pick.id else self._plan.ours
        rows = self._compute.security_groups(tags=tags, ids=self._pick.ids)
        rows = within(ctx.get(self._vpc), rows, self._pick)
        found = the_one(rows, "security group", self._pick, self._plan.region, run=self._plan.run)
        if found is None:
            return Absent()
        if isinstance(found, Broken):
            return found
        resource = Resource(
            product="ecs",
            type="SecurityGroup",
            id=found.id,
            name=found.name,
            region=self._plan.region,
            state="",
            owned=not self._pick.given,
            billable=False,
        )
        return Ready(found, found.id, "", self._pick.ownership, resources=(resource,))

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the group; its rule is a step of its own."""
        self._compute.create_security_group(
            vpc_id=ctx[self._vpc].id,
            name=self._plan.name_of("sg"),
            tags=self._plan.tags,
            token=token,
        )

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an instance or network interface is a member."""
        del ctx
        self._compute.delete_security_group(found_id)


class IcmpRuleStep(Step[SecurityRule]):
    """ICMP from the VPC's own range: what the ACK console sets up for a cluster."""

    typical = 1
    reads = ("compute.security_rules",)
    writes = ("compute.authorize",)

    def __init__(self, cloud: Cloud, *, vpc: Step[Vpc], group: Step[SecurityGroup]) -> None:
        super().__init__("icmp rule", "security rule", (vpc, group))
        self._compute = cloud.compute
        self._vpc = vpc
        self._group = group
        self.part_of = group

    @property
    def title(self) -> str:
        """What it lets in."""
        return "ICMP from the VPC"

    def find(self, ctx: Context) -> Finding[SecurityRule]:
        """Look for the rule among the group's."""
        vpc, group = ctx.get(self._vpc), ctx.get(self._group)
        if vpc is None or group is None:
            return Absent()
        wanted = SecurityRule("icmp", "-1/-1", vpc.cidr)
        rules = self._compute.security_rules(group.id)
        return Ready(wanted, detail=f"ICMP from {vpc.cidr}") if wanted in rules else Absent()

    def create(self, ctx: Context, token: str) -> None:
        """Ask for the rule; the cloud takes the same rule twice without complaint."""
        rule = SecurityRule("icmp", "-1/-1", ctx[self._vpc].cidr)
        self._compute.authorize(ctx[self._group].id, rule, token=token)
