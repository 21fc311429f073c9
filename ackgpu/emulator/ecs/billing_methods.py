"""How an instance is paid for: by use, by subscription, or at the spot price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, Params
from ackgpu.emulator.shared import catalog
from ackgpu.emulator.store import Doc

DAY = 86400.0
PERIODS = {
    "Month": (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60),
    "Week": (1, 2, 3, 4),
    "Year": (1, 2, 3, 4, 5),
}
"""The periods that a subscription may have (RunInstances, ModifyInstanceChargeType)."""
DAYS = {"Month": 30, "Week": 7, "Year": 365}


@dataclass(frozen=True)
class Charge:
    """``paid_until`` is in emulated seconds, None for what is paid for as it is used.

    ``hours`` is how many hours' price an order costs at once: 0 for pay-as-you-go.
    """

    charge_type: str
    spot_strategy: str = "NoSpot"
    spot_price_limit: float = 0.0
    paid_until: float | None = None
    hours: float = 0.0


def charge(call: Call) -> Charge:
    """What InstanceChargeType, Period, PeriodUnit and SpotStrategy ask for, checked."""
    params = call.params
    charge_type = params.text("InstanceChargeType", "PostPaid")
    strategy = params.text("SpotStrategy", "NoSpot")
    if charge_type not in {"PostPaid", "PrePaid"}:
        raise ApiError(
            "InvalidInstanceChargeType.NotFound",
            "The InstanceChargeType does not exist in our records",
            404,
        )
    if strategy not in {"NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"}:
        raise ApiError("InvalidSpotStrategy", "The specified SpotStrategy is not valid.")
    if charge_type == "PrePaid":
        if strategy != "NoSpot":
            raise ApiError(
                "InvalidSpotPrepaid", "The specified Spot type is not support PrePay Instance."
            )
        return subscription(call)
    return Charge(charge_type, strategy, _spot_limit(params, strategy))


def subscription(call: Call) -> Charge:
    """The subscription that Period and PeriodUnit ask for; refuses others with InvalidPeriod."""
    unit = call.params.text("PeriodUnit", "Month")
    if unit not in PERIODS:
        raise ApiError(
            "InvalidPeriodUnit.ValueNotSupported",
            "The specified parameter PeriodUnit is not valid.",
        )
    text = call.params.text("Period")
    if not text.isdecimal() or int(text) not in PERIODS[unit]:
        raise ApiError("InvalidPeriod", "The specified period is not valid.")
    days = DAYS[unit] * int(text)
    hours = catalog.month_hours() * days / DAYS["Month"]
    return Charge("PrePaid", paid_until=call.now + days * DAY, hours=hours)


def _spot_limit(params: Params, strategy: str) -> float:
    """The hourly price that a spot instance may cost at most; refuses one below the price."""
    if strategy != "SpotWithPriceLimit":
        return 0.0
    try:
        wanted = float(params.text("SpotPriceLimit", "0"))
    except ValueError:
        raise ApiError(
            "InvalidSpotPriceLimit", "The specified SpotPriceLimitis not valid."
        ) from None
    price = (catalog.hourly_price(params.text("InstanceType")) or 0.0) * catalog.spot_share()
    if wanted < price:
        raise ApiError(
            "InvalidSpotPriceLimit.LowerThanPublicPrice",
            'The specified parameter "spotPriceLimit" can\'t be lower than current public price.',
        )
    return wanted


def order(call: Call, docs: Sequence[Doc], terms: Charge) -> dict[str, Any]:
    """OrderId and TradePrice of the answer: the price of an hour, or of the subscription."""
    prices = [catalog.hourly_price(doc.body["InstanceType"]) or 0.0 for doc in docs]
    total = round(sum(prices) * (terms.hours or 1.0), 3)
    return {"OrderId": new_order_id(call), "TradePrice": total}


def new_order_id(call: Call) -> str:
    """A number of 15 digits."""
    return str(call.rng.randrange(10**14, 10**15))
