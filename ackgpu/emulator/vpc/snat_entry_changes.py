"""SNAT entries: made, changed and removed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ackgpu.emulator.errors import ApiError, missing
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import checked_name
from ackgpu.emulator.shared.lifecycle import reached
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc import PRODUCT, durations
from ackgpu.emulator.vpc.forward_entries import forward_entries
from ackgpu.emulator.vpc.lifetimes import lasting, set_going
from ackgpu.emulator.vpc.snat_entries import (
    LIFECYCLE,
    gateway_of_table,
    remove_snat_entry,
    write_snat_entry,
)


@PRODUCT.operation("CreateSnatEntry", writes=True)
def create_snat_entry(call: Call) -> dict[str, Any]:
    """CreateSnatEntry: Pending for some seconds, then Available."""
    params = call.params
    gateway = gateway_of_table(call, params.required("SnatTableId"))
    _refuse_unready(call, gateway)
    source = _source(call, gateway)
    addresses = _checked_addresses(call, gateway, params.required("SnatIp"))
    _refuse_duplicate(call, gateway, source)
    name = checked_name(call, "SnatEntryName", "InvalidParameter.Name.Malformed")
    doc = write_snat_entry(call, gateway, source, addresses, call.now)
    doc.name = name
    doc.body["EipAffinity"] = params.text("EipAffinity", "0")
    call.docs.put(doc)
    call.end_dry_run()
    return {"SnatEntryId": doc.id}


def _refuse_unready(call: Call, gateway: Doc) -> None:
    if call.state(gateway) != "Available":
        raise ApiError("IncorrectStatus.NATGW", "NATGW status is invalid.")


def _source(call: Call, gateway: Doc) -> tuple[str, str]:
    """The entry's vSwitch (or empty) and CIDR block; exactly one of the two is given."""
    vswitch_id, cidr = call.params.text("SourceVSwitchId"), call.params.text("SourceCIDR")
    if vswitch_id and cidr:
        raise ApiError(
            "CreateSnatEntry.ParamExclusive.sourceVSwitchIdAndsourceCIDR",
            "SourceVSwitchId and SourceCIDR exclude each other.",
        )
    if vswitch_id:
        vswitch = call.alive("vswitch", vswitch_id)
        if vswitch is None:
            raise ApiError("InvalidVSwitchId.NotFound", "VSwitch not exist.", 404)
        if vswitch.scope != gateway.scope:
            raise ApiError(
                "OperationFailed.VSwitchNotInVpc",
                "The specified vswitch and natgateway are not in the same vpc.",
            )
        return vswitch_id, vswitch.body["CidrBlock"]
    if not cidr:
        raise missing("SourceVSwitchId")
    try:
        return "", str(IPv4Network(cidr))
    except ValueError:
        raise ApiError("InvalidSourceCIDR.Malformed", "SourceCIDR is illegal.") from None


def _checked_addresses(call: Call, gateway: Doc, text: str) -> str:
    """The addresses if every one is an EIP that the gateway knows, else a refusal.

    Field notes: the gateway knows an EIP only some seconds after AssociateEipAddress, first
    because it is Associating (OperationUnsupported.EipInBinding), then because the gateway has
    not heard of it (EIP_NOT_IN_GATEWAY).
    """
    bound = {
        eip.body["IpAddress"]: eip for eip in call.docs.find("eip", at=call.now, scope=gateway.id)
    }
    forwarded = {entry.body["ExternalIp"] for entry in forward_entries(call, gateway)}
    for address in text.split(","):
        _check_address(call, bound.get(address), address)
        if address in forwarded:
            raise ApiError(
                "Forbidden.IpUsedInForwardTable",
                "The specified SnatIp already used in forward table",
            )
    return text


def _check_address(call: Call, eip: Doc | None, address: str) -> None:
    try:
        IPv4Address(address)
    except ValueError:
        raise ApiError(
            "InvalidSnatIp.Malformed", "The specified SnatIp is not a valid IP address."
        ) from None
    if eip is None:
        raise ApiError(
            "InvalidSnatIp.NotFound", "Specified SnatIp does not found on the NAT Gateway", 404
        )
    if call.state(eip) == "Associating":
        raise ApiError(
            "OperationUnsupported.EipInBinding",
            "Create snat entry with eip in associating status is unsupported.",
        )
    in_use = _bound_since(eip, call.now)
    if in_use is not None and call.now < in_use + durations.EIP_GATEWAY_LAG:
        raise ApiError("EIP_NOT_IN_GATEWAY", "The Eip not in nat gateway")


def _bound_since(eip: Doc, now: float) -> float | None:
    """When the present binding was done; None for an EIP that was born bound."""
    past = [phase for phase in eip.body["phases"] if phase[0] <= now]
    associating = [at for at, state in past if state == "Associating"]
    return reached([p for p in past if p[0] >= associating[-1]], "InUse") if associating else None


def _refuse_duplicate(call: Call, gateway: Doc, source: tuple[str, str]) -> None:
    for entry in lasting(call, "snat", call.now, scope=gateway.body["SnatTableId"]):
        if source[0] and entry.body["SourceVSwitchId"] == source[0]:
            raise ApiError(
                "Forbidden.SourceVSwitchId.Duplicated", "The specified SourceCIDRis duplicated."
            )
        if entry.body["SourceCIDR"] == source[1]:
            raise ApiError(
                "OperationUnsupported.CidrConflict",
                "The specified CIDR block conflicts with an existing SNAT entry.",
            )


def _living_entry(call: Call) -> tuple[Doc, Doc]:
    """The gateway and the entry that the request names, which must be Available."""
    gateway = gateway_of_table(call, call.params.required("SnatTableId"))
    doc = call.alive("snat", call.params.required("SnatEntryId"))
    if doc is None or doc.scope != gateway.body["SnatTableId"]:
        raise ApiError("InvalidSnatEntryId.NotFound", "Specified SNAT entry does not exist.", 404)
    if call.state(doc) != "Available":
        raise ApiError(
            "IncorretSnatEntryStatus",
            "The Specified SnatEntry is not stable status, can not operation",
        )
    return gateway, doc


@PRODUCT.operation("ModifySnatEntry", writes=True)
def modify_snat_entry(call: Call) -> None:
    """ModifySnatEntry: Modifying for some seconds where something changes."""
    gateway, doc = _living_entry(call)
    _refuse_unready(call, gateway)
    if call.params.text("SnatEntryName"):
        doc.name = checked_name(call, "SnatEntryName", "InvalidParameter.Name.Malformed")
    addresses = call.params.text("SnatIp", doc.body["SnatIp"])
    affinity = call.params.text("EipAffinity", doc.body["EipAffinity"])
    if (addresses, affinity) != (doc.body["SnatIp"], doc.body["EipAffinity"]):
        doc.body |= {
            "SnatIp": _checked_addresses(call, gateway, addresses),
            "EipAffinity": affinity,
        }
        LIFECYCLE.enter(doc, call.now, (0, "Modifying"), (durations.SNAT_CHANGING, "Available"))
    set_going(call, doc)
    call.end_dry_run()


@PRODUCT.operation("DeleteSnatEntry", writes=True)
def delete_snat_entry(call: Call) -> None:
    """DeleteSnatEntry: Deleting for some seconds, then gone."""
    _, doc = _living_entry(call)
    remove_snat_entry(call, doc)
