"""How an instance is paid for now: a conversion may be under way (doubt ``conversions``)."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.store import Doc

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
