"""The security group of the nodes, and the rules that let a cluster's traffic through."""

from __future__ import annotations

from ackgpu.cloud.api import Cloud, SecurityGroup, SecurityRule, SecurityRules
from ackgpu.engine.step import Absent, Context, Finding, Ready, Step
from ackgpu.inventory.resources import SECURITY_GROUP
from ackgpu.steps.blueprint import Blueprint
from ackgpu.steps.selection import SelectedStep

ANY_PORT, EVERYWHERE = "-1/-1", "0.0.0.0/0"


class SecurityGroupStep(SelectedStep[SecurityGroup]):
    """A security group. Making one is synchronous."""

    what = SECURITY_GROUP
    makes = "compute.create_security_group"
    typical = 1

    def _words(self) -> str:
        return "basic"

    def _ask(self, ctx: Context, token: str) -> str:
        return self._cloud.compute.create_security_group(
            vpc_id=self._vpc_id(ctx),
            name=self._plan.name_of("sg"),
            tags=self._plan.tags,
            token=token,
        )

    def _usable(self, state: str) -> bool:
        del state
        return True


class SecurityRulesStep(Step[SecurityRules]):
    """What ACK recommends to let into the group of a cluster (ADR 0013).

    ICMP, the group's own members, and with Flannel the pods, whose addresses belong to no group: a
    group that is given to CreateCluster gets no rule from ACK.
    """

    typical = 1
    reads = ("compute.security_rules",)
    writes = ("compute.authorize",)

    def __init__(self, cloud: Cloud, plan: Blueprint, *, group: Step[SecurityGroup]) -> None:
        super().__init__("security rules", "security rules", (group,))
        self._compute = cloud.compute
        self._network = plan.spec.network
        self._group = group
        self.part_of = group
        pods = f", pods {self._network.pod_cidr}" if self._network.is_flannel else ""
        self.title = f"ICMP, the group itself{pods}"

    def find(self, ctx: Context) -> Finding[SecurityRules]:
        group = ctx.get(self._group)
        if group is None:
            return Absent()
        found = self._compute.security_rules(group.id)
        # Further rules are the user's, and stay.
        missing = set(self._wanted(group.id)) - set(found.rules)
        return Absent() if missing else Ready(found, detail=self.title)

    def create(self, ctx: Context, token: str) -> None:
        """Ask for all of them at once; the cloud takes a rule twice without complaint."""
        group_id = ctx[self._group].id
        self._compute.authorize(group_id, self._wanted(group_id), token=token)

    def _wanted(self, group_id: str) -> tuple[SecurityRule, ...]:
        rules = [SecurityRule("icmp", ANY_PORT, cidr=EVERYWHERE)]
        rules.append(SecurityRule("all", ANY_PORT, group=group_id))
        if self._network.is_flannel:
            rules.append(SecurityRule("all", ANY_PORT, cidr=self._network.pod_cidr))
        return tuple(rules)
