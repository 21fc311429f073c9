"""Regions, zones, types, stock and prices through the SDK."""

from __future__ import annotations

from typing import Any

import alibabacloud_ecs20140526.models as ecs_models
import pytest
from alibabacloud_ecs20140526.client import Client as EcsClient

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.shared import catalog
from tests.emulator.net.apis import REGION, Api

TYPE = "ecs.vgn5i-m2.xlarge"


def stock(ecs: Api, **query: Any) -> dict[str, dict[str, str]]:
    """{zone: {value: status category}} of an answer."""
    body = ecs("DescribeAvailableResource", **{"DestinationResource": "InstanceType"} | query)
    return {
        zone["ZoneId"]: {
            one["Value"]: one["StatusCategory"]
            for one in zone["AvailableResources"]["AvailableResource"][0]["SupportedResources"][
                "SupportedResource"
            ]
        }
        for zone in body["AvailableZones"]["AvailableZone"]
    }


def test_regions_and_their_zones_differ(ecs: Api):
    rows = ecs("DescribeRegions")["Regions"]["Region"]
    regions = {row["RegionId"] for row in rows}
    assert {"cn-hangzhou", "cn-shanghai", "ap-southeast-1"} <= regions
    zones = {}
    for region in ("cn-hangzhou", "ap-southeast-1"):
        body = ecs("DescribeZones", RegionId=region)
        zones[region] = [zone["ZoneId"] for zone in body["Zones"]["Zone"]]
    assert "cn-hangzhou-k" in zones["cn-hangzhou"]
    assert zones["ap-southeast-1"] == ["ap-southeast-1a", "ap-southeast-1b", "ap-southeast-1c"]


def test_a_scenario_narrows_the_regions(clock: ManualClock):
    scenario = {"regions": ["cn-hangzhou", "cn-beijing"]}
    with Emulator(clock=clock, seed=7, scenario=scenario) as emulator:
        ecs = Api(EcsClient, ecs_models, emulator)
        rows = ecs("DescribeRegions")["Regions"]["Region"]
        assert [row["RegionId"] for row in rows] == ["cn-hangzhou", "cn-beijing"]


def test_a_zone_names_what_it_sells(ecs: Api):
    zones = {z["ZoneId"]: z for z in ecs("DescribeZones")["Zones"]["Zone"]}
    assert TYPE in zones["cn-hangzhou-k"]["AvailableInstanceTypes"]["InstanceTypes"]
    assert TYPE not in zones["cn-hangzhou-b"]["AvailableInstanceTypes"]["InstanceTypes"]


def test_a_slice_is_one_gpu_with_the_memory_of_the_slice(ecs: Api):
    body = ecs("DescribeInstanceTypes", InstanceTypes=[TYPE])
    (row,) = body["InstanceTypes"]["InstanceType"]
    assert (row["GPUAmount"], row["GPUSpec"], row["GPUMemorySize"]) == (1, "NVIDIA P4*1/4", 2.0)
    assert (row["CpuCoreCount"], row["MemorySize"]) == (4, 12.0)
    assert (row["EniQuantity"], row["EniPrivateIpAddressQuantity"]) == (3, 10)
    assert row["InstanceTypeFamily"] == "ecs.vgn5i"


def test_types_come_in_pages_until_the_token_is_empty(ecs: Api):
    found, token, calls = [], "", 0
    while calls == 0 or token:
        body = ecs("DescribeInstanceTypes", MaxResults=10, NextToken=token)
        found += [row["InstanceTypeId"] for row in body["InstanceTypes"]["InstanceType"]]
        token, calls = body["NextToken"], calls + 1
    assert len(found) == len(set(found)) == len(catalog.instance_types())
    assert calls == -(-len(found) // 10)


@pytest.mark.parametrize(
    ("query", "families"),
    [
        ({"InstanceTypeFamily": "ecs.vgn5i"}, {"ecs.vgn5i"}),
        ({"InstanceTypeFamilies": ["ecs.g7", "ecs.c7"]}, {"ecs.g7", "ecs.c7"}),
        ({"GPUSpec": "P4"}, {"ecs.vgn5i"}),
        ({"GpuSpecs": ["NVIDIA T4"]}, {"ecs.gn6i", "ecs.vgn6i-vws"}),
        ({"MinimumGPUAmount": 2}, {"ecs.gn6i"}),
        ({"InstanceCategory": "General-purpose"}, {"ecs.g7"}),
        ({"CpuArchitecture": "ARM"}, set()),
        ({"MaximumMemorySize": 6.0}, {"ecs.vgn5i", "ecs.c7"}),
    ],
)
def test_types_are_filtered(ecs: Api, query: dict[str, Any], families: set[str]):
    body = ecs("DescribeInstanceTypes", **query)
    found = {row["InstanceTypeFamily"] for row in body["InstanceTypes"]["InstanceType"]}
    assert found == families


def test_more_than_ten_types_by_name_are_refused(ecs: Api):
    refusal = ecs.refusal("DescribeInstanceTypes", InstanceTypes=[f"ecs.x{n}" for n in range(11)])
    assert refusal == ("InvalidParameter", 400)


def test_families_are_listed_by_generation(ecs: Api):
    body = ecs("DescribeInstanceTypeFamilies", Generation="ecs-3")
    rows = body["InstanceTypeFamilies"]["InstanceTypeFamily"]
    assert rows == [{"InstanceTypeFamilyId": "ecs.vgn5i", "Generation": "ecs-3"}]


def test_stock_is_a_zones_own(ecs: Api):
    assert stock(ecs, InstanceType=TYPE) == {
        "cn-hangzhou-j": {TYPE: "ClosedWithStock"},
        "cn-hangzhou-k": {TYPE: "WithStock"},
    }
    assert stock(ecs, InstanceType=TYPE, RegionId="eu-central-1") == {}
    assert list(stock(ecs, InstanceType=TYPE, ZoneId="cn-hangzhou-k")) == ["cn-hangzhou-k"]


def test_a_type_that_is_sold_out_says_so(ecs: Api):
    body = ecs(
        "DescribeAvailableResource",
        RegionId="cn-beijing",
        DestinationResource="InstanceType",
        InstanceType=TYPE,
    )
    (zone,) = body["AvailableZones"]["AvailableZone"]
    assert (zone["Status"], zone["StatusCategory"]) == ("SoldOut", "WithoutStock")


def test_a_scenario_sets_the_stock_of_a_zone(clock: ManualClock):
    own = {"cn-hangzhou-k": {TYPE: "ClosedWithoutStock"}, "cn-hangzhou-b": {TYPE: "WithStock"}}
    with Emulator(clock=clock, seed=7, scenario={"stock": own}) as emulator:
        found = stock(Api(EcsClient, ecs_models, emulator), InstanceType=TYPE)
    assert found["cn-hangzhou-k"] == {TYPE: "ClosedWithoutStock"}
    assert found["cn-hangzhou-b"] == {TYPE: "WithStock"}


def test_a_stock_out_may_be_announced_or_come_as_a_surprise(clock: ManualClock):
    surprise = {"kind": "stock_out", "zone": "cn-hangzhou-k", "announced": False}
    plain = {"kind": "stock_out", "zone": "cn-hangzhou-j"}
    with Emulator(clock=clock, seed=7, faults={"faults": [surprise, plain]}) as emulator:
        found = stock(Api(EcsClient, ecs_models, emulator), InstanceType=TYPE)
    assert found["cn-hangzhou-k"] == {TYPE: "WithStock"}
    assert found["cn-hangzhou-j"] == {TYPE: "WithoutStock"}


def test_disks_are_asked_for_with_their_type(ecs: Api):
    found = stock(ecs, DestinationResource="SystemDisk", InstanceType=TYPE)
    assert set(found["cn-hangzhou-k"]) == {"cloud_ssd", "cloud_efficiency"}
    refusal = ecs.refusal("DescribeAvailableResource", DestinationResource="SystemDisk")
    assert refusal == ("Invalid.Param", 400)


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ({"DestinationResource": "Kitchen"}, "Invalid.DestinationResource", 404),
        (
            {"DestinationResource": "Zone", "InstanceChargeType": "Free"},
            "Invalid.InstanceChargeType",
            400,
        ),
        ({"DestinationResource": "Zone", "SpotStrategy": "Cheap"}, "Invalid.SpotStrategy", 404),
        (
            {"DestinationResource": "InstanceType", "InstanceType": TYPE, "Cores": 4},
            "InvalidParam.TypeAndCpuMem.Conflict",
            403,
        ),
    ],
)
def test_a_question_about_stock_is_refused(ecs: Api, query: dict[str, Any], code: str, status: int):
    assert ecs.refusal("DescribeAvailableResource", **query) == (code, status)


def test_types_are_found_by_their_size(ecs: Api):
    found = stock(ecs, Cores=4, Memory=12.0)
    assert found["cn-hangzhou-k"] == {TYPE: "WithStock"}


def test_a_zone_is_its_own_destination(ecs: Api):
    assert stock(ecs, DestinationResource="Zone")["cn-hangzhou-b"] == {"cn-hangzhou-b": "WithStock"}
    assert stock(ecs, DestinationResource="ddh") == {}


def price(ecs: Api, **query: Any) -> float:
    disk = {"SystemDisk": {"Category": "cloud_ssd", "Size": 40}}
    body = ecs("DescribePrice", **{"InstanceType": TYPE} | disk | query)
    assert body["PriceInfo"]["Price"]["Currency"] == "CNY"
    return float(body["PriceInfo"]["Price"]["TradePrice"])


def test_a_price_holds_the_instance_and_its_disk(ecs: Api):
    body = ecs(
        "DescribePrice",
        InstanceType=TYPE,
        SystemDisk={"Category": "cloud_ssd", "Size": 40},
        DataDisk=[{"Category": "cloud_ssd", "Size": 100}],
    )
    whole = body["PriceInfo"]["Price"]
    parts = {row["Resource"]: row["TradePrice"] for row in whole["DetailInfos"]["DetailInfo"]}
    assert set(parts) == {"instanceType", "systemDisk", "dataDisk"}
    assert whole["TradePrice"] == pytest.approx(sum(parts.values()))


def test_prices_follow_amount_period_and_spot(ecs: Api):
    hour = price(ecs)
    assert price(ecs, Amount=3) == pytest.approx(3 * hour)
    assert hour < price(ecs, PriceUnit="Month", Period=1) < 730 * hour
    assert price(ecs, SpotStrategy="SpotAsPriceGo") < hour / 2


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ({}, "InvalidInstanceType.Missing", 404),
        ({"InstanceType": "ecs.nothing"}, "InvalidInstanceType.ValueNotSupported", 403),
        ({"InstanceType": TYPE, "RegionId": "eu-central-1"}, "PriceNotFound", 400),
        # The category that ECS takes by default does not fit this family.
        (
            {"InstanceType": "ecs.sgn8ia-m2.xlarge"},
            "InvalidSystemDiskCategory.ValueNotSupported",
            400,
        ),
        ({"InstanceType": TYPE, "SpotStrategy": "Cheap"}, "InvalidSpotStrategy", 400),
        ({"InstanceType": TYPE, "PriceUnit": "Century"}, "InvalidParameter", 400),
    ],
)
def test_a_price_is_refused(ecs: Api, query: dict[str, Any], code: str, status: int):
    assert ecs.refusal("DescribePrice", **query) == (code, status)


def test_the_price_of_a_disk_alone(ecs: Api):
    body = ecs(
        "DescribePrice", ResourceType="disk", DataDisk=[{"Category": "cloud_essd", "Size": 100}]
    )
    assert body["PriceInfo"]["Price"]["TradePrice"] == pytest.approx(0.14)


def test_spot_prices_of_the_last_day_by_zone(ecs: Api):
    body = ecs("DescribeSpotPriceHistory", InstanceType=TYPE, NetworkType="vpc")
    rows = body["SpotPrices"]["SpotPriceType"]
    assert {row["ZoneId"] for row in rows} == {"cn-hangzhou-j", "cn-hangzhou-k"}
    assert rows[-1]["Timestamp"] == "2026-11-24T00:00:00Z"
    assert 0 < rows[0]["SpotPrice"] < rows[0]["OriginPrice"]


def test_images_are_the_public_ones(ecs: Api):
    body = ecs("DescribeImages", ImageFamily="acs:ubuntu_22_04_x64")
    (row,) = body["Images"]["Image"]
    assert row["ImageOwnerAlias"] == "system"
    assert ecs("DescribeImages", ImageOwnerAlias="self")["TotalCount"] == 0


def test_every_type_has_a_family_that_is_sold_somewhere_and_a_price():
    zones = [zone for region in catalog.regions() for zone in region["zones"]]
    for row in catalog.instance_types():
        assert any(catalog.stock(zone, row["id"]) for zone in zones), row["id"]
        assert catalog.hourly_price(row["id"]), row["id"]
        assert all(catalog.disk_price(one, 1) for one in row["disks"]), row["id"]


def test_all_29_vgpu_types_are_in_the_catalogue():
    slices = [row for row in catalog.instance_types() if catalog.is_vgpu(row)]
    assert len(slices) == 29
    assert {row["gpu_amount"] for row in slices} == {1}


def test_every_zone_of_the_stock_table_exists():
    assert catalog.region_of("cn-hangzhou-k") == REGION
    assert catalog.region_of("nowhere-a") == ""
    assert catalog.stock("cn-hangzhou-k", "ecs.nothing") is None
