"""Prices of what is paid by use. They are illustrative.

Modules of CLB and EIP as the help pages on asking for their pay-as-you-go prices have them; those
of the NAT gateway are published nowhere: a doubt, ``nat_price``.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.bss import PRODUCT
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.tables import table


@PRODUCT.operation("GetPayAsYouGoPrice")
def get_pay_as_you_go_price(call: Call) -> dict[str, Any]:
    """GetPayAsYouGoPrice: the price of each module of a product that is paid by use."""
    product = call.params.required("ProductCode")
    if call.params.required("SubscriptionType") != "PayAsYouGo":
        raise ApiError("InvalidParameter", "SubscriptionType has to be PayAsYouGo.")
    known = table("bss")["prices"].get(product)
    if known is None:
        raise ApiError("NotApplicable", "This API is not applicable for caller.")
    if product == "nat_gw" and call.doubt("nat_price") == "refused":
        known = {}
    details = [_detail(known, row) for row in call.params.objects("ModuleList")]
    if not details:
        raise ApiError("MissingParameter", "ModuleList is mandatory for this action.")
    return {
        "Code": "Success",
        "Message": "Successful",
        "Success": True,
        "Data": {
            "Currency": table("bss")["currency"],
            "ModuleDetails": {"ModuleDetail": details},
            "PromotionDetails": {"PromotionDetail": []},
        },
    }


def _detail(known: dict[str, float], row: dict[str, str]) -> dict[str, Any]:
    code, config = row.get("ModuleCode", ""), row.get("Config", "")
    if code not in known or not config.startswith(f"{code}:"):
        raise ApiError("InvalidParameter", f"The module {code} or its Config is not valid.")
    price = known[code]
    return {
        "ModuleCode": code,
        "OriginalCost": price,
        "InvoiceDiscount": 0,
        "CostAfterDiscount": price,
        "UnitPrice": 0,
    }
