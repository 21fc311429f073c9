"""Quota Center through the SDK: limits, their use, and raising them."""

from __future__ import annotations

from typing import Any

import alibabacloud_quotas20200510.models as quotas_models
import pytest
from alibabacloud_quotas20200510.client import Client as QuotasClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.quotas import tables
from ackgpu.emulator.shared import limits
from tests.emulator.ecs.machines import Machines, machines_of
from tests.emulator.net.apis import REGION, Api

HERE = [{"Key": "regionId", "Value": REGION}]
GROUPS = {"ProductCode": "ecs", "QuotaActionCode": "q_security-groups", "Dimensions": HERE}
VGPU = {"ProductCode": "ecs-spec", "QuotaActionCode": "q_ecs_vgpu_postpay_g", "Dimensions": HERE}


def figures(quotas: Api, **query: Any) -> tuple[float, float]:
    quota = quotas("GetProductQuota", **query)["Quota"]
    return quota["TotalQuota"], quota["TotalUsage"]


def by_name(quotas: Api, product: str, name: str, **query: Any) -> dict[str, Any]:
    rows = quotas("ListProductQuotas", ProductCode=product, **query)["Quotas"]
    (row,) = [row for row in rows if row["QuotaName"] == name]
    return dict(row)


def test_the_products_with_quotas_are_listed(quotas: Api):
    rows = quotas("ListProducts")["ProductInfo"]
    assert {"csk", "ecs", "ecs-spec", "vpc", "nat", "eip", "slb"} == {
        row["ProductCode"] for row in rows
    }


def test_use_is_counted_from_what_exists(quotas: Api, machines: Machines):
    assert figures(quotas, **GROUPS) == (100, 0)
    machines.run(Amount=2)
    assert figures(quotas, **GROUPS) == (100, 1)
    assert figures(quotas, **VGPU) == (100, 2)
    assert figures(quotas, **VGPU | {"Dimensions": [HERE[0] | {"Value": "cn-beijing"}]}) == (100, 0)


def test_quotas_are_found_by_the_names_of_the_help_pages(quotas: Api, machines: Machines):
    assert machines.vswitch_id
    vpcs = by_name(quotas, "vpc", "vpc_quota_instances_num", Dimensions=HERE)
    assert (vpcs["TotalQuota"], vpcs["TotalUsage"], vpcs["Consumable"]) == (10, 1, True)
    assert vpcs["Dimensions"] == {"regionId": REGION}
    routes = by_name(quotas, "vpc", "vpc_quota_route_entrys_num", Dimensions=HERE)
    assert (routes["TotalQuota"], routes["Consumable"]) == (48, False)
    assert by_name(quotas, "nat", "natgw_quota_snat_entry_num")["TotalQuota"] == 40


def test_clusters_are_counted_over_all_regions(quotas: Api):
    quota = quotas("GetProductQuota", ProductCode="csk", QuotaActionCode="q_cbdch3")["Quota"]
    assert (quota["TotalQuota"], quota["Dimensions"], quota["GlobalQuota"]) == (50, {}, True)
    assert quota["QuotaArn"] == "acs:quotas:*:1234567890123456:quota/csk/q_cbdch3"


def test_a_scenarios_limit_is_the_quota(clock: ManualClock):
    with Emulator(clock=clock, seed=7, scenario={"limits": {"eips": 3}}) as emulator:
        quotas = Api(QuotasClient, quotas_models, emulator)
        assert by_name(quotas, "eip", "eip_quota_instances_num")["TotalQuota"] == 3


def test_lists_are_paged_and_searched(quotas: Api):
    found, token, calls = [], "", 0
    while calls == 0 or token:
        body = quotas("ListProductQuotas", ProductCode="vpc", MaxResults=2, NextToken=token)
        found += [row["QuotaActionCode"] for row in body["Quotas"]]
        token, calls = body["NextToken"], calls + 1
    assert len(found) == len(set(found)) == body["TotalCount"] == 5
    assert calls == 3
    searched = quotas("ListProductQuotas", ProductCode="vpc", KeyWord="vswitches")
    assert [row["QuotaActionCode"] for row in searched["Quotas"]] == ["q_b7klmn"]
    privileges = quotas("ListProductQuotas", ProductCode="csk", QuotaCategory="WhiteListLabel")
    assert privileges["Quotas"] == []


def test_an_approved_application_raises_the_limit(clock: ManualClock):
    with Emulator(clock=clock, seed=7, scenario={"limits": {"security_groups": 1}}) as emulator:
        quotas = Api(QuotasClient, quotas_models, emulator)
        ecs = machines_of(emulator, clock).ecs
        ecs("CreateSecurityGroup")
        assert ecs.refusal("CreateSecurityGroup")[0] == "QuotaExceed.SecurityGroup"
        made = quotas("CreateQuotaApplication", **GROUPS, DesireValue=2, Reason="growth")
        assert (made["Status"], made["ApproveValue"]) == ("Process", 0)
        again = quotas.refusal("CreateQuotaApplication", **GROUPS, DesireValue=3, Reason="more")
        assert again == ("QUOTA.APPLICATION.PROCESS", 400)
        assert ecs.refusal("CreateSecurityGroup")[0] == "QuotaExceed.SecurityGroup"
        clock.advance(301)
        got = quotas("GetQuotaApplication", ApplicationId=made["ApplicationId"])
        assert got["QuotaApplication"]["Status"] == "Agree"
        assert figures(quotas, **GROUPS) == (2, 1)
        ecs("CreateSecurityGroup")
        agreed = quotas("ListQuotaApplications", ProductCode="ecs", Status="Agree")
        assert agreed["TotalCount"] == 1


@pytest.mark.parametrize(
    ("action", "change", "code"),
    [
        ("GetProductQuota", {"QuotaActionCode": "q_nothing"}, "QUOTA.NOT.FOUND"),
        ("GetProductQuota", {"Dimensions": []}, "MissingParameter"),
        ("ListProductQuotas", {"MaxResults": 101}, "INVALID.MAX.RESULTS"),
        ("ListProductQuotas", {"SortOrder": "Sideways"}, "InvalidSortOrder"),
        ("CreateQuotaApplication", {"DesireValue": 100}, "QUOTA.DESIREVALUE.ILLEGAL"),
        ("CreateQuotaApplication", {"DesireValue": 1e9}, "QUOTA.DESIREVALUE.ILLEGAL"),
        ("ListQuotaApplications", {"Status": "Maybe"}, "InvalidStatus"),
        ("GetQuotaApplication", {"ApplicationId": "none"}, "QUOTA.APPLICATION.NOT.FOUND"),
    ],
)
def test_quota_center_refuses(quotas: Api, action: str, change: dict[str, Any], code: str):
    request = GROUPS | {"Reason": "x"} | change
    assert quotas.refusal(action, **request) == (code, 400)


def test_dimensions_and_dependent_quotas(quotas: Api):
    (row,) = quotas("ListProductQuotaDimensions", ProductCode="ecs")["QuotaDimensions"]
    assert (row["DimensionKey"], row["Requisite"]) == ("regionId", True)
    assert REGION in row["DimensionValues"]
    one = quotas("GetProductQuotaDimension", ProductCode="ecs", DimensionKey="regionId")
    assert one["QuotaDimension"]["DimensionValues"] == row["DimensionValues"]
    assert quotas("ListProductDimensionGroups", ProductCode="ecs")["DimensionGroups"] == []
    body = quotas("ListDependentQuotas", ProductCode="csk", QuotaActionCode="q_i5uzm3")
    assert ("slb", "q_3mmbsp") in {
        (row["ProductCode"], row["QuotaActionCode"]) for row in body["Quotas"]
    }


def test_every_quota_has_a_limit_behind_it():
    rows = [row for product in tables.products() for row in tables.quotas(product["code"])]
    assert {row["limit"] for row in rows} <= set(limits.LIMITS)
    assert all(limits.LIMITS[row["limit"]].default <= row["most"] for row in rows)
