"""Subscriptions renewed: by hand, or by themselves."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.ecs import PRODUCT, billing_methods
from ackgpu.emulator.ecs.instance_reads import instance
from ackgpu.emulator.ecs.instances import KIND
from ackgpu.emulator.errors import ApiError, invalid
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.store import Doc

STATES = frozenset({"AutoRenewal", "Normal", "NotRenewal"})
DURATIONS = {"Week": (1, 2, 3), "Month": (1, 2, 3, 6, 12, 24, 36, 48, 60), "Year": (1, 2, 3, 5)}
"""How long an automatic renewal may be for (ModifyInstanceAutoRenewAttribute)."""
PLAIN: dict[str, Any] = {"RenewalStatus": "Normal", "Duration": 0, "PeriodUnit": "Month"}


def _subscription(call: Call, instance_id: str) -> Doc:
    doc = instance(call, instance_id)
    billing_methods.refuse_unless(call, doc, "PrePaid")
    return doc


@PRODUCT.operation("RenewInstance", writes=True)
def renew_instance(call: Call) -> dict[str, Any]:
    """RenewInstance: a subscription goes on for the period from its end on."""
    doc = _subscription(call, call.params.required("InstanceId"))
    billing_methods.refuse_converting(call, doc)
    period = billing_methods.subscription(call).paid_until
    until = billing_methods.paid_until(call, doc)
    if period is not None and until is not None:
        billing_methods.pay_until(call, doc, until + period - call.now)
    return {"OrderId": billing_methods.new_order_id(call)}


@PRODUCT.operation("ModifyInstanceAutoRenewAttribute", writes=True)
def modify_instance_auto_renew_attribute(call: Call) -> None:
    """ModifyInstanceAutoRenewAttribute: of one subscription or several, in one parameter."""
    params = call.params
    status = params.text("RenewalStatus")
    if not status:
        status = "AutoRenewal" if params.boolean("AutoRenew") else "Normal"
    if status not in STATES:
        raise invalid("RenewalStatus")
    wanted = renewal(call, status, "Duration")
    for one in params.required("InstanceId").split(","):
        doc = _subscription(call, one)
        doc.body["Renewal"] = wanted
        call.docs.put(doc)


def renewal(call: Call, status: str, duration: str) -> dict[str, Any]:
    """How a subscription goes on; for how long it renews itself is in the parameter ``duration``.

    Raises InvalidAutoRenewPeriod.ValueNotSupported where the unit does not have that number.
    """
    if status != "AutoRenewal":
        return PLAIN | {"RenewalStatus": status}
    unit = call.params.text("PeriodUnit", "Month")
    number = call.params.integer(duration, 1)
    if number not in DURATIONS.get(unit, ()):
        raise ApiError(
            "InvalidAutoRenewPeriod.ValueNotSupported", "The specified autoRenewPeriod is invalid."
        )
    return {"RenewalStatus": status, "Duration": number, "PeriodUnit": unit}


@PRODUCT.operation("DescribeInstanceAutoRenewAttribute")
def describe_instance_auto_renew_attribute(call: Call) -> dict[str, Any]:
    """DescribeInstanceAutoRenewAttribute: of the subscriptions named, or of all."""
    params = call.params
    ids = params.comma_list("InstanceId")
    docs = [_subscription(call, one) for one in ids] if ids else _subscriptions(call)
    wanted = params.text("RenewalStatus")
    rows = [_shown(doc) for doc in docs if not wanted or _shown(doc)["RenewalStatus"] == wanted]
    some, numbers = page_of(call, rows, most=100)
    return {"InstanceRenewAttributes": {"InstanceRenewAttribute": some}, **numbers}


def _subscriptions(call: Call) -> list[Doc]:
    return [doc for doc in call.all(KIND) if billing_methods.charge_type(call, doc) == "PrePaid"]


def _shown(doc: Doc) -> dict[str, Any]:
    own = PLAIN | doc.body.get("Renewal", {})
    by_itself = own["RenewalStatus"] == "AutoRenewal"
    return {"InstanceId": doc.id, "AutoRenewEnabled": by_itself, **own}
