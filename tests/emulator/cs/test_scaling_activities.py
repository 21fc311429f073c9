"""What Auto Scaling tells of the groups behind node pools, through its official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alibabacloud_ess20220222 import models
from alibabacloud_ess20220222.client import Client

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import GROWN, Ack
from tests.emulator.net.apis import Api

ACTION = "DescribeScalingActivities"
DAY = 86_400


class Group:
    """The scaling group of a pool of a new cluster."""

    def __init__(self, emulator: Emulator, clock: ManualClock) -> None:
        self.ack, self._ess = Ack(emulator, clock), Api(Client, models, emulator)
        self.ack.make_network()
        self.cluster_id = self.ack.make_cluster()
        self.pool_id, _ = self.ack.ask_pool(self.cluster_id)
        group = self.ack.pool(self.cluster_id, self.pool_id)["scaling_group"]
        self.id = group["scaling_group_id"]

    def activities(self, **parameters: Any) -> list[dict[str, Any]]:
        return list(self.page(**parameters)["ScalingActivities"])

    def page(self, **parameters: Any) -> dict[str, Any]:
        return self._ess(ACTION, **{"ScalingGroupId": self.id, **parameters})

    def refusal(self, **parameters: Any) -> tuple[str, int]:
        return self._ess.refusal(ACTION, **parameters)

    def resize(self, nodes: int) -> None:
        body = {"scaling_group": {"desired_size": nodes}}
        self.ack("ModifyClusterNodePool", self.cluster_id, self.pool_id, **body)
        self.ack.clock.advance(GROWN)


@contextmanager
def group_in(clock: ManualClock, **scenario: Any) -> Iterator[Group]:
    with Emulator(clock=clock, seed=3, scenario=scenario) as emulator:
        yield Group(emulator, clock)


def test_a_scale_out_is_in_progress_and_then_has_its_instances(clock: ManualClock) -> None:
    with group_in(clock) as group:
        (row,) = group.activities()
        assert (row["StatusCode"], row["Progress"]) == ("InProgress", 50)
        assert "EndTime" not in row
        clock.advance(GROWN)
        (row,) = group.activities()
        instances = [each["InstanceId"] for each in group.ack.instances()]
        assert row["StatusCode"] == "Successful"
        assert row["CreatedCapacity"] == len(instances)
        assert all(instance in row["CreatedInstances"][0] for instance in instances)
        assert row["ScalingActivityId"].startswith("asa-")
        assert "ErrorCode" not in row


def test_a_scale_in_is_an_activity_too(clock: ManualClock) -> None:
    with group_in(clock) as group:
        clock.advance(GROWN)
        group.resize(0)
        newest = group.activities()[0]
        assert (newest["StatusCode"], newest["CreatedCapacity"]) == ("Successful", 0)
        assert newest["DestroyedCapacity"] > 0


@pytest.mark.parametrize("reason", ["told", "quoted"])
def test_what_failed_says_why(clock: ManualClock, reason: str) -> None:
    scenario = {"limits": {"vgpu_instances": 1}, "doubts": {"activity_reason": reason}}
    with group_in(clock, **scenario) as group:
        clock.advance(GROWN)
        (part,) = group.activities()
        assert (part["StatusCode"], part["CreatedCapacity"]) == ("Warning", 1)
        assert 'code:"QuotaExceed.ElasticQuota"' in part["StatusMessage"]
        assert (part.get("ErrorCode") == "QuotaExceed.ElasticQuota") is (reason == "told")
        group.resize(3)
        assert group.activities()[0]["StatusCode"] == "Failed"
        assert [row["StatusCode"] for row in group.activities(StatusCode="Failed")] == ["Failed"]


@pytest.mark.parametrize(("order", "first"), [("newest", 1), ("oldest", 0)])
def test_the_order_of_the_list_is_a_doubt(clock: ManualClock, order: str, first: int) -> None:
    with group_in(clock, doubts={"activity_order": order}) as group:
        clock.advance(GROWN)
        group.resize(0)
        page = group.page(PageSize=1)
        assert (page["TotalCount"], len(page["ScalingActivities"])) == (2, 1)
        destroyed = page["ScalingActivities"][0]["DestroyedCapacity"]
        assert bool(destroyed) is bool(first)


def test_after_thirty_days_it_is_forgotten(clock: ManualClock) -> None:
    with group_in(clock) as group:
        clock.advance(29 * DAY)
        assert len(group.activities()) == 1
        clock.advance(2 * DAY)
        assert group.activities() == []


def test_a_group_or_ids_have_to_be_named(clock: ManualClock) -> None:
    with group_in(clock) as group:
        (row,) = group.activities()
        one = {"ScalingGroupId": "", "ScalingActivityIds": [row["ScalingActivityId"]]}
        assert len(group.activities(**one)) == 1
        assert group.activities(ScalingGroupId="asg-none") == []
        assert group.refusal() == ("MissingParameter", 400)
        assert group.refusal(ScalingGroupId=group.id, StatusCode="Odd")[1] == 400
        assert group.refusal(ScalingGroupId=group.id, PageSize=51)[1] == 400
