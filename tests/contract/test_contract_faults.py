"""A cloud that misbehaves: what was made is made once, and what is lost is said to be lost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_tea_openapi.utils_models import Config

from ackgpu import errors
from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud, connect
from ackgpu.emulator import Emulator
from tests.contract.account import OURS, cluster, gateway, network, pool_of

Misbehaving = Callable[..., tuple[AliyunCloud, Emulator]]


@pytest.fixture
def misbehaving(clock: ManualClock, tmp_path: Path) -> Iterator[Misbehaving]:
    """A cloud with faults."""
    with ExitStack() as stack:

        def make(*faults: dict[str, Any], **options: Any) -> tuple[AliyunCloud, Emulator]:
            emulator = stack.enter_context(
                Emulator(clock=clock, seed=7, faults={"faults": list(faults)}, **options)
            )
            cloud = connect(
                emulator.region,
                env=emulator.env,
                home=tmp_path,
                clock=clock,
                cancel=CancelToken(),
                rng=random.Random(5),  # noqa: S311
            )
            stack.callback(cloud.close)
            return cloud, emulator

        yield make


LIMITS: dict[str, Callable[[AliyunCloud], object]] = {
    "ListProductQuotas": lambda cloud: cloud.quota_center.quotas("csk"),
    "DescribeAccountAttributes": lambda cloud: cloud.compute.account_attributes(["max-eips"]),
    "DescribeUserQuota": lambda cloud: cloud.containers.user_quota(),
}


@pytest.mark.parametrize("action", LIMITS)
def test_a_limit_that_is_throttled_for_ever_is_given_up_soon(
    misbehaving: Misbehaving, clock: ManualClock, action: str
) -> None:
    cloud, _ = misbehaving({"effect": "throttle", "action": action, "retry_after_ms": 1_000})
    with pytest.raises(errors.Throttled):
        LIMITS[action](cloud)
    assert 3 < clock.now() <= 20


def test_what_nothing_stands_in_for_is_asked_for_longer(
    misbehaving: Misbehaving, clock: ManualClock
) -> None:
    cloud, _ = misbehaving(
        {"effect": "throttle", "action": "DescribeVpcs", "retry_after_ms": 5_000}
    )
    with pytest.raises(errors.Throttled):
        cloud.network.vpcs()
    assert clock.now() > 100


def access_key_of_a_new_user(emulator: Emulator, name: str) -> tuple[str, str]:
    """A RAM user without any policy, and its access key."""
    account = Config(
        access_key_id=emulator.access_key_id,
        access_key_secret=emulator.access_key_secret,
        endpoint=emulator.endpoint.removeprefix("http://"),
        protocol="HTTP",
        region_id=emulator.region,
    )
    ram = RamClient(account)
    ram.create_user(models.CreateUserRequest(user_name=name))
    key = ram.create_access_key(models.CreateAccessKeyRequest(user_name=name)).body.access_key
    return key.access_key_id, key.access_key_secret


def asked(emulator: Emulator, action: str) -> int:
    return sum(1 for row in emulator.requests if row.action == action)


@pytest.mark.parametrize("effect", ["lost_reply", "empty", "truncated", "reset", "html"])
def test_a_vpc_whose_answer_is_lost_is_made_once(misbehaving: Misbehaving, effect: str) -> None:
    cloud, emulator = misbehaving({"effect": effect, "action": "CreateVpc", "times": 1})
    made = cloud.network.create_vpc(name="demo", cidr="10.0.0.0/8", tags=OURS, token="once")
    assert [row.id for row in cloud.network.vpcs()] == [made]
    assert asked(emulator, "CreateVpc") == 2


@pytest.mark.parametrize("effect", ["lost_reply", "empty", "truncated", "html", "error"])
def test_a_pool_is_never_asked_for_twice_when_its_answer_is_lost(
    misbehaving: Misbehaving, clock: ManualClock, effect: str
) -> None:
    fault = {"effect": effect, "action": "CreateClusterNodePool", "times": 1}
    if effect == "error":
        fault |= {"code": "InternalError", "status": 500}
    cloud, emulator = misbehaving(fault)
    vpc, vswitch = network(cloud, clock)
    gateway(cloud, clock, vpc, vswitch)
    made = cluster(cloud, clock, vpc, vswitch)
    with pytest.raises(errors.LostReply):
        cloud.containers.create_node_pool(made, pool_of(vswitch))
    assert asked(emulator, "CreateClusterNodePool") == 1


def test_throttling_is_waited_for_even_where_a_repeat_could_harm(
    misbehaving: Misbehaving, clock: ManualClock
) -> None:
    fault = {
        "effect": "throttle",
        "action": "CreateCluster",
        "retry_after_ms": 2000,
        "times": 2,
    }
    cloud, emulator = misbehaving(fault)
    vpc, vswitch = network(cloud, clock)
    before = clock.now()
    cluster(cloud, clock, vpc, vswitch)
    assert asked(emulator, "CreateCluster") == 3
    assert clock.now() - before - 20 * 60 >= 4
    assert len(cloud.containers.clusters(name="demo")) == 1


def test_reads_outlive_a_cloud_that_fails_every_fifth_call(misbehaving: Misbehaving) -> None:
    cloud, _ = misbehaving({"effect": "error", "probability": 0.2})
    for _ in range(20):
        assert cloud.network.vpcs() == []


def test_an_error_inside_a_200_ends_a_read(misbehaving: Misbehaving) -> None:
    cloud, emulator = misbehaving({"effect": "error_in_ok", "action": "DescribeVpcs"})
    with pytest.raises(errors.CloudError, match="DescribeVpcs was refused"):
        cloud.network.vpcs()
    assert asked(emulator, "DescribeVpcs") >= 1


def test_a_cloud_that_never_answers_in_json_is_given_up_within_five_seconds(
    misbehaving: Misbehaving, clock: ManualClock
) -> None:
    cloud, emulator = misbehaving({"effect": "html"})
    with pytest.raises(errors.LostReply, match="instead of JSON"):
        cloud.network.vpcs()
    assert len(emulator.requests) > 1
    assert clock.now() <= 5


def test_a_denied_action_is_named_with_who_was_denied(
    misbehaving: Misbehaving, clock: ManualClock, tmp_path: Path
) -> None:
    _, emulator = misbehaving(enforce_ram=True)
    key_id, secret = access_key_of_a_new_user(emulator, "ci")
    env = {
        **emulator.env,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
    }
    cloud = connect(
        emulator.region,
        env=env,
        home=tmp_path,
        clock=clock,
        cancel=CancelToken(),
        rng=random.Random(5),  # noqa: S311
    )
    assert cloud.identity.whoami().kind == "RAMUser"
    with pytest.raises(errors.AccessDenied) as caught:
        cloud.network.create_vpc(name="n", cidr="10.0.0.0/8", tags={}, token="t")
    assert "vpc:CreateVpc" in str(caught.value.resolution)
    with pytest.raises(errors.AccessDenied) as caught:
        cloud.containers.clusters()
    assert "cs:DescribeClustersForRegion" in str(caught.value.resolution)
    cloud.close()
