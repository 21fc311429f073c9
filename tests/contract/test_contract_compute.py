from __future__ import annotations

import random
from pathlib import Path

import pytest

from ackgpu import errors
from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud, connect
from ackgpu.cloud.api import SecurityRule, SecurityRules
from ackgpu.emulator import Emulator
from tests.contract.account import OURS, TYPE, network, zone_with_stock


def test_the_caller_is_known(cloud: AliyunCloud) -> None:
    found = cloud.identity.whoami()
    assert found.account_id.isdigit()
    assert found.arn.startswith("acs:ram::")
    assert found.kind == "Account"
    assert cloud.emulated


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "not known to this endpoint"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "does not belong to the key id"),
    ],
)
def test_a_wrong_key_is_told_from_a_wrong_secret(
    emulator: Emulator, clock: ManualClock, tmp_path: Path, variable: str, advice: str
) -> None:
    wrong = connect(
        "cn-hangzhou",
        env={**emulator.env, variable: "LTAI5tWrongWrongWrong"},
        home=tmp_path,
        clock=clock,
        cancel=CancelToken(),
        rng=random.Random(1),  # noqa: S311
    )
    with pytest.raises(errors.Unauthenticated) as caught:
        wrong.identity.whoami()
    assert caught.value.exits_with == 4
    assert advice in str(caught.value.resolution)


def test_regions_and_zones_are_listed(cloud: AliyunCloud) -> None:
    assert {"cn-hangzhou", "cn-shanghai"} <= set(cloud.compute.regions())
    zones = cloud.compute.zones()
    assert zones
    assert all(zone.startswith("cn-hangzhou-") for zone in zones)


def test_a_security_group_gets_its_rule_and_goes(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, _ = network(cloud, clock)
    group = cloud.compute.create_security_group(vpc_id=vpc, name="demo", tags=OURS, token="sg-1")
    rules = (
        SecurityRule("icmp", "-1/-1", cidr="192.168.0.0/16"),
        SecurityRule("all", "-1/-1", group=group),
        SecurityRule("tcp", "443/443", cidr="10.0.0.0/8"),
    )
    assert cloud.compute.security_rules(group) == SecurityRules((), open_inside=True)
    cloud.compute.authorize(group, rules[:2], token="rule-1")
    cloud.compute.authorize(group, rules, token="rule-2")
    assert cloud.compute.security_rules(group).let_in == rules
    found = cloud.compute.security_groups(vpc_id=vpc, tags=OURS)
    assert [(row.id, row.tags, row.enterprise) for row in found] == [(group, OURS, False)]
    assert cloud.compute.security_groups(ids=[group]) == found
    cloud.compute.delete_security_group(group)
    assert cloud.compute.security_groups(vpc_id=vpc) == []


def test_a_vgpu_type_is_described(cloud: AliyunCloud) -> None:
    found = cloud.compute.instance_types([TYPE])[0]
    assert (found.id, found.cpu, found.memory_gib) == (TYPE, 4, 12.0)
    assert cloud.compute.instance_types([]) == []


def test_stock_is_told_by_zone(cloud: AliyunCloud) -> None:
    found = cloud.compute.stock(TYPE)
    assert found
    assert any(row.available for row in found)
    assert cloud.compute.stock("ecs.nosuch.type") == []


def test_a_price_is_an_hours_by_its_parts_or_unknown(cloud: AliyunCloud) -> None:
    zone = zone_with_stock(cloud)
    disks = [("cloud_ssd", 120), ("cloud_ssd", 200)]
    found = cloud.compute.price(instance_type=TYPE, zone_id=zone, disks=disks)
    smaller = cloud.compute.price(instance_type=TYPE, zone_id=zone, disks=disks[:1])
    assert found.instance.amount is not None
    assert found.disks.amount is not None
    assert smaller.disks.amount is not None
    assert 0 < found.instance.amount < 100
    assert 0 < smaller.disks.amount < found.disks.amount
    assert found.instance.currency
    unknown = cloud.compute.price(instance_type="ecs.nosuch.type", zone_id=zone, disks=disks)
    assert unknown.instance.amount is None
    assert unknown.disks.amount is None


def test_pay_as_you_go_load_balancers_are_counted(cloud: AliyunCloud) -> None:
    assert cloud.balancers.pay_as_you_go_count() == 0


def test_account_attributes_are_read_eight_at_a_time(cloud: AliyunCloud) -> None:
    names = ["max-security-groups", "max-elastic-network-interfaces"]
    found = cloud.compute.account_attributes(names)
    assert found["max-security-groups"] == "100"


def test_key_pairs_that_are_not_there_are_not_listed(cloud: AliyunCloud) -> None:
    assert cloud.compute.key_pairs("nosuch*") == []


def test_quota_center_lists_the_quotas_of_a_product(cloud: AliyunCloud) -> None:
    found = {row.action_code: row for row in cloud.quota_center.quotas("csk")}
    assert found["q_cbdch3"].limit >= 1
    assert found["q_cbdch3"].used == 0
