"""The security group of the nodes, and the rule that lets ICMP through within the VPC."""

from __future__ import annotations

from collections.abc import Sequence

from ackgpu.cloud.api import Cloud, SecurityGroup, SecurityRule, Tags, Vpc
from ackgpu.engine.step import Absent, Context, Finding, Ready, Step
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.lookup import Pick, within
from ackgpu.steps.picked import PickedStep, What


class SecurityGroupStep(PickedStep[SecurityGroup]):
    """A security group. Making one is synchronous."""

    what = What("security group", product="ecs", type="SecurityGroup", limit="security_groups")
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
        super().__init__(plan, pick, name, "security group", (vpc,))
        self._compute = cloud.compute
        self._vpc = vpc

    @property
    def title(self) -> str:
        """What it lets in."""
        return self._pick.id or "ICMP within the VPC"

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask that it goes; refused while an instance or network interface is a member."""
        del ctx
        self._compute.delete_security_group(found_id)

    def _ask(self, ctx: Context, token: str) -> str:
        return self._compute.create_security_group(
            vpc_id=ctx[self._vpc].id,
            name=self._plan.name_of("sg"),
            tags=self._plan.tags,
            token=token,
        )

    def _rows(self, ctx: Context, tags: Tags | None, ids: Sequence[str]) -> Sequence[SecurityGroup]:
        rows = self._compute.security_groups(tags=tags, ids=ids)
        return within(ctx.get(self._vpc), rows, self._pick)

    def _state(self, found: SecurityGroup) -> str:
        del found
        return ""

    def _usable(self, state: str) -> bool:
        del state
        return True


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
