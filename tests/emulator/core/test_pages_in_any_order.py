"""A list read page by page shows nothing twice, and leaves out nothing that stood all along.

Several readers walk the same lists by NextToken, each at its own pace, while things are made,
tagged and removed between any two of their pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_nlb20220430.models as nlb_models
import alibabacloud_quotas20200510.models as quotas_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_nlb20220430.client import Client as NlbClient
from alibabacloud_quotas20200510.client import Client as QuotasClient
from alibabacloud_vpc20160428.client import Client as VpcClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api, Network

GROUP, TAG, BALANCER, APPLICATION = "group", "tag", "balancer", "application"
LISTS = (GROUP, TAG, BALANCER, APPLICATION)
SETTLED = 60.0
REVIEWED = 301.0
TAGS = ("a", "m", "z")
QUOTA = {
    "ProductCode": "ecs", "QuotaActionCode": "q_security-groups",
    "Dimensions": [{"Key": "regionId", "Value": REGION}],
}  # fmt: skip
Thing = tuple[str, ...]


@dataclass
class Walk:
    """One reader of one list. ``stood`` is what has been there since its first page."""

    kind: str
    size: int
    stood: set[Thing]
    seen: list[Thing] = field(default_factory=list)
    token: str = ""


class Pages(RuleBasedStateMachine):
    """The things by their lists, and the readers that are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.emulator = Emulator(clock=self.clock, seed=1)
        self.emulator.__enter__()
        self.ecs = Api(EcsClient, ecs_models, self.emulator)
        self.nlb = Api(NlbClient, nlb_models, self.emulator)
        self.quotas = Api(QuotasClient, quotas_models, self.emulator)
        network = Network(Api(VpcClient, vpc_models, self.emulator), self.clock)
        self.vpc_id = network.vpc()
        self.homes = [
            {"ZoneId": f"{REGION}-{zone}", "VSwitchId": network.vswitch(self.vpc_id, cidr, zone)}
            for zone, cidr in (("j", "10.1.0.0/24"), ("k", "10.2.0.0/24"))
        ]
        self.there: dict[str, set[Thing]] = {kind: set() for kind in LISTS}
        self.walks: list[Walk] = []
        self.wanted = 100
        self.read: dict[str, Callable[[Walk], tuple[list[Thing], str]]] = {
            GROUP: self._groups, TAG: self._tags,
            BALANCER: self._balancers, APPLICATION: self._applications,
        }  # fmt: skip

    def teardown(self) -> None:
        self.emulator.__exit__(None, None, None)

    def _gone(self, kind: str, *things: Thing) -> None:
        self.there[kind] -= set(things)
        for walk in self.walks:
            if walk.kind == kind:
                walk.stood -= set(things)

    @initialize()
    def fill(self) -> None:
        """Lists of several pages: a reader of an empty one meets nothing."""
        for _ in range(4):
            self.make_group(set(TAGS), later=False)
        for _ in range(3):
            self.make_balancer()
            self.apply_for_more()

    @rule(tags=st.sets(st.sampled_from(TAGS)), later=st.booleans())
    def make_group(self, tags: set[str], *, later: bool) -> None:
        rows = [{"Key": key, "Value": "1"} for key in sorted(tags)]
        made = self.ecs("CreateSecurityGroup", VpcId=self.vpc_id, Tag=rows)["SecurityGroupId"]
        self.there[GROUP].add((made,))
        self.there[TAG] |= {(made, key) for key in tags}
        self.clock.advance(SETTLED if later else 0.0)  # else the next one is born at once

    @precondition(lambda self: self.there[GROUP] | self.there[BALANCER])
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """What a reader has seen, if there is such a thing: it stood before the next page."""
        rest = self.there[GROUP] | self.there[BALANCER]
        seen = {thing[:1] for walk in self.walks for thing in walk.seen} & rest
        thing = data.draw(st.sampled_from(sorted(seen or rest)))
        if thing in self.there[GROUP]:
            self.ecs("DeleteSecurityGroup", SecurityGroupId=thing[0])
            self._gone(GROUP, thing)
            self._gone(TAG, *[tag for tag in self.there[TAG] if tag[:1] == thing])
        else:
            self.nlb("DeleteLoadBalancer", LoadBalancerId=thing[0])
            self._gone(BALANCER, thing)
        self.clock.advance(SETTLED)

    @precondition(lambda self: self.there[GROUP])
    @rule(data=st.data(), key=st.sampled_from(TAGS), off=st.booleans())
    def change_tag(self, data: st.DataObject, key: str, *, off: bool) -> None:
        (group,) = data.draw(st.sampled_from(sorted(self.there[GROUP])))
        where = {"ResourceType": "securitygroup", "ResourceId": [group]}
        if off:
            self.ecs("UntagResources", **where, TagKey=[key])
            self._gone(TAG, (group, key))
        else:
            self.ecs("TagResources", **where, Tag=[{"Key": key, "Value": "2"}])
            self.there[TAG].add((group, key))

    @rule(balancer=st.booleans())
    def make_another(self, *, balancer: bool) -> None:
        if balancer:
            self.make_balancer()
        else:
            self.apply_for_more()

    def make_balancer(self) -> None:
        made = self.nlb(
            "CreateLoadBalancer",
            VpcId=self.vpc_id,
            ZoneMappings=self.homes,
            AddressType="Intranet",
        )
        self.there[BALANCER].add((made["LoadbalancerId"],))
        self.clock.advance(SETTLED)

    def apply_for_more(self) -> None:
        self.wanted += 1
        made = self.quotas("CreateQuotaApplication", **QUOTA, DesireValue=self.wanted, Reason="x")
        self.there[APPLICATION].add((made["ApplicationId"],))
        self.clock.advance(REVIEWED)

    @rule(kind=st.sampled_from(LISTS), size=st.integers(1, 2))
    def begin(self, kind: str, size: int) -> None:
        walk = Walk(kind, size, set(self.there[kind]))
        self.walks.append(walk)
        self._next_page(walk)

    @precondition(lambda self: self.walks)
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        self._next_page(data.draw(st.sampled_from(self.walks)))

    @precondition(lambda self: self.walks)
    @rule()
    def read_to_the_end(self) -> None:
        for walk in list(self.walks):
            while walk in self.walks:
                self._next_page(walk)

    def _next_page(self, walk: Walk) -> None:
        page, walk.token = self.read[walk.kind](walk)
        walk.seen += page
        assert len(set(walk.seen)) == len(walk.seen), f"shown twice: {walk}"
        if not walk.token:
            assert walk.stood <= set(walk.seen), f"left out: {walk}"
            self.walks = [other for other in self.walks if other is not walk]

    def _groups(self, walk: Walk) -> tuple[list[Thing], str]:
        body = self.ecs("DescribeSecurityGroups", **_paging(walk))
        rows = body["SecurityGroups"]["SecurityGroup"]
        return [(row["SecurityGroupId"],) for row in rows], body["NextToken"]

    def _tags(self, walk: Walk) -> tuple[list[Thing], str]:
        """Of all groups that there are; one that is none where there are none: ids are wanted."""
        ids = sorted(group for (group,) in self.there[GROUP]) or ["sg-none"]
        body = self.ecs(
            "ListTagResources", ResourceType="securitygroup", ResourceId=ids, **_paging(walk)
        )
        rows = body["TagResources"]["TagResource"]
        return [(row["ResourceId"], row["TagKey"]) for row in rows], body["NextToken"]

    def _balancers(self, walk: Walk) -> tuple[list[Thing], str]:
        body = self.nlb("ListLoadBalancers", **_paging(walk))
        return [(row["LoadBalancerId"],) for row in body["LoadBalancers"]], body.get(
            "NextToken", ""
        )

    def _applications(self, walk: Walk) -> tuple[list[Thing], str]:
        body = self.quotas("ListQuotaApplications", ProductCode="ecs", **_paging(walk))
        return [(row["ApplicationId"],) for row in body["QuotaApplications"]], body["NextToken"]


def _paging(walk: Walk) -> dict[str, Any]:
    return {"MaxResults": walk.size} | ({"NextToken": walk.token} if walk.token else {})


SETTINGS = settings(
    max_examples=5, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
Pages.TestCase.settings = SETTINGS
TestPages = Pages.TestCase


class ManyPages(Pages):
    """The same, at greater length."""


ManyPages.TestCase.settings = settings(SETTINGS, max_examples=150, stateful_step_count=50)
TestManyPages = pytest.mark.long(ManyPages.TestCase)
