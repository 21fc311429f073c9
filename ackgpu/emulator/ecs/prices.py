"""DescribePrice and DescribeSpotPriceHistory, over the illustrative prices of the catalogue."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT, stock
from ackgpu.emulator.ecs.instances import DEFAULT_DISK, check_system_disk
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.shared.fields import stamp

WEEKS_A_MONTH = 4
MONTHS_A_YEAR = 12
HOUR = 3600.0
SPOT_STRATEGIES = ("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo")
Detail = tuple[str, float]


@PRODUCT.operation("DescribePrice")
def describe_price(call: Call) -> dict[str, Any]:
    """DescribePrice of instances (with their disks and bandwidth), of a disk, or of bandwidth."""
    call.params.required("RegionId")
    resource = call.params.text("ResourceType", "instance")
    if resource == "instance":
        details = _instance(call)
    elif resource == "disk":
        details = _data_disks(call)
    elif resource == "bandwidth":
        details = _bandwidth(call)
    else:
        raise invalid("ResourceType", f"The price of {resource} is not emulated.")
    if not details:
        raise ApiError(
            "PriceNotFound",
            "The price of your queried resource is not available now, please try other resources.",
        )
    times = _periods(call) * call.params.integer("Amount", 1, low=1, high=1000)
    return {"PriceInfo": _price_info([(name, price * times) for name, price in details])}


def _instance(call: Call) -> list[Detail]:
    type_id = call.params.text("InstanceType")
    if not type_id:
        raise ApiError(
            "InvalidInstanceType.Missing",
            "The InstanceType parameter that is mandatory for processing the request is not"
            " provided.",
            404,
        )
    row = catalog.instance_type(type_id)
    price = catalog.hourly_price(type_id)
    if row is None or price is None:
        raise ApiError(
            "InvalidInstanceType.ValueNotSupported",
            "The specified InstanceType does not exist or beyond the permitted range.",
            403,
        )
    zones = catalog.zones(call.region)
    if not any(stock.shown(call, zone, type_id) for zone in zones):
        raise ApiError(
            "PriceNotFound",
            "The price of your queried resource is not available now, please try other resources.",
        )
    category = call.params.text("SystemDisk.Category", DEFAULT_DISK)
    size = call.params.integer("SystemDisk.Size", 40)
    check_system_disk(row, category, size)
    if _is_spot(call):
        price *= catalog.spot_share()
    return [
        ("instanceType", price),
        ("systemDisk", catalog.disk_price(category, size) or 0.0),
        *_data_disks(call),
        *_bandwidth(call),
    ]


def _is_spot(call: Call) -> bool:
    strategy = call.params.text("SpotStrategy", "NoSpot")
    if strategy not in SPOT_STRATEGIES:
        raise ApiError("InvalidSpotStrategy", "The specified SpotStrategy is not valid.")
    return strategy != "NoSpot"


def _data_disks(call: Call) -> list[Detail]:
    details = []
    for row in call.params.objects("DataDisk"):
        category = row.get("Category", DEFAULT_DISK)
        size = row.get("Size", "")
        price = catalog.disk_price(category, int(size)) if size.isdecimal() else None
        if price is None:
            raise ApiError(
                "InvalidDataDiskCategory.ValueNotSupported",
                'The specified parameter "DataDisk.n.Category" is not valid.',
            )
        details.append(("dataDisk", price))
    return details


def _bandwidth(call: Call) -> list[Detail]:
    """The price of fixed bandwidth; traffic is paid for by the gigabyte and shows nothing here."""
    mbps = call.params.integer("InternetMaxBandwidthOut", 0)
    fixed = call.params.text("InternetChargeType", "PayByTraffic") == "PayByBandwidth"
    return [("bandwidth", catalog.bandwidth_price(mbps))] if fixed and mbps else []


def _periods(call: Call) -> float:
    """How many hours' price the period costs."""
    unit = call.params.text("PriceUnit", "Hour")
    month = catalog.month_hours()
    hours = {
        "Hour": 1.0,
        "Week": month / WEEKS_A_MONTH,
        "Month": month,
        "Year": month * MONTHS_A_YEAR,
    }
    if unit not in hours:
        raise invalid("PriceUnit")
    return hours[unit] * call.params.integer("Period", 1, low=1)


def _price_info(details: list[Detail]) -> dict[str, Any]:
    total = round(sum(price for _, price in details), 4)
    rows = [
        {
            "Resource": name,
            "OriginalPrice": round(price, 4),
            "DiscountPrice": 0.0,
            "TradePrice": round(price, 4),
            "SubRules": {"Rule": []},
        }
        for name, price in details
    ]
    return {
        "Price": {
            "OriginalPrice": total,
            "DiscountPrice": 0.0,
            "TradePrice": total,
            "ReservedInstanceHourPrice": 0.0,
            "Currency": catalog.currency(),
            "DetailInfos": {"DetailInfo": rows},
        },
        "Rules": {"Rule": []},
        "RelatedPrice": {
            "MarketplaceImagePrice": {
                "Currency": "",
                "OriginalPrice": 0.0,
                "DiscountPrice": 0.0,
                "TradePrice": 0.0,
            }
        },
    }


@PRODUCT.operation("DescribeSpotPriceHistory")
def describe_spot_price_history(call: Call) -> dict[str, Any]:
    """DescribeSpotPriceHistory: one price an hour of the last day, the same every hour."""
    type_id = call.params.required("InstanceType")
    wanted = call.params.text("ZoneId")
    zones = [zone for zone in catalog.zones(call.region) if zone == (wanted or zone)]
    origin = catalog.hourly_price(type_id) or 0.0
    rows = [
        {
            "ZoneId": zone,
            "InstanceType": type_id,
            "IoOptimized": "optimized",
            "NetworkType": "vpc",
            "OriginPrice": origin,
            "SpotPrice": round(origin * catalog.spot_share(), 3),
            "Timestamp": stamp(call, call.now - hours * HOUR),
        }
        for zone in zones
        if stock.shown(call, zone, type_id)
        for hours in reversed(range(24))
    ]
    return {
        "Currency": catalog.currency(),
        "NextOffset": 0,
        "SpotPrices": {"SpotPriceType": rows},
    }
