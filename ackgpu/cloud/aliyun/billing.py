"""Prices of what is paid by use: BssOpenApi 2017-12-14, GetPayAsYouGoPrice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.rows import amount
from ackgpu.cloud.api.billing import PaidByUse
from ackgpu.cloud.api.compute import Price

_ACTION = "GetPayAsYouGoPrice"


class Module(NamedTuple):
    """A module that is paid for: its code, its value, and by what it is paid."""

    code: str
    value: str
    by: str = "Hour"


_ASKED: Mapping[PaidByUse, tuple[str, tuple[Module, ...]]] = {
    # Help pages on asking for the pay-as-you-go prices of SLB and EIP. ACK makes the API server's
    # CLB of this size (UNCONFIRMED where CLBs are paid by LCU).
    "SLB": (
        "slb",
        (
            Module("LoadBalancerSpec", "slb.s1.small"),
            Module("InternetTrafficOut", "1", "Usage"),
            Module("InstanceRent", "1"),
        ),
    ),
    "EIP": (
        "eip",
        (
            Module("Bandwidth", "1024", "Day"),
            Module("InternetChargeType", "1", "Usage"),
            Module("ISP", "BGP"),
        ),
    ),
    # The module of a NAT gateway is published nowhere: UNCONFIRMED. Refused, the price is unknown.
    "NAT": ("nat_gw", (Module("InstanceRent", "1"),)),
}


class AliyunBilling:
    """:class:`~ackgpu.cloud.api.BillingApi` over the billing API."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def hourly_price(self, what: PaidByUse) -> Price:
        """What one costs an hour: its modules that are paid by the hour.

        Traffic and LCUs depend on use; what is paid by the day is not paid besides traffic.
        """
        product, modules = _ASKED[what]
        name = f"{_ACTION}RequestModuleList"
        try:
            body = self._calls.read(
                _ACTION,
                product_code=product,
                subscription_type="PayAsYouGo",
                region=self._calls.region,
                module_list=[
                    self._calls.model(
                        name, module_code=m.code, config=f"{m.code}:{m.value}", price_type=m.by
                    )
                    for m in modules
                ],
            )
        except ModuleNotFoundError:  # an installation from before the billing API was asked
            return Price(None, "", "alibabacloud-bssopenapi20171214 is not installed")
        return _hourly(body.data, {m.code for m in modules if m.by == "Hour"})


def _hourly(data: Any, wanted: set[str]) -> Price:
    details = getattr(data, "module_details", None)
    rows = getattr(details, "module_detail", None) or []
    found = {row.module_code: amount(row.cost_after_discount) for row in rows}
    costs = [found.get(code) for code in wanted]
    currency = getattr(data, "currency", None) or ""
    if any(cost is None for cost in costs):
        return Price(None, currency, f"{_ACTION} told no price")
    return Price(round(sum(cost or 0.0 for cost in costs), 4), currency, _ACTION)
