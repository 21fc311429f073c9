"""Elastic IP addresses: allocated, changed and released. Binding has a module of its own."""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.account import RESOURCE_GROUP
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import (
    checked_description,
    checked_name,
)
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT
from ackgpu.emulator.vpc.eips import make_eip, remove_eip
from ackgpu.emulator.vpc.tags import TAGGING

MAX_MBPS = {"PayByBandwidth": 500, "PayByTraffic": 200}
DEFAULT_MBPS = 5


@PRODUCT.operation("AllocateEipAddress", writes=True)
def allocate_eip_address(call: Call) -> dict[str, Any]:
    """AllocateEipAddress: Available at once."""
    return _allocate(call)


@PRODUCT.operation("AllocateEipAddressPro", writes=True)
def allocate_eip_address_pro(call: Call) -> dict[str, Any]:
    """AllocateEipAddressPro: as AllocateEipAddress; no address can be requested by name."""
    if call.params.text("IpAddress") or call.params.text("InstanceId"):
        raise ApiError("ResourceNotFound.Ip", "The specified ip is not found.")
    return _allocate(call)


def _allocate(call: Call) -> dict[str, Any]:
    params = call.params
    charge_type = params.text("InternetChargeType", "PayByBandwidth")
    doc = make_eip(
        call,
        region=call.region,
        name=checked_name(call, "Name", "InvalidEipAddressName.Malformed"),
        bandwidth=_mbps(call, charge_type, DEFAULT_MBPS),
        tags=TAGGING.new_tags(call),
    )
    doc.body |= {
        "InternetChargeType": charge_type,
        "ChargeType": params.text("InstanceChargeType", "PostPaid"),
        "ISP": params.text("ISP", "BGP"),
        "Description": checked_description(call),
    }
    call.docs.put(doc)
    return {
        "AllocationId": doc.id,
        "EipAddress": doc.body["IpAddress"],
        "OrderId": 0,
        "ResourceGroupId": RESOURCE_GROUP,
    }


def _mbps(call: Call, charge_type: str, default: int) -> int:
    """The bandwidth, which travels as text; refuses with InvalidBandwidth.Malformed."""
    text = call.params.text("Bandwidth", str(default))
    most = MAX_MBPS.get(charge_type, 0)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ApiError("InvalidBandwidth.Malformed", "The specified Bandwidth is invalid.")
    return int(text)


def living_eip(call: Call) -> Doc:
    """The EIP that AllocationId names; refuses with InvalidAllocationId.NotFound (404)."""
    doc = call.alive("eip", call.params.required("AllocationId"))
    if doc is None:
        raise ApiError("InvalidAllocationId.NotFound", "Specified allocation ID is not found.", 404)
    return doc


def incorrect_status() -> ApiError:
    """The EIP is in a state that does not allow the operation."""
    return ApiError(
        "IncorrectEipStatus", "Current elastic IP status does not support this operation"
    )


@PRODUCT.operation("ModifyEipAddressAttribute", writes=True, idempotent_by_token=False)
def modify_eip_address_attribute(call: Call) -> None:
    """ModifyEipAddressAttribute: only what is supplied changes."""
    doc = living_eip(call)
    if call.state(doc) not in {"Available", "InUse"}:
        raise incorrect_status()
    mbps = _mbps(call, doc.body["InternetChargeType"], int(doc.body["Bandwidth"]))
    doc.body["Bandwidth"] = str(mbps)
    if call.params.text("Name"):
        doc.name = checked_name(call, "Name", "InvalidEipAddressName.Malformed")
    if "Description" in call.params:
        doc.body["Description"] = checked_description(call)
    call.docs.put(doc)


@PRODUCT.operation("ReleaseEipAddress", writes=True, idempotent_by_token=False)
def release_eip_address(call: Call) -> None:
    """ReleaseEipAddress: only a pay-as-you-go one that is Available and not protected."""
    doc = living_eip(call)
    if doc.body["ChargeType"] != "PostPaid":
        raise ApiError("Forbidden.ChargeTypeIsPrepaid", "It's forbidden to release a prepaid EIP")
    if doc.body["DeletionProtection"]:
        raise ApiError(
            "InvalidOperation.DeletionProtection",
            "The instance cannnot delete because of deletion protecion.",
        )
    if call.state(doc) != "Available":
        raise incorrect_status()
    remove_eip(call, doc)
