"""How an instance is paid for: by use, by subscription, or at the spot price; and how now.

A conversion from one to another may be under way (doubt ``conversions``).
"""

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


TAKES = 30.0
"""Emulated seconds until an asynchronous conversion shows."""
CONVERSION = "Conversion"


def charge_type(call: Call, doc: Doc) -> str:
    """PostPaid or PrePaid, as it holds now."""
    return str(_paying(call, doc)["InstanceChargeType"])


def paid_until(call: Call, doc: Doc) -> float | None:
    """When what is paid for ends; None for an instance that is paid by use."""
    until = _paying(call, doc)["PaidUntil"]
    return None if until is None else float(until)


def convert(call: Call, doc: Doc, charge: str, until: float | None) -> None:
    """Begin to pay otherwise: by use half a minute later (seen live), by subscription as read."""
    doc.body |= _paying(call, doc)
    after = {"InstanceChargeType": charge, "PaidUntil": until}
    if charge == "PrePaid" and call.doubt("conversions") == "immediate":
        doc.body |= after
    else:
        doc.body[CONVERSION] = after | {"at": call.now + TAKES}


def pay_until(call: Call, doc: Doc, until: float) -> None:
    """Move the end of a subscription, of which no conversion is under way."""
    doc.body |= _paying(call, doc)
    doc.body.pop(CONVERSION, None)
    doc.body["PaidUntil"] = until
    call.docs.put(doc)


def refuse_converting(call: Call, doc: Doc) -> None:
    """Refuse what cannot be done while a conversion is under way (seen by the vendor's CLI)."""
    if call.now < doc.body.get(CONVERSION, {}).get("at", 0.0):
        raise ApiError("LastTokenProcessing", "The last token request is processing.", 403)


def refuse_unless(call: Call, doc: Doc, wanted: str) -> None:
    """Refuse with ChargeTypeViolation (403) what is only for PostPaid, or only for PrePaid."""
    if charge_type(call, doc) != wanted:
        raise ApiError(
            "ChargeTypeViolation",
            "The operation is not permitted due to charge type of the instance.",
            403,
        )


def _paying(call: Call, doc: Doc) -> dict[str, Any]:
    under_way = doc.body.get(CONVERSION)
    source = under_way if under_way and under_way["at"] <= call.now else doc.body
    return {key: source[key] for key in ("InstanceChargeType", "PaidUntil")}
