"""Limits, their figures in Quota Center and client tokens agree, in any order of calls.

What Quota Center shows as the limit and its use decides what is made and what is refused, from the
moment on in which an application is agreed to. A token gets the first answer for as long as it is
kept, also where what it stood for is gone or there is no room; then it is a new one.
"""

from __future__ import annotations

import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_quotas20200510.models as quotas_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_quotas20200510.client import Client as QuotasClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import REGION, Api

FIRST = 2
DAY = 24 * 3600.0
REVIEW = 300.0
QUOTA = {
    "ProductCode": "ecs", "QuotaActionCode": "q_security-groups",
    "Dimensions": [{"Key": "regionId", "Value": REGION}],
}  # fmt: skip


class Limits(RuleBasedStateMachine):
    """Security groups, of which there may be two at first. ``tokens``: until when, name, id."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        scenario = {"limits": {"security_groups": FIRST}}
        self.emulator = Emulator(clock=self.clock, seed=1, scenario=scenario)
        self.emulator.__enter__()
        self.ecs = Api(EcsClient, ecs_models, self.emulator)
        self.quotas = Api(QuotasClient, quotas_models, self.emulator)
        self.groups: set[str] = set()
        self.made: set[str] = set()
        self.tokens: dict[str, tuple[float, str, str]] = {}
        self.agreed: list[tuple[float, int]] = [(0.0, FIRST)]

    def teardown(self) -> None:
        self.emulator.__exit__(None, None, None)

    @property
    def limit(self) -> int:
        return [value for since, value in self.agreed if since <= self.clock.now()][-1]

    @rule(token=st.sampled_from(["", "t1", "t2"]), name=st.sampled_from(["one", "two"]))
    def make(self, token: str, name: str) -> None:
        request = {"SecurityGroupName": name} | ({"ClientToken": token} if token else {})
        until, first, known = self.tokens.get(token, (0.0, "", ""))
        if self.clock.now() < until and first != name:
            refused = self.ecs.refusal("CreateSecurityGroup", **request)
            assert refused[0] == "IdempotentParameterMismatch"
        elif self.clock.now() < until:
            assert self.ecs("CreateSecurityGroup", **request)["SecurityGroupId"] == known
        elif len(self.groups) >= self.limit:
            refused = self.ecs.refusal("CreateSecurityGroup", **request)
            assert refused[0] == "QuotaExceed.SecurityGroup"
        else:
            made = self.ecs("CreateSecurityGroup", **request)["SecurityGroupId"]
            assert made not in self.made
            self.groups.add(made)
            self.made.add(made)
            if token:
                self.tokens[token] = (self.clock.now() + DAY, name, made)

    @precondition(lambda self: self.groups)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        group = data.draw(st.sampled_from(sorted(self.groups)))
        self.ecs("DeleteSecurityGroup", SecurityGroupId=group)
        self.groups.remove(group)

    @rule(more=st.integers(1, 2))
    def apply_for_more(self, more: int) -> None:
        request = {**QUOTA, "DesireValue": self.limit + more, "Reason": "growth"}
        since, _ = self.agreed[-1]
        if self.clock.now() < since:
            refused = self.quotas.refusal("CreateQuotaApplication", **request)
            assert refused[0] == "QUOTA.APPLICATION.PROCESS"
        else:
            self.quotas("CreateQuotaApplication", **request)
            self.agreed.append((self.clock.now() + REVIEW, self.limit + more))

    @rule(seconds=st.sampled_from([70.0, 310.0, DAY + 10]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def the_figures_are_what_is_there(self) -> None:
        shown = self.quotas("GetProductQuota", **QUOTA)["Quota"]
        assert (shown["TotalQuota"], shown["TotalUsage"]) == (self.limit, len(self.groups))


SETTINGS = settings(
    max_examples=6, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
Limits.TestCase.settings = SETTINGS
TestLimits = Limits.TestCase


class ManyLimits(Limits):
    """The same, at greater length."""


ManyLimits.TestCase.settings = settings(SETTINGS, max_examples=150, stateful_step_count=50)
TestManyLimits = pytest.mark.long(ManyLimits.TestCase)
