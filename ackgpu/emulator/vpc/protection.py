"""DeletionProtection of NAT gateways and EIPs."""

from __future__ import annotations

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.vpc import PRODUCT

KINDS = {"NATGW": "natgateway", "EIP": "eip"}


@PRODUCT.operation("DeletionProtection", writes=True)
def deletion_protection(call: Call) -> None:
    """DeletionProtection: setting what is set already is refused, as its codes say.

    UNCONFIRMED for clearing what is not set; here it changes nothing and is no error.
    """
    kind = KINDS.get(call.params.required("Type"))
    if kind is None:
        raise ApiError("DeletionProtection.TypeNotSupport", "The resource is not support.")
    doc = call.alive(kind, call.params.required("InstanceId"))
    if doc is None:
        raise ApiError("DeletionProtection.ResourceNotExist", "The resource is not exist.")
    call.params.required("ProtectionEnable")
    wanted = call.params.boolean("ProtectionEnable")
    if wanted and doc.body["DeletionProtection"]:
        raise ApiError(
            "DeletionProtection.AlreadyEnabled",
            "The resource deletion protection is already enabled.",
        )
    if wanted and doc.body.get("ChargeType", "PostPaid") != "PostPaid":
        raise ApiError(
            "DeletionProtection.PrePaidNotSupport", "The prepaid resource is not support."
        )
    doc.body["DeletionProtection"] = wanted
    call.docs.put(doc)
